"""Budgets: list, one with its chart and events, made, changed, deleted, and what one would mean."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView, View

from costinsights.accounts.models import Role, Workspace
from costinsights.accounts.permissions import MemberRequiredMixin, RoleRequiredMixin
from costinsights.core.errors import ApplicationError, NotFound
from costinsights.core.snapshots import one_snapshot
from costinsights.costs.budgets import services
from costinsights.costs.budgets.evaluation import status_of
from costinsights.costs.budgets.forms import BudgetForm
from costinsights.costs.budgets.models import Budget, BudgetState
from costinsights.costs.budgets.page import detail_context, line_of, preview
from costinsights.costs.budgets.tasks import evaluate_now
from tenants.features import Feature
from tenants.gates import FeatureRequiredMixin

MOST_EVENTS = 50
# What is looked at first: worst first, then by name.
_ORDER = [
    BudgetState.EXCEEDED.label,
    BudgetState.AT_RISK.label,
    BudgetState.UNKNOWN.label,
    BudgetState.ON_TRACK.label,
]


class BudgetListPage(MemberRequiredMixin, FeatureRequiredMixin, TemplateView):
    """All budgets as they were last evaluated."""

    feature = Feature.BUDGETS
    open_to_support = True
    template_name = "budgets/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        budgets = Budget.objects.visible_to(self.member).select_related("standing", "owner")
        lines = sorted(map(line_of, budgets.in_order()), key=lambda line: _ORDER.index(line.state))
        return super().get_context_data(
            lines=lines,
            is_limited=self.member.is_limited,
            can_change=can_change(self.member),
            **kwargs,
        )


def can_change(member: Any) -> bool:
    return bool(member.has_role(Role.ANALYST) and not member.is_limited)


class _OneBudget(View):
    """Finds the budget of the address."""

    member: Any

    def budget(self, budget_id: int) -> Budget:
        try:
            return services.access_budget(budget_id, self.member)
        except NotFound as error:
            raise Http404(error.message) from error


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class BudgetDetailPage(_OneBudget, MemberRequiredMixin, FeatureRequiredMixin, TemplateView):
    """How a budget stands now, and what happened to it."""

    feature = Feature.BUDGETS
    open_to_support = True
    template_name = "budgets/detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        budget = self.budget(kwargs["budget_id"])
        with one_snapshot():
            status = status_of(budget, now=timezone.now())
        return super().get_context_data(
            budget=budget,
            events=budget.events.order_by("-pk")[:MOST_EVENTS],
            can_change=can_change(self.member),
            **detail_context(status),
            **kwargs,
        )


class _ChangePage(RoleRequiredMixin, FeatureRequiredMixin):
    """For analysts and more who see all costs."""

    feature = Feature.BUDGETS
    required_role = Role.ANALYST

    def refuse_limited(self) -> None:
        if self.member.is_limited:
            raise PermissionDenied("Budgets are over costs that your limits hide.")

    def form_page(
        self, form: BudgetForm, budget: Budget | None = None, status: int = 200
    ) -> HttpResponse:
        context = {"form": form, "budget": budget}
        return render(self.request, "budgets/form.html", context, status=status)


class BudgetMakePage(_ChangePage):
    """The form of a new budget. Another page may bring a filter, clusters and an idle mode along."""

    def get(self, request: HttpRequest) -> HttpResponse:
        self.refuse_limited()
        given: dict[str, Any] = {
            name: value
            for name, parameter in (("filter_text", "filter"), ("idle", "idle"), ("name", "name"))
            if (value := request.GET.get(parameter))
        }
        if request.GET.get("cluster"):
            given["clusters"] = request.GET["cluster"].split(",")
        return self.form_page(BudgetForm.new(by=self.member, now=timezone.now(), given=given))

    def post(self, request: HttpRequest) -> HttpResponse:
        self.refuse_limited()
        form, now = BudgetForm(request.POST), timezone.now()
        if not form.is_valid():
            return self.form_page(form, status=422)
        try:
            budget = services.make_budget(draft=form.draft(by=self.member, now=now), at=now)
        except ApplicationError as refused:
            form.refuse(refused)
            return self.form_page(form, status=422)
        evaluate_now(budget, now=now)
        messages.success(request, f"{budget.name} is kept.")
        return redirect("budget-detail", budget_id=budget.pk)


class BudgetEditPage(_OneBudget, _ChangePage):
    """Change a budget."""

    def get(self, request: HttpRequest, budget_id: int) -> HttpResponse:
        budget = self.budget(budget_id)
        return self.form_page(BudgetForm.of(budget), budget)

    def post(self, request: HttpRequest, budget_id: int) -> HttpResponse:
        budget, now = self.budget(budget_id), timezone.now()
        form = BudgetForm(request.POST, budget=budget)
        if not form.is_valid():
            return self.form_page(form, budget, status=422)
        try:
            changed = services.change_budget(
                pk=budget.pk,
                draft=form.draft(by=self.member, now=now),
                at=now,
                seen_at=form.last_seen_at,
            )
        except ApplicationError as refused:
            form.refuse(refused)
            return self.form_page(form, budget, status=422)
        evaluate_now(changed, now=now)
        messages.success(request, f"{changed.name} is saved.")
        return redirect("budget-detail", budget_id=budget.pk)


class BudgetDeletePage(_OneBudget, _ChangePage):
    """Asks once, then deletes."""

    def get(self, request: HttpRequest, budget_id: int) -> HttpResponse:
        context = {"budget": self.budget(budget_id)}
        return render(request, "budgets/delete.html", context)

    def post(self, request: HttpRequest, budget_id: int) -> HttpResponse:
        budget = self.budget(budget_id)
        services.delete_budget(pk=budget.pk)
        messages.success(request, f"{budget.name} is deleted.")
        return redirect("budget-list")


class BudgetPreview(_ChangePage):
    """What the budget in the form would mean: a part of its page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        self.refuse_limited()
        context = _preview_context(request, self.member, timezone.now())
        return render(request, "budgets/preview.html", context)


def _preview_context(request: HttpRequest, member: Any, now: dt.datetime) -> dict[str, Any]:
    given = request.GET.copy()
    if not given.get("name"):
        given["name"] = "Preview"
    form = BudgetForm(given)
    if not form.is_valid():
        return {"missing": True}
    try:
        draft = form.draft(by=member, now=now)
        budget = Budget(**{name: getattr(draft, name) for name in draft.__dataclass_fields__})
        start_month = Workspace.load().fiscal_year_start_month
        return {"preview": preview(budget, now=now, start_month=start_month)}
    except ApplicationError as refused:
        return {"refused": refused.message}
