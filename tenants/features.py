"""Features, the plans that have them, and the one place that reads the switches."""

from enum import StrEnum

from waffle import switch_is_active

from tenants.models import FeatureSwitch, Plan


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


def has_feature(feature: Feature) -> bool:
    """Whether the tenant of now has `feature`: its switch is on and its plan includes it."""
    return bool(switch_is_active(feature.value))


def required_plan(feature: Feature) -> Plan | None:
    """The least plan whose column is on for `feature`; None when it is switched off for all."""
    switch = FeatureSwitch.get(feature.value)
    for plan in Plan:
        if switch.is_active_for(plan):
            return plan
    return None


def ensure_switches() -> int:
    """Create the switches that are missing, with their first plans. Never changes an existing one."""
    plans = list(Plan)
    created = 0
    for feature, least in LEAST_PLAN.items():
        columns = {plan.value: plans.index(plan) >= plans.index(least) for plan in plans}
        _, is_new = FeatureSwitch.objects.get_or_create(
            name=feature.value, defaults={"active": True, **columns}
        )
        created += is_new
    return created
