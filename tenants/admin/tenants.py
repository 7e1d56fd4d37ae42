"""The list of tenants and the page of one, from rows of the public schema only."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from costinsights.core.tenancy import absolute_url
from tenants.admin.base import ReadOnlyAdmin, ago, column, page, require, row_or_404
from tenants.admin.tenant_forms import CreateTenant
from tenants.limits import LimitKind, usage_lines, usage_of
from tenants.models import JobFailure, Plan, Tenant, TenantStatus, TenantUsage
from tenants.models.standing import forget_tenant

OPEN_FAILURES = Q(job_failures__retried_at=None, job_failures__dismissed_at=None) & ~Q(
    job_failures__pk=None
)
_LIMIT_NAMES = {
    LimitKind.CLUSTERS: "Clusters",
    LimitKind.WORKLOADS: "Workloads",
    LimitKind.MEMBERS: "Members",
    LimitKind.API_CALLS_PER_DAY: "API calls today",
    LimitKind.STORAGE_BYTES: "Storage",
}


@admin.register(Tenant)
class TenantAdmin(ReadOnlyAdmin):
    """A tenant is changed by services, on pages of their own; its row is never saved from a form."""

    list_display = (
        "name",
        "slug",
        "plan_shown",
        "status_shown",
        "trial",
        "health",
        "last_data",
        "failures",
        "created_at",
    )
    list_filter = ("plan", "status", "trial_plan", "created_at")
    search_fields = ("name", "slug", "domains__domain")
    ordering = ("slug",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("tenants.add_tenant"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        newest = TenantUsage.objects.filter(tenant=OuterRef("pk")).order_by("-day")
        found: QuerySet[Tenant] = super().get_queryset(request)
        annotated: QuerySet[Tenant] = found.annotate(
            open_failures=Count("job_failures", filter=OPEN_FAILURES, distinct=True),
            clusters_now=Subquery(newest.values("clusters")[:1]),
            clusters_failing_now=Subquery(newest.values("clusters_failing")[:1]),
            last_data_now=Subquery(newest.values("last_data_at")[:1]),
        )
        return annotated

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return CreateTenant.as_view(site=self.admin_site)(request)  # type: ignore[return-value]  # a template response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        require(request, "tenants.view_tenant")
        tenant = row_or_404(Tenant, object_id if object_id.isdigit() else 0)
        return page(self.admin_site, request, "admin/staff/tenant.html", _facts(request, tenant))

    @column(description="plan", ordering="plan", label={"Enterprise": "primary", "SaaS": "info"})
    def plan_shown(self, row: Tenant) -> str:
        return row.get_plan_display()  # type: ignore[no-any-return]  # the mixin is untyped

    @column(
        description="status",
        ordering="status",
        label={"Active": "success", "Suspended": "warning", "Being deleted": "danger"},
    )
    def status_shown(self, row: Tenant) -> str:
        return row.get_status_display()  # type: ignore[no-any-return]  # as above

    @column(description="trial", ordering="trial_ends_at")
    def trial(self, row: Tenant) -> str:
        plan = row.trial_at(timezone.now())
        return f"{plan.label} until {row.trial_ends_at:%d %b}" if plan else "—"

    @column(description="clusters", ordering="clusters_failing_now")
    def health(self, row: Any) -> str:
        return clusters_text(row.clusters_now, row.clusters_failing_now)

    @column(description="last data", ordering="last_data_now")
    def last_data(self, row: Any) -> str:
        return ago(row.last_data_now)

    @column(description="failed jobs", ordering="open_failures")
    def failures(self, row: Any) -> int:
        return int(row.open_failures)


def clusters_text(clusters: int | None, failing: int | None) -> str:
    """`3, 1 failing`; a dash when nothing was measured."""
    if clusters is None:
        return "—"
    return f"{clusters}, {failing} failing" if failing else str(clusters)


def _facts(request: HttpRequest, tenant: Tenant) -> dict[str, Any]:
    """Everything the page of one tenant shows."""
    now = timezone.now()
    forget_tenant(tenant.pk)  # staff look at what is, not at what was a minute ago
    usage = usage_of(tenant)
    failures = JobFailure.objects.filter(tenant=tenant, retried_at=None, dismissed_at=None)
    user: Any = request.user
    return {
        "title": tenant.name,
        "opts": Tenant._meta,
        "original": tenant,
        "tenant_row": tenant,
        "address": absolute_url(tenant, "/"),
        "domains": tenant.domains.order_by("-is_primary", "domain"),
        "plan_now": tenant.plan_at(now).label,
        "trial": tenant.trial_at(now),
        "can_try": Plan(tenant.plan) is not list(Plan)[-1],
        "ended_plans": tenant.ended_plans(now),
        "usage": usage,
        "usage_age": ago(usage.measured_at) if usage else "",
        "last_data": ago(usage.last_data_at) if usage else "—",
        "clusters": clusters_text(usage.clusters, usage.clusters_failing) if usage else "—",
        "lines": [_line(line) for line in usage_lines(tenant, now)],
        "overrides": tenant.feature_overrides.select_related("switch", "actor"),
        "grants": tenant.support_grants.select_related("staff")[:5],
        "failures": failures.order_by("-failed_at")[:5],
        "failures_count": failures.count(),
        "is_deleting": tenant.status == TenantStatus.DELETING,
        "may_change": user.has_perm("tenants.change_tenant"),
        "may_delete": user.has_perm("tenants.delete_tenant"),
        "may_override": user.has_perm("tenants.add_featureoverride"),
        "now": now,
    }


def _line(line: Any) -> dict[str, Any]:
    in_bytes = line.kind is LimitKind.STORAGE_BYTES

    def shown(value: int | None, absent: str) -> str:
        if value is None:
            return absent
        return filesizeformat(value) if in_bytes else f"{value:,}"

    return {
        "name": _LIMIT_NAMES[line.kind],
        "used": shown(line.used, "not measured"),
        "limit": shown(line.limit, "no limit"),
        "percent": line.percent,
        "state": line.state,
    }
