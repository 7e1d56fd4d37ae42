"""Features, the plans that have them, and the one place that reads the switches."""

import datetime as dt
from enum import StrEnum

from django.utils import timezone

from costinsights.core.tenancy import TenantLike, tenant_connection
from tenants.models import (
    GRACE,
    Access,
    Because,
    Decision,
    FeatureSwitch,
    Plan,
    PlatformSwitch,
    Tenant,
)

__all__ = [
    "GRACE",
    "LEAST_PLAN",
    "Access",
    "Because",
    "Decision",
    "Feature",
    "PlatformSwitch",
    "decide",
    "ensure_switches",
    "feature_access",
    "has_feature",
    "plan_now",
    "platform_switch",
    "required_plan",
]


class Feature(StrEnum):
    """A part of the product that a plan opens. The value is the switch's name."""

    CURRENT_COSTS = "current_costs"
    HISTORY = "history"
    COMPARISON = "comparison"
    BUDGETS = "budgets"
    SAVED_VIEWS = "saved_views"
    REPORTING = "reporting"
    ANOMALY_DETECTION = "anomaly_detection"
    ALERT_CHANNELS = "alert_channels"


# The least plan that has a feature when its switch is first created; staff may change the row.
LEAST_PLAN: dict[Feature, Plan] = {
    Feature.CURRENT_COSTS: Plan.COMMUNITY,
    Feature.HISTORY: Plan.SAAS,
    Feature.COMPARISON: Plan.SAAS,
    Feature.BUDGETS: Plan.SAAS,
    Feature.SAVED_VIEWS: Plan.SAAS,
    Feature.REPORTING: Plan.ENTERPRISE,
    Feature.ANOMALY_DETECTION: Plan.ENTERPRISE,
    Feature.ALERT_CHANNELS: Plan.ENTERPRISE,
}


def plan_now(tenant: TenantLike, at: dt.datetime) -> Plan:
    """The plan that counts for `tenant` at this instant: the one bought, or a running trial above it."""
    return _row(tenant).plan_at(at)


def decide(
    feature: Feature, *, tenant: TenantLike | None = None, at: dt.datetime | None = None
) -> Decision:
    """How far `feature` is open to `tenant` (the one of now) at an instant (now), and what decided.

    The kill switch stands above all; then an exception for the tenant that is in force; then the plan; then
    plans that ended less than GRACE ago, which leave the feature readable. Closed for the platform itself.
    """
    whose = tenant_connection.tenant if tenant is None else tenant
    if not isinstance(whose, Tenant):
        return Decision(Access.CLOSED, Because.PLAN)
    return FeatureSwitch.get(feature.value).decide(whose, at or timezone.now())


def feature_access(
    feature: Feature, *, tenant: TenantLike | None = None, at: dt.datetime | None = None
) -> Access:
    """`decide` without the reasons."""
    return decide(feature, tenant=tenant, at=at).access


def has_feature(feature: Feature) -> bool:
    """Whether the tenant of now has `feature`, to read and to change."""
    return feature_access(feature) is Access.OPEN


def required_plan(feature: Feature) -> Plan | None:
    """The least plan whose column is on for `feature`; None when it is switched off for all."""
    switch = FeatureSwitch.get(feature.value)
    for plan in Plan:
        if switch.is_active_for(plan):
            return plan
    return None


def features_of(plan: Plan) -> list[Feature]:
    """The features whose column is on for `plan`, in the order of the product."""
    return [feature for feature in Feature if FeatureSwitch.get(feature.value).is_active_for(plan)]


def platform_switch(switch: PlatformSwitch) -> bool:
    """Whether a switch of the platform itself is on; off when its row is missing."""
    return FeatureSwitch.get(switch.value).is_active()


def ensure_switches() -> int:
    """Create the switches that are missing, with their first plans. Never changes an existing one.

    Switches of the platform itself begin switched off.
    """
    plans = list(Plan)
    created = 0
    for feature, least in LEAST_PLAN.items():
        columns = {plan.value: plans.index(plan) >= plans.index(least) for plan in plans}
        _, is_new = FeatureSwitch.objects.get_or_create(
            name=feature.value, defaults={"active": True, **columns}
        )
        created += is_new
    for switch in PlatformSwitch:
        _, is_new = FeatureSwitch.objects.get_or_create(name=switch.value)
        created += is_new
    return created


def _row(tenant: TenantLike) -> Tenant:
    """Whatever speaks for a tenant outside of this package is a row of ours."""
    if not isinstance(tenant, Tenant):
        raise TypeError(f"{tenant!r} is no tenant")
    return tenant
