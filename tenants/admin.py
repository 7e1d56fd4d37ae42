"""What staff see on the platform's own host. No tenant table is registered here."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from tenants.models import Domain, FeatureSwitch, StaffUser, Tenant

admin.site.site_header = "Cost Insights staff"
admin.site.site_title = "Cost Insights"
admin.site.index_title = "Platform"


class DomainInline(admin.TabularInline[Domain, Tenant]):
    model = Domain
    extra = 0


@admin.register(Tenant)
class TenantAdmin(admin.ModelAdmin[Tenant]):
    list_display = (
        "name",
        "slug",
        "plan",
        "status",
        "created_at",
    )
    list_filter = (
        "plan",
        "status",
    )
    search_fields = (
        "name",
        "slug",
        "domains__domain",
    )
    readonly_fields = (
        "slug",
        "schema_name",
        "database_role",
        "created_at",
    )
    inlines = (DomainInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a tenant is provisioned by create_tenant, never by a bare row

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # removing the row alone would leave the schema behind


@admin.register(FeatureSwitch)
class FeatureSwitchAdmin(admin.ModelAdmin[FeatureSwitch]):
    list_display = (
        "name",
        "active",
        "community",
        "saas",
        "enterprise",
    )
    list_editable = (
        "active",
        "community",
        "saas",
        "enterprise",
    )
    readonly_fields = (
        "name",
        "created",
        "modified",
    )
    fields = (
        "name",
        "active",
        "community",
        "saas",
        "enterprise",
        "note",
        "created",
        "modified",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a feature exists when code asks for it: tenants.features.Feature

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(StaffUser)
class StaffUserAdmin(UserAdmin[StaffUser]):
    ordering = ("email",)
    list_display = ("email", "name", "is_active", "is_superuser")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "name")
    readonly_fields = ("last_login", "created_at")
    fieldsets = (
        (None, {"fields": ("email", "password", "name")}),
        (
            "Rights",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        ("Dates", {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "name", "password1", "password2")}),
    )
