"""Costs over time, from the store alone: nothing on this page waits for an OpenCost."""

from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from costinsights.accounts.models import Role
from costinsights.accounts.permissions import MemberRequiredMixin
from costinsights.core.errors import InvalidInput
from costinsights.core.htmx import HtmxPartialMixin
from costinsights.core.snapshots import one_snapshot
from costinsights.core.tenancy import current_tenant
from costinsights.costs.annotations.models import Annotation
from costinsights.costs.annotations.selectors import annotations_in, is_about
from costinsights.costs.annotations.services import may_change as may_change_note
from costinsights.costs.history.answers import HistoryAnswer, history
from costinsights.costs.history.backfills import running_backfills
from costinsights.costs.history.compare import Comparison
from costinsights.costs.history.models import LabelKey
from costinsights.costs.history.page.context import Paths, page_context
from costinsights.costs.history.page.notes import Note, note_words
from costinsights.costs.history.page.state import PageState
from costinsights.costs.history.side_by_side import side_by_side
from costinsights.costs.layers.page import layer_links, shown_beside
from costinsights.costs.models import Cluster
from costinsights.costs.read_scope import ReadScope
from costinsights.costs.saved_views.selectors import (
    MemberView,
    default_view,
    open_url,
    views_of,
)
from costinsights.costs.selectors import read_scope_of
from tenants.features import Access, Feature, feature_access
from tenants.gates import FeatureRequiredMixin
from tenants.limits import retention_days_of

Answers = tuple[HistoryAnswer | None, HistoryAnswer | None, Comparison | None]
_NOTHING: Answers = (None, None, None)
# Where the columns that a member chose last are remembered.
COLUMNS_KEY = "history_columns"


@method_decorator(transaction.non_atomic_requests, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class HistoryPage(HtmxPartialMixin, MemberRequiredMixin, FeatureRequiredMixin, TemplateView):
    """What it cost over time. The parameters are those of GET /api/v1/costs/history and /costs/compare."""

    feature = Feature.HISTORY
    open_to_support = True

    template_name = "history/page.html"
    htmx_partial = "results"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page; without a question, the member's first view where there is one."""
        if not request.GET and self.has_views and (first := default_view(self.member)):
            return redirect(open_url(first))
        answer: HttpResponse = super().get(request, *args, **kwargs)
        return answer

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        answer = super().render_to_response(context, **kwargs)
        if self.request.headers.get("HX-Request") == "true" and not context["query_error"]:
            answer["HX-Push-Url"] = context["page_url"]  # one address for one page
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        now = timezone.now()
        with one_snapshot():
            context.update(self._answered(now))
        if self.request.GET.get("columns"):
            self.request.session[COLUMNS_KEY] = ",".join(self.request.GET.getlist("columns"))[:200]
        return context

    def _answered(self, now: datetime) -> dict[str, Any]:
        clusters = list(Cluster.objects.in_order())
        keys = list(LabelKey.objects.filter(is_stored=True))
        can_compare = feature_access(Feature.COMPARISON) is not Access.CLOSED
        saved, others = self._views()
        state, answers, error = self._asked(now, can_ask=bool(clusters), can_compare=can_compare)
        problem = ""
        if error is not None and saved is not None:
            problem = error.message
            state, answers, error = self._repaired(
                now, can_ask=bool(clusters), can_compare=can_compare
            )
        answer, before, compared = answers
        context = page_context(
            state=state,
            answer=answer,
            before=before,
            compared=compared,
            clusters=[(cluster.slug, cluster.name) for cluster in clusters],
            samples=frozenset(cluster.slug for cluster in clusters if cluster.is_demo),
            keys=keys,
            paths=Paths(
                reverse("history"),
                reverse("api-costs-history"),
                reverse("api-costs-compare"),
                f"{self.request.scheme}://{self.request.get_host()}",
            ),
            now=now,
            error=error,
            can_compare=can_compare,
            can_manage=self.member.has_role(Role.ADMIN),
            notes=self._notes(state),
            retention_days=retention_days_of(current_tenant(), now),
        )
        return {
            **context,
            "connect_url": reverse("cluster-connect"),
            "backfills": running_backfills(clusters),
            **_layers(state, answer, has_clusters=bool(clusters)),
            "can_write_notes": self.member.has_role(Role.ANALYST),
            "can_save_views": self.has_views,
            "saved_views": others,
            "saved_view": saved,
            "view_problem": problem,
            "is_modified": saved is not None and saved.view.parameters != state.parameters(),
        }

    @cached_property
    def scope(self) -> ReadScope:
        """What this member may see."""
        return read_scope_of(self.member)

    @cached_property
    def has_views(self) -> bool:
        """Whether saved views are part of the plan; a support visitor is no member and has none."""
        return (
            not self.member._state.adding
            and feature_access(Feature.SAVED_VIEWS) is not Access.CLOSED
        )

    def _views(self) -> tuple[MemberView | None, list[MemberView]]:
        """The view that the page began as, and all that the member may open."""
        if not self.has_views:
            return None, []
        slug, every = self.request.GET.get("view", ""), views_of(self.member)
        return next((each for each in every if each.view.slug == slug), None), every

    def _parameters(self) -> dict[str, str]:
        """What the address asks; several columns come one by one. Columns chosen earlier stay, but never in a view."""
        given = self.request.GET.dict()
        chosen = self.request.GET.getlist("columns")
        if len(chosen) > 1:
            given["columns"] = ",".join(name for name in chosen if name != "none") or "none"
        elif not chosen and "view" not in given:
            given["columns"] = self.request.session.get(COLUMNS_KEY, "")
        return given

    def _asked(
        self, now: datetime, *, can_ask: bool, can_compare: bool
    ) -> tuple[PageState, Answers, InvalidInput | None]:
        """The page's question and its answers, or what is wrong with it."""
        given = self._parameters()
        try:
            state = self._state(given, now, can_compare=can_compare)
            return state, _ask(state, now) if can_ask else _NOTHING, None
        except InvalidInput as refused:
            given.pop(refused.field, None)
            try:
                state = self._state(given, now, can_compare=can_compare)
            except InvalidInput:
                state = self._state({}, now, can_compare=can_compare)
            return state, _NOTHING, refused

    def _repaired(
        self, now: datetime, *, can_ask: bool, can_compare: bool
    ) -> tuple[PageState, Answers, InvalidInput | None]:
        """A saved view without what can no longer be shown: each part that is refused is left away."""
        given = self._parameters()
        while True:
            try:
                state = self._state(given, now, can_compare=can_compare)
                return state, _ask(state, now) if can_ask else _NOTHING, None
            except InvalidInput as refused:
                if given.pop(refused.field, None) is None:
                    return self._state({}, now, can_compare=can_compare), _NOTHING, refused

    def _state(self, given: dict[str, str], now: datetime, *, can_compare: bool) -> PageState:
        state = PageState.parse(given, now=now, scope=self.scope)
        return state if can_compare else state.without_comparison()

    def _notes(self, state: PageState) -> list[tuple[Annotation, Note]]:
        """The notes beside this question, with the page that corrects each."""
        return [
            (row, note_words(row, self._note_url(row)))
            for row in annotations_in(state.query.period, self.member)
            if is_about(row, state.query)
        ]

    def _note_url(self, row: Annotation) -> str:
        return reverse("note-edit", args=[row.pk]) if may_change_note(row, self.member) else ""


def _ask(state: PageState, now: datetime) -> Answers:
    """The answer, and where it is compared the earlier period's steps and both side by side."""
    if state.base is None or state.previous is None:
        return history(state.query, now=now), None, None
    answer, before, compared = side_by_side(state.query, state.base, state.previous, now=now)
    if not compared.previous_stored:
        return answer, None, None  # unknown is not zero: there is nothing to compare with
    return answer, before, compared


def _layers(
    state: PageState, answer: HistoryAnswer | None, *, has_clusters: bool
) -> dict[str, Any]:
    """The other books of the same period, and what stands beside these allocations. Not for limited members."""
    if state.query.scope.is_limited or not has_clusters:
        return {"layer_links": [], "beside": None}
    links = layer_links(state.query, history=reverse("history"), layers=reverse("history-layers"))
    return {
        "layer_links": links,
        "beside": shown_beside(state.query, answer.currency) if answer else None,
    }
