"""The overview, and its table as CSV. The page itself never waits for an OpenCost; the part htmx asks for may."""

from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View

from costinsights.accounts.models import Role
from costinsights.accounts.permissions import MemberRequiredMixin
from costinsights.core.audit import record_event
from costinsights.core.errors import InvalidInput
from costinsights.core.htmx import HtmxPartialMixin
from costinsights.core.tenancy import current_tenant
from costinsights.costs import tasks
from costinsights.costs.current.answer import CurrentCosts
from costinsights.costs.current.dimensions import Dimension
from costinsights.costs.current.query import MOST_ROWS, CurrentCostQuery, IdleMode
from costinsights.costs.dashboard import page_context
from costinsights.costs.documents import csv_file_name, current_costs_csv
from costinsights.costs.models import Cluster
from costinsights.costs.read_scope import ReadScope
from costinsights.costs.selectors import current_costs, read_scope_of
from tenants.features import Access, Feature, feature_access
from tenants.gates import FeatureRequiredMixin

_BY_KIND = (Dimension("namespace"), Dimension("controller_kind"))


@method_decorator(transaction.non_atomic_requests, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class OverviewPage(HtmxPartialMixin, MemberRequiredMixin, FeatureRequiredMixin, TemplateView):
    """What it costs now. The parameters are those of GET /api/v1/costs/current."""

    feature = Feature.CURRENT_COSTS
    open_to_support = True

    template_name = "overview/page.html"
    htmx_partial = "results"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        now = timezone.now()
        clusters = list(Cluster.objects.in_order().values_list("slug", "name"))
        error: InvalidInput | None = None
        costs: CurrentCosts | None = None
        by_kind: CurrentCosts | None = None
        try:
            query = CurrentCostQuery.parse(self.request.GET, now=now, scope=self.scope)
            if clusters:
                # Only the part that htmx asks for may wait for an OpenCost.
                wait = self.request.headers.get("HX-Request") == "true"
                costs = current_costs(query, now=now, wait=wait)
        except InvalidInput as refused:
            query, error = self._without_what_is_wrong(refused, now), refused
        pending = costs is not None and costs.is_pending
        if costs is not None and not pending:
            tasks.enqueue_refreshes(costs.refreshes)
            by_kind = self._by_kind(query, costs)
        context.update(
            page_context(
                query=query,
                costs=costs,
                clusters=clusters,
                path=reverse("overview"),
                csv_path=reverse("costs-csv"),
                api_path=reverse("api-costs-current"),
                by_kind=by_kind,
                error=error,
                pending=pending,
                can_manage=self.member.has_role(Role.ADMIN),
                connect_url=reverse("cluster-connect"),
            )
        )
        context["shows_forecast"] = feature_access(Feature.HISTORY) is not Access.CLOSED
        return context

    @cached_property
    def scope(self) -> ReadScope:
        """What this member may see."""
        return read_scope_of(self.member)

    def _without_what_is_wrong(self, refused: InvalidInput, now: datetime) -> CurrentCostQuery:
        """The question without the parameter that was refused: the rest of the query bar stays as it is."""
        rest = {
            name: value for name, value in self.request.GET.dict().items() if name != refused.field
        }
        try:
            return CurrentCostQuery.parse(rest, now=now, scope=self.scope)
        except InvalidInput:
            return CurrentCostQuery.parse({}, now=now, scope=self.scope)

    def _by_kind(self, query: CurrentCostQuery, costs: CurrentCosts) -> CurrentCosts | None:
        """The same costs by namespace and workload kind, for the second chart; from the same rows."""
        if not costs.has_data or query.aggregate == _BY_KIND:
            return None
        idle = IdleMode.HIDE if query.idle == IdleMode.SEPARATE else query.idle
        kinds = query.narrowed(aggregate=_BY_KIND, limit=MOST_ROWS, idle=idle)
        return current_costs(kinds, now=timezone.now(), wait=False)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class CostsCSV(MemberRequiredMixin, FeatureRequiredMixin, View):
    """The overview's table as a file, all lines of it unless a limit is given."""

    feature = Feature.CURRENT_COSTS

    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        parameters = {"limit": str(MOST_ROWS), **request.GET.dict()}
        try:
            query = CurrentCostQuery.parse(parameters, now=now, scope=read_scope_of(self.member))
            costs = current_costs(query, now=now)
        except InvalidInput as refused:
            return HttpResponse(
                refused.message, status=refused.status, content_type="text/plain; charset=utf-8"
            )
        tasks.enqueue_refreshes(costs.refreshes)
        name = csv_file_name(costs, current_tenant().slug)
        record_event("download.costs_csv", target=name, details=request.GET.dict())
        return HttpResponse(
            current_costs_csv(costs),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
