"""What plans include, and what tenants used of it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat

from tenants.admin.base import ReadOnlyAdmin, StaffAdmin, ago, column
from tenants.models import PlanLimits, TenantUsage


@admin.register(PlanLimits)
class PlanLimitsAdmin(StaffAdmin):
    """One row per plan. An empty limit is no limit; a lower one refuses what is new and deletes nothing."""

    list_display = (
        "plan",
        "clusters",
        "workloads",
        "members",
        "api_calls_per_day",
        "storage",
        "retention_days",
    )
    ordering = ("pk",)
    readonly_fields = ("plan",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # migrate_schemas makes a row for each plan

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @column(description="storage", ordering="storage_bytes")
    def storage(self, row: PlanLimits) -> str:
        return "no limit" if row.storage_bytes is None else filesizeformat(row.storage_bytes)


@admin.register(TenantUsage)
class TenantUsageAdmin(ReadOnlyAdmin):
    """Counts per tenant and UTC day, measured by a job. A dash is not measured, which is not zero."""

    list_display = (
        "tenant",
        "day",
        "clusters",
        "failing",
        "workloads",
        "members",
        "api_calls",
        "storage",
        "last_data",
    )
    list_filter = ("tenant__plan", "day")
    search_fields = ("tenant__name", "tenant__slug")
    list_select_related = ("tenant",)
    date_hierarchy = "day"
    ordering = ("-day", "tenant__slug")

    @column(description="failing clusters", ordering="clusters_failing")
    def failing(self, row: TenantUsage) -> int | None:
        return row.clusters_failing

    @column(description="storage", ordering="storage_bytes")
    def storage(self, row: TenantUsage) -> str | None:
        return None if row.storage_bytes is None else filesizeformat(row.storage_bytes)

    @column(description="last data", ordering="last_data_at")
    def last_data(self, row: TenantUsage) -> str:
        return ago(row.last_data_at)
