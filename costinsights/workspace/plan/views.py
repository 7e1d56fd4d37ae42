"""Pages: the plan with what is used of it, measuring now, and starting a trial."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from costinsights.accounts.permissions import MemberRequiredMixin, Role, RoleRequiredMixin
from costinsights.core.errors import ApplicationError
from costinsights.core.tenancy import current_tenant
from costinsights.workspace.plan import facts
from costinsights.workspace.plan.measuring import measure_usage
from tenants.models import Plan
from tenants.offers import compare_plans
from tenants.trials import SELF_SERVICE_TRIAL, start_own_trial

BAR_HEIGHT = 40  # of the chart's units


class PlanPage(MemberRequiredMixin):
    """What the workspace has and uses. Every member reads it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer()

    def answer(self, refused: str = "", status: int = 200) -> HttpResponse:
        tenant, now = current_tenant(), timezone.now()
        calls = facts.calls_by_day(tenant, now)
        context: dict[str, Any] = {
            "facts": facts.plan_facts(tenant, now),
            "features": facts.feature_facts(tenant, now),
            "usage": facts.usage_facts(tenant, now),
            "measured": facts.last_usage(tenant),
            "calls": calls,
            "bars": _bars(calls),
            "most_calls": max((day.calls or 0 for day in calls), default=0),
            "comparison": compare_plans(at=now),
            "trial_days": SELF_SERVICE_TRIAL.days,
            "may_manage": self.member.has_role(Role.OWNER),
            "may_measure": self.member.has_role(Role.ADMIN),
            "refused": refused,
        }
        return render(self.request, "workspace/plan/page.html", context, status=status)


class MeasureUsage(RoleRequiredMixin):
    """Measure now instead of within the hour. POST only."""

    http_method_names = ["post"]  # noqa: RUF012  # Django's own attribute

    def post(self, request: HttpRequest) -> HttpResponse:
        measure_usage(at=timezone.now())
        messages.success(request, "The usage is measured.")
        return redirect("plan-usage")


class StartTrial(RoleRequiredMixin, PlanPage):
    """An owner starts the workspace's trial. POST only; a refusal comes back on the page."""

    required_role = Role.OWNER
    http_method_names = ["post"]  # noqa: RUF012  # Django's own attribute

    def post(self, request: HttpRequest) -> HttpResponse:
        plan = request.POST.get("plan", "")
        try:
            start_own_trial(tenant=current_tenant(), plan=plan, at=timezone.now())
        except ApplicationError as refusal:
            return self.answer(refused=refusal.message, status=422)
        messages.success(
            request, f"The {Plan(plan).label} trial has started. Everything it has is open now."
        )
        return redirect("plan-usage")


def _bars(calls: list[facts.CallsOfDay]) -> list[dict[str, Any]]:
    """A bar per day in a chart 10 units wide per day; a day that was not measured has none."""
    most = max((day.calls or 0 for day in calls), default=0) or 1
    bars = []
    for number, day in enumerate(calls):
        height = None if day.calls is None else max(1, round(day.calls / most * BAR_HEIGHT))
        bars.append(
            {
                "x": number * 10 + 1,
                "y": BAR_HEIGHT - (height or 0),
                "height": height,
                "day": day.day,
                "calls": day.calls,
            }
        )
    return bars
