"""The first page: what needs somebody's attention, counted from the public schema."""

import datetime as dt
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from tenants.models import (
    GrantState,
    JobFailure,
    Plan,
    SignUp,
    SupportGrant,
    Tenant,
    TenantStatus,
    TenantUsage,
)

TRIALS_WITHIN = dt.timedelta(days=14)
FAILED_WITHIN = dt.timedelta(hours=24)
LONGEST_LIST = 8


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The dashboard's variables (django-unfold's DASHBOARD_CALLBACK)."""
    now = timezone.now()
    return {
        **context,
        "title": "Dashboard",
        "figures": _figures(now),
        "plans": _plans(),
        "trials": Tenant.objects.filter(
            trial_ends_at__gt=now, trial_ends_at__lte=now + TRIALS_WITHIN
        ).order_by("trial_ends_at")[:LONGEST_LIST],
        "failing": _failing(now),
        "failures": JobFailure.objects.filter(
            failed_at__gt=now - FAILED_WITHIN, retried_at=None, dismissed_at=None
        ).select_related("tenant")[:LONGEST_LIST],
        "grants": SupportGrant.objects.filter(
            state=GrantState.APPROVED, expires_at__gt=now
        ).select_related("tenant", "staff")[:LONGEST_LIST],
    }


def _figures(now: dt.datetime) -> list[dict[str, Any]]:
    tenants = Tenant.objects.aggregate(
        active=Count("pk", filter=Q(status=TenantStatus.ACTIVE)),
        suspended=Count("pk", filter=Q(status=TenantStatus.SUSPENDED)),
        deleting=Count("pk", filter=Q(status=TenantStatus.DELETING)),
        trials=Count("pk", filter=Q(trial_ends_at__gt=now, trial_ends_at__lte=now + TRIALS_WITHIN)),
    )
    failed = JobFailure.objects.filter(
        failed_at__gt=now - FAILED_WITHIN, retried_at=None, dismissed_at=None
    ).count()
    waiting = SignUp.objects.filter(completed_at=None, expires_at__gt=now).count()
    in_force = SupportGrant.objects.filter(state=GrantState.APPROVED, expires_at__gt=now).count()
    others = [f"{tenants[word]} {word}" for word in ("suspended", "deleting") if tenants[word]]
    return [
        _figure("Active tenants", tenants["active"], ", ".join(others), "tenant"),
        _figure("Trials ending", tenants["trials"], "within 14 days", "tenant"),
        _figure("Failing clusters", _failing_clusters(now), "as last measured", "tenantusage"),
        _figure("Failed jobs", failed, "open, of 24 hours", "jobfailure"),
        _figure("Sign-ups waiting", waiting, "for their confirmation", "signup"),
        _figure("Support grants", in_force, "in force now", "supportgrant"),
    ]


def _figure(name: str, value: int | None, note: str, model: str) -> dict[str, Any]:
    return {
        "name": name,
        "value": "—" if value is None else f"{value:,}",
        "note": note,
        "url": reverse(f"admin:tenants_{model}_changelist"),
    }


def _newest_usage(now: dt.datetime) -> Any:
    """Each tenant's newest measurement of the last two days."""
    return (
        TenantUsage.objects.filter(day__gte=now.date() - dt.timedelta(days=1))
        .order_by("tenant_id", "-day")
        .distinct("tenant_id")
    )


def _failing_clusters(now: dt.datetime) -> int | None:
    """Over all tenants; None while nothing was measured."""
    measured = [
        row.clusters_failing for row in _newest_usage(now) if row.clusters_failing is not None
    ]
    return sum(measured) if measured else None


def _failing(now: dt.datetime) -> list[TenantUsage]:
    rows = [row for row in _newest_usage(now).select_related("tenant") if row.clusters_failing]
    return sorted(rows, key=lambda row: row.clusters_failing, reverse=True)[:LONGEST_LIST]


def _plans() -> list[dict[str, Any]]:
    """Tenants by plan and status, every combination."""
    counted = {
        (row["plan"], row["status"]): row["number"]
        for row in Tenant.objects.values("plan", "status").annotate(number=Count("pk")).order_by()
    }
    return [
        {
            "plan": plan.label,
            "counts": [counted.get((plan.value, status.value), 0) for status in TenantStatus],
            "total": sum(counted.get((plan.value, status.value), 0) for status in TenantStatus),
        }
        for plan in Plan
    ]
