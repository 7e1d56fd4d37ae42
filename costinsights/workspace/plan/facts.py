"""What a workspace has and uses, as its page and its API tell it."""

import datetime as dt
from dataclasses import dataclass

from costinsights.core.tenancy import TenantLike, public_context
from tenants.features import Access, Decision, Feature, decide, plan_now, required_plan
from tenants.limits import LimitKind, UsageLine, limits_of, retention_days_of, usage_lines, usage_of
from tenants.models import Plan, PlanLimits, Tenant, TenantUsage
from tenants.offers import NO_LIMIT, WHAT_IT_DOES, amount_text
from tenants.trials import can_start_own_trial

HISTORY_DAYS = 30
WORDS = {
    "ok": "",
    "nearly": "nearly used up",
    "reached": "used up",
    "unknown": "not measured yet",
}


@dataclass(frozen=True, slots=True)
class FeatureFact:
    """One feature and how far it is open."""

    feature: Feature
    name: str
    description: str
    decision: Decision
    required_plan: Plan | None

    @property
    def access(self) -> Access:
        return self.decision.access


@dataclass(frozen=True, slots=True)
class UsageFact:
    """One thing that is counted, with the words of the page."""

    line: UsageLine

    @property
    def label(self) -> str:
        return self.line.kind.label

    @property
    def used(self) -> str:
        return amount_text(self.line.kind, self.line.used)

    @property
    def limit(self) -> str:
        return amount_text(self.line.kind, self.line.limit, missing=NO_LIMIT)

    @property
    def note(self) -> str:
        return WORDS[self.line.state]

    @property
    def bar(self) -> int | None:
        """Filled share of the bar in percent; None for no bar."""
        percent = self.line.percent
        return None if percent is None else min(percent, 100)


@dataclass(frozen=True, slots=True)
class CallsOfDay:
    """The API calls of one UTC day; None when nothing was measured on it."""

    day: dt.date
    calls: int | None


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """The plan of a workspace at one instant."""

    plan: Plan
    bought: Plan
    trial: Plan | None
    trial_ends_at: dt.datetime | None
    read_only_until: dt.datetime | None
    limits: PlanLimits
    retention_days: int
    may_try: list[Plan]


def plan_facts(tenant: TenantLike, at: dt.datetime) -> PlanFacts:
    """What the plan of `tenant` is and how it came about."""
    row = _row(tenant)
    trial = row.trial_at(at)
    ended = row.ended_plans(at)
    return PlanFacts(
        plan=plan_now(tenant, at),
        bought=Plan(row.plan),
        trial=trial,
        trial_ends_at=row.trial_ends_at if trial else None,
        read_only_until=max((plan.readable_until for plan in ended), default=None),
        limits=limits_of(tenant, at),
        retention_days=retention_days_of(tenant, at),
        may_try=can_start_own_trial(tenant, at),
    )


def feature_facts(tenant: TenantLike, at: dt.datetime) -> list[FeatureFact]:
    """Every feature of the product and how far it is open to `tenant`."""
    return [
        FeatureFact(
            feature,
            *WHAT_IT_DOES[feature],
            decision=decide(feature, tenant=tenant, at=at),
            required_plan=required_plan(feature),
        )
        for feature in Feature
    ]


def usage_facts(tenant: TenantLike, at: dt.datetime) -> list[UsageFact]:
    return [UsageFact(line) for line in usage_lines(tenant, at)]


def last_usage(tenant: TenantLike) -> TenantUsage | None:
    """The newest measurement; None before the first."""
    return usage_of(tenant)


def calls_by_day(tenant: TenantLike, at: dt.datetime) -> list[CallsOfDay]:
    """The API calls of the last 30 UTC days, today last. A day without a measurement is unknown."""
    first = at.date() - dt.timedelta(days=HISTORY_DAYS - 1)
    with public_context():
        rows = TenantUsage.objects.filter(tenant_id=tenant.pk, day__gte=first)
        found = dict(rows.values_list("day", "api_calls"))
    days = [first + dt.timedelta(days=number) for number in range(HISTORY_DAYS)]
    return [CallsOfDay(day, found.get(day)) for day in days]


def lines_worth_telling(tenant: TenantLike, at: dt.datetime) -> list[UsageLine]:
    """What is nearly or wholly used up, of what nobody is stopped by at the door: storage and workloads."""
    kinds = (LimitKind.STORAGE_BYTES, LimitKind.WORKLOADS)
    return [
        line
        for line in usage_lines(tenant, at)
        if line.kind in kinds and line.state in ("nearly", "reached")
    ]


def _row(tenant: TenantLike) -> Tenant:
    if not isinstance(tenant, Tenant):
        raise TypeError(f"{tenant!r} is no tenant")
    return tenant
