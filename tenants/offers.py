"""What the plans offer, in the words of the pages: features, limits, and both side by side."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from costinsights.core.tenancy import tenant_connection
from tenants.features import Feature, features_of
from tenants.limits import GIGABYTE, MEGABYTE, LimitKind, plan_limits
from tenants.models import Plan, PlanLimits, Tenant

WHAT_IT_DOES: dict[Feature, tuple[str, str]] = {
    Feature.CURRENT_COSTS: ("Current costs", "What every namespace and workload costs now."),
    Feature.HISTORY: ("History", "How costs change over time, from stored days."),
    Feature.COMPARISON: ("Comparison", "Two periods side by side, with what moved."),
    Feature.BUDGETS: ("Budgets", "Limits per team, with a warning before they are reached."),
    Feature.SAVED_VIEWS: ("Saved views", "Questions you ask often, kept and shared."),
    Feature.REPORTING: ("Reporting", "Statements per cost centre that finance can close on."),
    Feature.ANOMALY_DETECTION: ("Anomalies", "Cost spikes, found early and explained."),
    Feature.ALERT_CHANNELS: ("Alerts", "Findings sent to the people who act on them."),
}

_LIMIT_ROWS = (
    (LimitKind.CLUSTERS, "Clusters"),
    (LimitKind.WORKLOADS, "Workloads"),
    (LimitKind.MEMBERS, "Members"),
    (LimitKind.API_CALLS_PER_DAY, "API calls a day"),
    (LimitKind.STORAGE_BYTES, "Storage"),
)
NO_LIMIT = "No limit"


@dataclass(frozen=True, slots=True)
class PlanHead:
    """A column of the comparison."""

    plan: Plan
    is_current: bool

    @property
    def label(self) -> str:
        return str(self.plan.label)


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """A line of the comparison: a cell per plan, True and False for features, words for limits."""

    label: str
    cells: list[bool | str]
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """The plans side by side."""

    heads: list[PlanHead]
    rows: list[ComparisonRow]


def compare_plans(asked: Feature | None = None, *, at: dt.datetime | None = None) -> Comparison:
    """The plans as their switches and limits stand now; `asked` is the feature somebody came for."""
    tenant = tenant_connection.tenant
    known = tenant if isinstance(tenant, Tenant) else None
    current = known.plan_at(at or timezone.now()) if known else None
    tenant_id = known.pk if known else None
    features = {plan: set(features_of(plan)) for plan in Plan}
    limits = {plan: plan_limits(plan, tenant_id=tenant_id) for plan in Plan}
    offered = [feature for feature in Feature if any(feature in had for had in features.values())]
    rows = [
        ComparisonRow(
            WHAT_IT_DOES[feature][0],
            [feature in features[plan] for plan in Plan],
            is_asked=feature is asked,
        )
        for feature in offered
    ]
    rows += [
        ComparisonRow(label, [limit_text(limits[plan], kind) for plan in Plan])
        for kind, label in _LIMIT_ROWS
    ]
    rows.append(
        ComparisonRow("History kept", [f"{limits[plan].retention_days:,} days" for plan in Plan])
    )
    return Comparison([PlanHead(plan, plan is current) for plan in Plan], rows)


def limit_text(limits: PlanLimits, kind: LimitKind) -> str:
    """A limit for a person: “20”, “10 GB”, “No limit”."""
    return amount_text(kind, getattr(limits, kind.value), missing=NO_LIMIT)


def amount_text(kind: LimitKind, amount: int | None, *, missing: str = "—") -> str:
    """An amount of what is counted, for a person."""
    if amount is None:
        return missing
    return bytes_text(amount) if kind is LimitKind.STORAGE_BYTES else f"{amount:,}"


def bytes_text(amount: int) -> str:
    """Decimal units: “12.3 MB”, “10 GB”."""
    if amount >= GIGABYTE:
        return f"{amount / GIGABYTE:,.1f} GB".replace(".0 ", " ")
    if amount >= MEGABYTE:
        return f"{amount / MEGABYTE:,.1f} MB".replace(".0 ", " ")
    return f"{amount / 1_000:,.0f} kB"
