"""The endpoint of forecasts, and how OpenAPI sees one."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.decorators import method_decorator
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts.permissions import IsMember, member_of
from costinsights.core.api.fields import MoneyField
from costinsights.core.api.schema import problem_responses
from costinsights.core.errors import InvalidInput
from costinsights.core.snapshots import one_snapshot
from costinsights.costs.api.history_schema import ExcludedSerializer
from costinsights.costs.history.forecast import (
    PARAMETERS,
    Horizon,
    current_span,
    forecast,
    parse_horizon,
    parse_question,
)
from costinsights.costs.history.forecast_documents import forecast_document
from costinsights.costs.parameters import IdleMode
from costinsights.costs.selectors import read_scope_of
from tenants.features import Feature
from tenants.gates import HasFeature


class SpanSerializer(serializers.Serializer[Any]):
    """A month, or a quarter of the workspace's fiscal year."""

    kind = serializers.ChoiceField(choices=[horizon.value for horizon in Horizon])
    name = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField(help_text="Excluded.")


class ForecastQuerySerializer(serializers.Serializer[Any]):
    """The question as it was understood."""

    filter = serializers.CharField(allow_blank=True)
    cluster = serializers.ListField(child=serializers.CharField())
    idle = serializers.ChoiceField(choices=[mode.value for mode in IdleMode])


class ForecastDaysSerializer(serializers.Serializer[Any]):
    """How many days of the period there are of each kind."""

    complete = serializers.IntegerField()
    incomplete = serializers.IntegerField(help_text="Over, and stored in part or not at all.")
    left = serializers.IntegerField(help_text="Today and later.")


class ForecastIntervalSerializer(serializers.Serializer[Any]):
    """From `low` to `high`."""

    low = MoneyField()
    high = MoneyField()


class ProjectionSerializer(serializers.Serializer[Any]):
    """`total` = `actual` + `incomplete` + `gaps` + `remainder`, exactly."""

    total = MoneyField()
    gaps = MoneyField(help_text="Expected of what incomplete days lack.")
    remainder = MoneyField(help_text="Expected of today and the days after it.")
    interval_80 = ForecastIntervalSerializer()
    interval_95 = ForecastIntervalSerializer()
    learned_from_days = serializers.IntegerField()


class ForecastDaySerializer(serializers.Serializer[Any]):
    """One day of the period."""

    day = serializers.DateField()
    is_complete = serializers.BooleanField()
    actual = MoneyField(allow_null=True, help_text="Stored; null where nothing is.")
    expected = MoneyField(allow_null=True, help_text="Expected beyond what is stored.")


class ForecastSerializer(serializers.Serializer[Any]):
    """What a month or quarter will have cost at its end."""

    period = SpanSerializer()
    currency = serializers.CharField()
    query = ForecastQuerySerializer()
    clusters = serializers.ListField(child=serializers.CharField())
    excluded = ExcludedSerializer(many=True)
    without_data = serializers.ListField(
        child=serializers.CharField(), help_text="Clusters of which nothing is stored."
    )
    data_through = serializers.DateTimeField(allow_null=True)
    actual = MoneyField(help_text="Of complete days only; today is never one.")
    incomplete = MoneyField(help_text="Stored of days that are over and not complete.")
    days = ForecastDaysSerializer()
    forecast = ProjectionSerializer(
        allow_null=True, help_text="Null where too little is known; `reason` says why."
    )
    reason = serializers.CharField(allow_blank=True)
    method = serializers.CharField()
    series = ForecastDaySerializer(many=True)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class ForecastView(APIView):
    """What the running month or quarter will have cost."""

    feature = Feature.HISTORY
    permission_classes = (IsMember, HasFeature)

    @extend_schema(
        operation_id="costs_forecast",
        summary="Forecast the month or quarter",
        description="The complete days so far, what incomplete ones lack, and what is expected of the rest, with the "
        "ranges that the total lies in four times out of five and nineteen times out of twenty. There is no forecast from "
        "fewer than 14 complete days: `forecast` is then null, never zero.",
        tags=["Costs"],
        parameters=[
            OpenApiParameter(
                "period",
                str,
                enum=[horizon.value for horizon in Horizon],
                default=Horizon.MONTH.value,
                description="Quarters are those of the workspace's fiscal year.",
            ),
            OpenApiParameter("filter", str, description="As for history."),
            OpenApiParameter("cluster", str, description="Slugs of clusters, separated by commas."),
            OpenApiParameter(
                "idle",
                str,
                enum=[mode.value for mode in IdleMode],
                default=IdleMode.SEPARATE.value,
            ),
            OpenApiParameter("currency", str, description="ISO 4217."),
        ],
        responses={200: ForecastSerializer, **problem_responses(400, 401, 403, 406, 429)},
    )
    def get(self, request: Request) -> Response:
        given = request.query_params
        for name in given:
            if name not in (*PARAMETERS, "format"):
                raise InvalidInput(
                    f"There is no parameter “{name}”. There are {', '.join(PARAMETERS)}.",
                    field=name,
                    value=given[name],
                )
        now = timezone.now()
        horizon = parse_horizon(given.get("period") or Horizon.MONTH)
        query = parse_question(given, now=now, scope=read_scope_of(member_of(request)))
        with one_snapshot():
            found = forecast(query, current_span(horizon, now=now), now=now)
        return Response(forecast_document(found))
