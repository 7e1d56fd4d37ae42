"""Counts what a tenant uses and keeps the numbers, and nothing but numbers, with the platform."""

import datetime as dt
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Greatest

from costinsights.accounts.models import User
from costinsights.core.api.quota import calls_on
from costinsights.core.tenancy import current_tenant, public_context
from costinsights.costs.history.extent import stored_extent
from costinsights.costs.models import Cluster
from tenants.models import TenantUsage
from tenants.models.standing import forget_tenant

KEPT_FOR = dt.timedelta(days=400)

# Tables with their indexes and long values, as they lie on disk.
_STORAGE = """
    SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'm')
"""


def measure_usage(*, at: dt.datetime) -> TenantUsage:
    """Measure the tenant of now and keep it as the usage of the UTC day of `at`.

    Measured again on the same day, the row is refreshed. Calls of the API are counted in Redis, which may
    forget: a smaller number never replaces a greater one. What nobody counts yet stays unknown.
    """
    tenant_id, today = current_tenant().pk, at.date()
    measured = _counts()
    calls = {day: calls_on(day) for day in (today, today - dt.timedelta(days=1))}
    with public_context(), transaction.atomic():
        usage, _ = TenantUsage.objects.update_or_create(
            tenant_id=tenant_id, day=today, defaults={**measured, "measured_at": at}
        )
        rows = TenantUsage.objects.filter(tenant_id=tenant_id)
        for day, count in calls.items():
            rows.filter(day=day).update(api_calls=Greatest(F("api_calls"), Value(count)))
        rows.filter(day__lt=today - KEPT_FOR).delete()
        usage.refresh_from_db()
    forget_tenant(
        tenant_id
    )  # for the rest of this request; the row's signal does it after the commit
    return usage


def _counts() -> dict[str, Any]:
    clusters = Cluster.objects.real()
    stored = stored_extent(list(clusters))
    return {
        "clusters": clusters.count(),
        "clusters_failing": clusters.exclude(last_error_code="").count(),
        "workloads": stored.workloads,
        "oldest_stored_day": stored.oldest_day,
        "members": User.objects.filter(is_active=True).count(),
        "storage_bytes": _storage_bytes(),
        "last_data_at": clusters.aggregate(at=Max("last_ok_at"))["at"],
    }


def _storage_bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_STORAGE)
        return int(cursor.fetchone()[0])
