"""One cost layer over time, beside allocations and never in them."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from costinsights.accounts.permissions import MemberRequiredMixin
from costinsights.core.errors import InvalidInput
from costinsights.core.htmx import HtmxPartialMixin
from costinsights.core.snapshots import one_snapshot
from costinsights.costs.layers.answers import LayerAnswer, layer_history
from costinsights.costs.layers.beside import beside_allocations
from costinsights.costs.layers.page import layer_context, parsed
from costinsights.costs.layers.query import LayersNotShown
from costinsights.costs.models import Cluster
from costinsights.costs.selectors import read_scope_of
from tenants.features import Feature
from tenants.gates import FeatureRequiredMixin


@method_decorator(transaction.non_atomic_requests, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class LayerPage(HtmxPartialMixin, MemberRequiredMixin, FeatureRequiredMixin, TemplateView):
    """Assets, the cloud's bill or custom costs. The parameters are those of GET /api/v1/costs/history."""

    feature = Feature.HISTORY
    open_to_support = True

    template_name = "history/layer.html"
    htmx_partial = "results"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().get(request, *args, **kwargs)
        except LayersNotShown as refused:
            return render(
                request, "history/layers_not_shown.html", {"refused": refused}, status=403
            )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        now = timezone.now()
        scope = read_scope_of(self.member)
        query, error = parsed(self.request.GET.dict(), now=now, scope=scope)
        answer: LayerAnswer | None = None
        beside = None
        with one_snapshot():
            clusters = [(cluster.slug, cluster.name) for cluster in Cluster.objects.in_order()]
            if clusters and error is None:
                try:
                    answer = layer_history(query, now=now)
                    beside = beside_allocations(
                        query.period,
                        scope=scope,
                        clusters=query.clusters,
                        currency=answer.currency,
                    )
                except InvalidInput as refused:
                    error = refused
        return context | layer_context(
            query=query,
            answer=answer,
            beside=beside,
            clusters=clusters,
            history=reverse("history"),
            path=reverse("history-layers"),
            api=reverse("api-costs-history"),
            now=now,
            error=error,
        )
