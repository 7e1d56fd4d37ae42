"""Pages of mapping and share rules: both lists in their order, one made or changed, what it would move."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from costinsights.core.errors import ApplicationError, NotFound
from reporting.centers import rules, shares
from reporting.centers.checks import one_writer
from reporting.centers.forms import MappingForm, ShareForm
from reporting.centers.ordering import place
from reporting.centers.previewing import preview_mapping, preview_share, unmapped_workloads
from reporting.centers.words import mapping_sentence, share_sentence
from reporting.models import CostCenter, MappingRule, ShareRule
from reporting.views.center_base import ConfigurationPage

MOST_CHANGES = 12


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the two sorts of rules: how its rows are reached, and what its pages are called."""

    name: str
    label: str
    model: type[Any]
    form: type[Any]
    access: Callable[[int], Any]
    create: Callable[..., Any]
    change: Callable[..., Any]
    delete: Callable[[int], Any]
    preview: Callable[..., Any]


MAPPING = Kind(
    "mapping",
    "mapping rule",
    MappingRule,
    MappingForm,
    rules.access_mapping,
    rules.create_mapping,
    rules.change_mapping,
    rules.delete_mapping,
    preview_mapping,
)
SHARE = Kind(
    "share",
    "share rule",
    ShareRule,
    ShareForm,
    shares.access_share,
    shares.create_share,
    shares.change_share,
    shares.delete_share,
    preview_share,
)


class RuleListPage(ConfigurationPage):
    """All rules in the order in which they are asked."""

    def get(self, request: HttpRequest) -> HttpResponse:
        mapping = MappingRule.objects.prefetch_related("targets__center")
        share = ShareRule.objects.prefetch_related("targets__center")
        context = {
            "mapping": [(rule, mapping_sentence(rule)) for rule in mapping],
            "share": [(rule, share_sentence(rule)) for rule in share],
            "has_centers": CostCenter.objects.exists(),
        }
        return render(request, "reporting/rules/list.html", context)


class UnmappedPart(ConfigurationPage):
    """What no rule takes, for the list of rules."""

    def get(self, request: HttpRequest) -> HttpResponse:
        context: dict[str, Any] = {}
        try:
            window, whole, workloads = unmapped_workloads(most=10)
            context = {"window": window, "whole": whole, "workloads": workloads}
        except ApplicationError as refused:
            context = {"refused": refused.message}
        return render(request, "reporting/rules/unmapped.html", context)


def _pool_lines(shown: Any) -> list[dict[str, Any]]:
    """The pools of a share rule with what everybody gets; none of a mapping rule."""
    return [
        {
            "pool": pool,
            "shares": [(share, sum(share.costs)) for share in pool.shares[:MOST_CHANGES]],
            "hidden": max(0, len(pool.shares) - MOST_CHANGES),
        }
        for pool in getattr(shown, "pools", ())[:MOST_CHANGES]
    ]


class _Rules(ConfigurationPage):
    """Finds the rule of the address."""

    kind: Kind = MAPPING

    def rule(self, keys: dict[str, int]) -> Any:
        try:
            return self.kind.access(*keys.values())
        except NotFound as error:
            raise Http404(error.message) from error

    def answer(self, form: Any, rule: Any = None, status: int = 200) -> HttpResponse:
        context = {"form": form, "rule": rule, "kind": self.kind}
        return render(self.request, "reporting/rules/form.html", context, status=status)


class RuleMakePage(_Rules):
    """The form of a new rule. The list of what is unmapped brings a filter and a name along."""

    def get(self, request: HttpRequest) -> HttpResponse:
        given = {name: request.GET.get(name, "")[:2_000] for name in ("filter", "name")}
        return self.answer(self.kind.form(initial={**given, "is_active": True}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.kind.form(request.POST)
        if form.is_valid():
            try:
                rule = self.kind.create(form.draft())
            except ApplicationError as refused:
                form.refuse(refused)
            else:
                messages.success(request, f"{rule} is the last {self.kind.label} now.")
                return redirect("rule-list")
        return self.answer(form, status=422)


class RulePage(_Rules):
    """A stored rule."""

    def get(self, request: HttpRequest, **keys: int) -> HttpResponse:
        rule = self.rule(keys)
        return self.answer(self.kind.form.of(rule), rule)

    def post(self, request: HttpRequest, **keys: int) -> HttpResponse:
        rule = self.rule(keys)
        form = self.kind.form(request.POST)
        if form.is_valid():
            try:
                rule = self.kind.change(rule.pk, form.draft())
            except ApplicationError as refused:
                form.refuse(refused)
            else:
                messages.success(request, f"{rule} is saved.")
                return redirect("rule-list")
        return self.answer(form, rule, status=422)


class RuleMove(_Rules):
    """One place up or down."""

    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest, **keys: int) -> HttpResponse:
        step = -1 if request.POST.get("direction") == "up" else 1
        with one_writer():
            rule = self.rule(keys)
            place(self.kind.model, rule, max(1, rule.position + step))
        return redirect("rule-list")


class RuleDelete(_Rules):
    """Deletes a rule; closed months stay as they are."""

    http_method_names = ["post"]  # noqa: RUF012  Django's own attribute

    def post(self, request: HttpRequest, **keys: int) -> HttpResponse:
        rule = self.rule(keys)
        self.kind.delete(rule.pk)
        messages.success(request, f"{rule} is deleted.")
        return redirect("rule-list")


class RulePreview(_Rules):
    """What the form's rule would move, for beside the form."""

    def get(self, request: HttpRequest) -> HttpResponse:
        form, text = self.kind.form(request.GET), request.GET.get("rule", "")
        context: dict[str, Any] = {"kind": self.kind}
        if not form.is_valid():
            context["waiting"] = True
        else:
            try:
                pk = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
                if pk is not None:
                    self.kind.access(pk)
                shown = self.kind.preview(form.draft(), pk=pk)
                moved = [one for one in shown.changes if one.change]
                context |= {
                    "shown": shown,
                    "pools": _pool_lines(shown),
                    "moved": moved[:MOST_CHANGES],
                    "hidden": max(0, len(moved) - MOST_CHANGES),
                }
            except ApplicationError as refused:
                context["refused"] = refused.message
        return render(request, f"reporting/rules/{self.kind.name}_preview.html", context)
