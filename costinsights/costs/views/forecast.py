"""The forecast of the running month as a headline: a part of the overview and of the history page."""

from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from costinsights.accounts.permissions import MemberRequiredMixin
from costinsights.core.errors import InvalidInput
from costinsights.core.snapshots import one_snapshot
from costinsights.costs.history.forecast import Horizon, current_span, forecast, parse_question
from costinsights.costs.history.page.forecast import forecast_card
from costinsights.costs.selectors import read_scope_of
from costinsights.costs.views.budgets import can_change
from tenants.features import Feature, has_feature
from tenants.gates import FeatureRequiredMixin


@method_decorator(transaction.non_atomic_requests, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class ForecastCard(MemberRequiredMixin, FeatureRequiredMixin):
    """The parameters are those of GET /api/v1/costs/forecast, for the month of now."""

    feature = Feature.HISTORY
    open_to_support = True

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {"card": self._card(), "budget_url": self._budget_url()}
        return render(request, "history/forecast_card.html", context)

    def _budget_url(self) -> str:
        """The form of a budget over the same costs; "" for whoever cannot make one."""
        if not has_feature(Feature.BUDGETS) or not can_change(self.member):
            return ""
        given = {name: self.request.GET.get(name, "") for name in ("filter", "cluster", "idle")}
        text = urlencode({name: value for name, value in given.items() if value})
        return f"{reverse('budget-make')}?{text}" if text else reverse("budget-make")

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
