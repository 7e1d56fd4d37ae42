"""What a plan includes of everything that is counted, and the refusal when it is used up."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.db import connection
from django.utils import timezone

from costinsights.core.errors import ApplicationError
from costinsights.core.tenancy import TenantLike, on_public_schema, tenant_connection
from tenants.features import plan_now
from tenants.models import Plan, PlanLimits, Tenant, TenantUsage
from tenants.models.standing import of_row, standing_of

GIGABYTE = 1_000_000_000
MEGABYTE = 1_000_000
NEARLY_PERCENT = 80  # from here on the tenant is told

# The number of the advisory lock that "one more of a kind" waits for, beside the tenant's id.
_LAST_PLACE_LOCK = 0x706C616E


class LimitKind(StrEnum):
    """What is counted. The value is the column of PlanLimits and the word in the API."""

    CLUSTERS = "clusters"
    WORKLOADS = "workloads"
    MEMBERS = "members"
    API_CALLS_PER_DAY = "api_calls_per_day"
    STORAGE_BYTES = "storage_bytes"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    LimitKind.CLUSTERS: "Clusters",
    LimitKind.WORKLOADS: "Workloads",
    LimitKind.MEMBERS: "Members",
    LimitKind.API_CALLS_PER_DAY: "API calls today",
    LimitKind.STORAGE_BYTES: "Storage",
}
_UNITS = {
    LimitKind.CLUSTERS: "clusters",
    LimitKind.WORKLOADS: "workloads",
    LimitKind.MEMBERS: "members",
    LimitKind.API_CALLS_PER_DAY: "API calls a day",
    LimitKind.STORAGE_BYTES: "bytes of storage",
}
_USAGE_COLUMNS = {LimitKind.API_CALLS_PER_DAY: "api_calls"}

# What a plan includes when its row is first created; staff may change the row. None: no limit.
FIRST_LIMITS: dict[Plan, dict[str, int | None]] = {
    Plan.COMMUNITY: {
        "clusters": 3,
        "workloads": 500,
        "members": 5,
        "api_calls_per_day": 5_000,
        "storage_bytes": 200 * MEGABYTE,
        "retention_days": 15,
    },
    Plan.SAAS: {
        "clusters": 20,
        "workloads": 10_000,
        "members": 100,
        "api_calls_per_day": 100_000,
        "storage_bytes": 10 * GIGABYTE,
        "retention_days": 400,  # 13 months
    },
    Plan.ENTERPRISE: {
        "clusters": None,
        "workloads": None,
        "members": None,
        "api_calls_per_day": None,
        "storage_bytes": None,
        "retention_days": 1_100,  # 36 months
    },
}


class LimitReached(ApplicationError):
    """The plan has no place for one more. `plan` names the least one that has."""

    code = "limit_reached"
    status = 403
    title = "Your plan's limit is reached"

    def __init__(self, kind: LimitKind, *, limit: int, used: int, larger: Plan | None) -> None:
        way_out = (
            f"The {larger.label} plan has room for more; ask an owner of the workspace."
            if larger
            else "Remove one that is not needed any more."
        )
        super().__init__(
            f"Your plan includes {limit:,} {_UNITS[kind]}, and {used:,} are in use. {way_out}",
            kind=kind.value,
            limit=limit,
            used=used,
            required_plan=larger.value if larger else None,
        )


@dataclass(frozen=True, slots=True)
class UsageLine:
    """How much of one thing is used. `used` None: not measured yet; `limit` None: no limit."""

    kind: LimitKind
    used: int | None
    limit: int | None

    @property
    def percent(self) -> int | None:
        """Whole percent of the limit, rounded down, so that 100 means used up; may be more than 100."""
        if self.used is None or self.limit is None:
            return None
        return 100 if self.limit == 0 else self.used * 100 // self.limit

    @property
    def state(self) -> str:
        """“unknown”, “ok”, “nearly” (from 80 %) or “reached” (from 100 %)."""
        if self.used is None:
            return "unknown"
        percent = self.percent
        if percent is None or percent < NEARLY_PERCENT:
            return "ok"
        return "nearly" if percent < 100 else "reached"


def limits_of(tenant: TenantLike, at: dt.datetime) -> PlanLimits:
    """What the plan of this instant includes. Without a row, what the plan began with."""
    return plan_limits(plan_now(tenant, at), tenant_id=tenant.pk)


def plan_limits(plan: Plan, *, tenant_id: int | None = None) -> PlanLimits:
    """What a plan includes. `tenant_id` is whose standing has probably been read already."""
    row = standing_of(tenant_id).limits.get(plan.value)
    if row is None:
        return PlanLimits(plan=plan.value, **FIRST_LIMITS[plan])
    return of_row(PlanLimits, row)


def usage_of(tenant: TenantLike) -> TenantUsage | None:
    """The newest measurement of this tenant; None before the first."""
    row = standing_of(tenant.pk).usage
    return None if row is None else of_row(TenantUsage, row)


def usage_lines(tenant: TenantLike, at: dt.datetime) -> list[UsageLine]:
    """Everything that is counted, against what the plan of now includes."""
    limits, usage = limits_of(tenant, at), usage_of(tenant)
    lines = []
    for kind in LimitKind:
        used = getattr(usage, _USAGE_COLUMNS.get(kind, kind.value), None)
        if kind is LimitKind.API_CALLS_PER_DAY and usage is not None and usage.day != at.date():
            used = None  # yesterday's calls say nothing about today
        lines.append(UsageLine(kind, used, getattr(limits, kind.value)))
    return lines


def require_room(kind: LimitKind, used: int | Callable[[], int]) -> None:
    """Raises LimitReached when the tenant of now has no place for one more of `kind`.

    `used` is how many there are, or a function that counts them. With a function, and inside the transaction
    that adds the new one, the last place is given once: a second caller waits until that transaction ends.
    """
    tenant = tenant_connection.tenant
    if not isinstance(tenant, Tenant):
        return
    limit: int | None = getattr(limits_of(tenant, timezone.now()), kind.value)
    if limit is None:
        return
    if callable(used):
        _wait_in_line(tenant.pk)
        used = used()
    if used >= limit:
        raise LimitReached(kind, limit=limit, used=used, larger=_larger_plan(kind, limit, tenant))


def _wait_in_line(tenant_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LAST_PLACE_LOCK, tenant_id])


def _larger_plan(kind: LimitKind, limit: int, tenant: Tenant) -> Plan | None:
    """The least plan that includes more of `kind` than `limit`."""
    for plan in Plan:
        includes = getattr(plan_limits(plan, tenant_id=tenant.pk), kind.value)
        if includes is None or includes > limit:
            return plan
    return None


def retention_days_of(tenant: TenantLike, at: dt.datetime) -> int:
    """For how many days stored history is kept: what the plan of now says, or one that ended lately.

    Whoever deletes old history asks here: for GRACE after a trial or a downgrade nothing goes.
    """
    if not isinstance(tenant, Tenant):
        raise TypeError(f"{tenant!r} is no tenant")
    plans = [tenant.plan_at(at), *(ended.plan for ended in tenant.ended_plans(at))]
    return max(plan_limits(plan, tenant_id=tenant.pk).retention_days for plan in plans)


def ensure_plan_limits() -> int:
    """Create the rows that are missing. Never changes an existing one. Returns how many were made."""
    created = 0
    for plan, columns in FIRST_LIMITS.items():
        _, is_new = PlanLimits.objects.get_or_create(plan=plan.value, defaults=columns)
        created += is_new
    return created


class PlanLimitSource:
    """What `costinsights.core.limits` asks."""

    def limit_of(self, kind: str) -> int | None:
        tenant = tenant_connection.tenant
        if on_public_schema() or not isinstance(tenant, Tenant):
            return None
        limit: int | None = getattr(limits_of(tenant, timezone.now()), LimitKind(kind).value)
        return limit

    def require_room(self, kind: str, used: int | Callable[[], int]) -> None:
        require_room(LimitKind(kind), used)
