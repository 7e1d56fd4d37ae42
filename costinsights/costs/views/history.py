"""Costs over time, from the store alone: nothing on this page waits for an OpenCost."""

from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import transaction
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
from costinsights.costs.history import health
from costinsights.costs.history.answers import HistoryAnswer, history
from costinsights.costs.history.compare import Comparison, compare, previous_period
from costinsights.costs.history.models import LabelKey
from costinsights.costs.history.page.context import Paths, page_context
from costinsights.costs.history.page.state import PageState
from costinsights.costs.models import Cluster
from costinsights.costs.read_scope import ReadScope
from costinsights.costs.selectors import read_scope_of
from tenants.features import Access, Feature, feature_access
from tenants.gates import FeatureRequiredMixin


@method_decorator(transaction.non_atomic_requests, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class HistoryPage(HtmxPartialMixin, MemberRequiredMixin, FeatureRequiredMixin, TemplateView):
    """What it cost over time. The parameters are those of GET /api/v1/costs/history and /costs/compare."""

    feature = Feature.HISTORY
    open_to_support = True

    template_name = "history/page.html"
    htmx_partial = "results"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        now = timezone.now()
        with one_snapshot():
            context.update(self._answered(now))
        return context

    def _answered(self, now: datetime) -> dict[str, Any]:
        clusters = list(Cluster.objects.in_order())
        error: InvalidInput | None = None
        answer = before = compared = None
        can_compare = feature_access(Feature.COMPARISON) is not Access.CLOSED
        try:
            state = PageState.parse(self.request.GET.dict(), now=now, scope=self.scope)
            state = state if can_compare else state.without_comparison()
            if clusters:
                answer, before, compared = _ask(state, now)
        except InvalidInput as refused:
            state, error = self._without_what_is_wrong(refused, now), refused
        context = page_context(
            state=state,
            answer=answer,
            before=before,
            compared=compared,
            clusters=[(cluster.slug, cluster.name) for cluster in clusters],
            samples=frozenset(cluster.slug for cluster in clusters if cluster.is_demo),
            keys=list(LabelKey.objects.filter(is_stored=True)),
            paths=Paths(
                reverse("history"), reverse("api-costs-history"), reverse("api-costs-compare")
            ),
            now=now,
            error=error,
            can_compare=can_compare,
            can_manage=self.member.has_role(Role.ADMIN),
        )
        return {
            **context,
            "connect_url": reverse("cluster-connect"),
            "backfills": health.running_backfills(clusters),
        }

    @cached_property
    def scope(self) -> ReadScope:
        """What this member may see."""
        return read_scope_of(self.member)

    def _without_what_is_wrong(self, refused: InvalidInput, now: datetime) -> PageState:
        """The question without the parameter that was refused: the rest of the query bar stays as it is."""
        rest = {
            name: value for name, value in self.request.GET.dict().items() if name != refused.field
        }
        try:
            return PageState.parse(rest, now=now, scope=self.scope)
        except InvalidInput:
            return PageState.parse({}, now=now, scope=self.scope)


def _ask(
    state: PageState, now: datetime
) -> tuple[HistoryAnswer, HistoryAnswer | None, Comparison | None]:
    """The answer, and where it is compared the earlier period's steps and both side by side."""
    answer = history(state.query, now=now)
    if state.base is None:
        return answer, None, None
    earlier = previous_period(state.query.period, state.base)
    before = history(state.query.over(earlier).narrowed(limit=1), now=now)
    return answer, before, compare(state.query, state.base, earlier, now=now)
