"""What a view says to be open only to plans that have its feature: `feature = Feature.X`.

While a feature is read-only, because the plan it belonged to ended a short while ago, safe methods are answered
and everything else is refused.
"""

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.generic import View
from rest_framework.permissions import SAFE_METHODS, BasePermission

from costinsights.core.errors import ApplicationError
from costinsights.core.periods import instant_text
from tenants.features import Access, Because, Decision, Feature, decide, required_plan
from tenants.models import Plan
from tenants.offers import WHAT_IT_DOES, compare_plans

if TYPE_CHECKING:  # rest_framework.views loads permission classes while it is being loaded itself
    from rest_framework.request import Request
    from rest_framework.views import APIView


class FeatureRefused(ApplicationError):
    """The tenant may not do this with the feature now."""

    status = 403
    feature: Feature
    plan: Plan | None


class PlanRequired(FeatureRefused):
    """The tenant's plan does not have the feature, or it is switched off for everybody or for this tenant."""

    code = "plan_required"
    title = "Your plan does not include this"

    def __init__(self, feature: Feature, because: Because = Because.PLAN) -> None:
        # A plan is no way out of an exception that staff made, nor of the kill switch.
        plan = required_plan(feature) if because is Because.PLAN else None
        name, _ = WHAT_IT_DOES[feature]
        if plan:
            way_out = f"It is part of the {plan.label} plan."
        elif because is Because.OVERRIDE:
            way_out = "It has been closed for this workspace; ask whoever runs the platform."
        else:
            way_out = "It is switched off for now."
        super().__init__(
            f"{name} is not open to this workspace. {way_out}",
            feature=feature.value,
            required_plan=plan.value if plan else None,
        )
        self.feature = feature
        self.plan = plan
        self.because = because


class PlanReadOnly(FeatureRefused):
    """The plan that had the feature ended a short while ago: what is there can be read, not changed."""

    code = "plan_read_only"
    title = "Your plan lets you read this, not change it"

    def __init__(self, feature: Feature, until: dt.datetime) -> None:
        plan = required_plan(feature)
        name, _ = WHAT_IT_DOES[feature]
        way_out = f" Choose the {plan.label} plan to go on with it." if plan else ""
        super().__init__(
            f"{name} is read-only until {until:%-d %B %Y}, because the plan that had it ended. "
            f"Nothing is deleted until then.{way_out}",
            feature=feature.value,
            required_plan=plan.value if plan else None,
            read_only_until=instant_text(until),
        )
        self.feature = feature
        self.plan = plan
        self.until = until


def require_feature(feature: Feature, method: str) -> Decision:
    """What decided in favour of a request of this method. Raises PlanRequired or PlanReadOnly."""
    decision = decide(feature)
    if decision.access is Access.CLOSED:
        raise PlanRequired(feature, decision.because)
    if decision.read_only_until is not None and method not in SAFE_METHODS:
        raise PlanReadOnly(feature, decision.read_only_until)
    return decision


class HasFeature(BasePermission):
    """DRF permission: the view's `feature` must be open to the tenant. Raises what `require_feature` does."""

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        feature: Feature = view.feature  # type: ignore[attr-defined]  # a view that asks for this has one
        # The method that was sent: what OPTIONS would describe is asked for under the described one's name.
        require_feature(feature, request._request.method or "")
        return True


class FeatureRequiredMixin(View):
    """Page mixin: without the feature a page says what it would do and which plan has it.

    Goes behind the mixin that asks for a member: a stranger learns nothing of the plan.
    """

    feature: ClassVar[Feature]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            require_feature(self.feature, request.method or "")
        except FeatureRefused as refusal:
            return refuse(request, refusal)
        return super().dispatch(request, *args, **kwargs)


def refuse(request: HttpRequest, refusal: FeatureRefused) -> HttpResponse:
    """The page in place of a page or a change that the plan does not include."""
    name, text = WHAT_IT_DOES[refusal.feature]
    context = {
        "name": name,
        "text": text,
        "reason": refusal.message,
        "read_only": isinstance(refusal, PlanReadOnly),
        "closed_for_tenant": getattr(refusal, "because", None) is Because.OVERRIDE,
        "required_plan": refusal.plan and refusal.plan.label,
        "comparison": compare_plans(refusal.feature) if refusal.plan else None,
    }
    return render(request, "errors/plan_required.html", context, status=refusal.status)
