"""The forecast of the running month as a headline: a part of the overview and of the history page."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from costinsights.accounts.permissions import MemberRequiredMixin
from costinsights.core.errors import InvalidInput
from costinsights.core.snapshots import one_snapshot
from costinsights.costs.history.forecast import Horizon, current_span, forecast, parse_question
from costinsights.costs.history.page.forecast import forecast_card
from costinsights.costs.selectors import read_scope_of
from tenants.features import Feature
from tenants.gates import FeatureRequiredMixin


@method_decorator(transaction.non_atomic_requests, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class ForecastCard(MemberRequiredMixin, FeatureRequiredMixin):
    """The parameters are those of GET /api/v1/costs/forecast, for the month of now."""

    feature = Feature.HISTORY
    open_to_support = True

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "history/forecast_card.html", {"card": self._card()})

    def _card(self) -> dict[str, Any]:
        now = timezone.now()
        span = current_span(Horizon.MONTH, now=now)
        try:
            query = parse_question(self.request.GET, now=now, scope=read_scope_of(self.member))
            with one_snapshot():
                return forecast_card(forecast(query, span, now=now))
        except InvalidInput as refused:
            label = f"Forecast for {span.period.start:%B}"
            return {"label": label, "value": "—", "note": refused.message}
