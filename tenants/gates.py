"""What a view says to be open only to plans that have its feature: `feature = Feature.X`."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.generic import View
from rest_framework.permissions import BasePermission

from costinsights.core.errors import ApplicationError
from tenants.features import Feature, has_feature, required_plan

if TYPE_CHECKING:  # rest_framework.views loads permission classes while it is being loaded itself
    from rest_framework.request import Request
    from rest_framework.views import APIView

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


class PlanRequired(ApplicationError):
    """The tenant's plan does not have the feature, or it is switched off for everybody."""

    code = "plan_required"
    status = 403
    title = "Your plan does not include this"

    def __init__(self, feature: Feature) -> None:
        plan = required_plan(feature)
        name, _ = WHAT_IT_DOES[feature]
        way_out = f"It is part of the {plan.label} plan." if plan else "It is switched off for now."
        super().__init__(
            f"{name} is not open to this workspace. {way_out}",
            feature=feature.value,
            required_plan=plan.value if plan else None,
        )
        self.feature = feature
        self.plan = plan


class HasFeature(BasePermission):
    """DRF permission: the view's `feature` must be open to the tenant. Raises PlanRequired."""

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        feature: Feature = view.feature  # type: ignore[attr-defined]  # a view that asks for this has one
        if not has_feature(feature):
            raise PlanRequired(feature)
        return True


class FeatureRequiredMixin(View):
    """Page mixin: without the feature a page says what it would do and which plan has it.

    Goes behind the mixin that asks for a member: a stranger learns nothing of the plan.
    """

    feature: ClassVar[Feature]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not has_feature(self.feature):
            return refuse(request, PlanRequired(self.feature))
        return super().dispatch(request, *args, **kwargs)


def refuse(request: HttpRequest, refusal: PlanRequired) -> HttpResponse:
    """The page in place of a page that the plan does not include."""
    name, text = WHAT_IT_DOES[refusal.feature]
    context = {"name": name, "text": text, "required_plan": refusal.plan and refusal.plan.label}
    return render(request, "errors/plan_required.html", context, status=refusal.status)
