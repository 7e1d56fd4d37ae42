"""The JSON of budgets: what is given, what is answered."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from costinsights.core.api.fields import InstantField, MoneyField
from costinsights.costs.api.forecast import (
    ForecastDaysSerializer,
    ProjectionSerializer,
    SpanSerializer,
)
from costinsights.costs.api.history_schema import ExcludedSerializer
from costinsights.costs.budgets.documents import percent_of
from costinsights.costs.budgets.models import (
    LONGEST_NAME,
    LONGEST_NOTE,
    Basis,
    Budget,
    BudgetEvent,
    BudgetPeriod,
    BudgetState,
)
from costinsights.costs.parameters import IdleMode


class StandingSerializer(serializers.Serializer[Any]):
    """How the budget stood when it was last evaluated."""

    state = serializers.ChoiceField(choices=BudgetState.choices)
    reason = serializers.CharField()
    period = serializers.CharField(source="period_name")
    spent = MoneyField(allow_null=True)
    forecast = MoneyField(allow_null=True)
    data_through = InstantField(read_only=True, allow_null=True)
    evaluated_at = InstantField(read_only=True)


class BudgetSerializer(serializers.ModelSerializer[Budget]):
    """What a part of the costs may come to in each month or quarter."""

    amount = MoneyField()
    filter = serializers.CharField(source="filter_text", read_only=True)
    cluster = serializers.ListField(
        source="clusters", child=serializers.CharField(), read_only=True
    )
    owner = serializers.SerializerMethodField(help_text="E-mail; null when there is none.")
    standing = serializers.SerializerMethodField()
    created_at = InstantField(read_only=True)
    updated_at = InstantField(read_only=True)

    class Meta:
        model = Budget
        fields = (
            "id",
            "name",
            "amount",
            "currency",
            "period",
            "filter",
            "cluster",
            "idle",
            "actual_thresholds",
            "forecast_thresholds",
            "owner",
            "note",
            "valid_from",
            "valid_until",
            "standing",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_owner(self, budget: Budget) -> str | None:
        return budget.owner.email if budget.owner else None

    @extend_schema_field(StandingSerializer(allow_null=True))
    def get_standing(self, budget: Budget) -> dict[str, Any] | None:
        standing = getattr(budget, "standing", None)
        return None if standing is None else dict(StandingSerializer(standing).data)


class BudgetInputSerializer(serializers.Serializer[Any]):
    """A budget to make."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    amount = serializers.CharField(max_length=30, help_text="Decimal text, more than 0.")
    currency = serializers.CharField(
        max_length=3, required=False, help_text="ISO 4217; the reporting currency by default."
    )
    period = serializers.ChoiceField(
        choices=BudgetPeriod.choices,
        required=False,
        help_text="Quarters are those of the fiscal year.",
    )
    filter = serializers.CharField(
        required=False, allow_blank=True, help_text="As for history; empty for everything."
    )
    cluster = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        help_text="Slugs; none for all clusters.",
    )
    idle = serializers.ChoiceField(choices=[mode.value for mode in IdleMode], required=False)
    actual_thresholds = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Percents of the amount that actual cost reaches.",
    )
    forecast_thresholds = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Percents of the amount that the forecast reaches.",
    )
    owner = serializers.EmailField(
        required=False, allow_null=True, help_text="Who is told; you by default, null for nobody."
    )
    note = serializers.CharField(max_length=LONGEST_NOTE, required=False, allow_blank=True)
    valid_from = serializers.DateField(required=False)
    valid_until = serializers.DateField(required=False, allow_null=True)


class ThresholdSerializer(serializers.Serializer[Any]):
    """One threshold in the period."""

    basis = serializers.ChoiceField(choices=Basis.choices)
    percent = serializers.IntegerField()
    is_reached = serializers.BooleanField()
    day = serializers.DateField(
        allow_null=True, help_text="When so much is spent, or expected to be."
    )


class BudgetPointSerializer(serializers.Serializer[Any]):
    """Running sums at the end of a day."""

    day = serializers.DateField()
    is_complete = serializers.BooleanField()
    spent = MoneyField(allow_null=True)
    expected = MoneyField(allow_null=True)
    low = MoneyField(allow_null=True)
    high = MoneyField(allow_null=True)
    line = MoneyField(help_text="The budget, spread evenly over the days.")


class BudgetStatusSerializer(serializers.Serializer[Any]):
    """How a budget stands in its running period, computed now."""

    budget = serializers.IntegerField()
    state = serializers.ChoiceField(
        choices=BudgetState.choices,
        help_text="`exceeded`: more is spent. `at_risk`: the forecast is more. `unknown`: `reason` says why.",
    )
    reason = serializers.CharField(allow_blank=True)
    period = SpanSerializer()
    currency = serializers.CharField()
    amount = MoneyField()
    spent = MoneyField(allow_null=True, help_text="Of days that are over; today is not counted.")
    percent = serializers.FloatField(allow_null=True)
    forecast = ProjectionSerializer(allow_null=True)
    forecast_percent = serializers.FloatField(allow_null=True)
    days = ForecastDaysSerializer()
    data_through = serializers.DateTimeField(allow_null=True)
    excluded = ExcludedSerializer(many=True)
    thresholds = ThresholdSerializer(many=True)
    series = BudgetPointSerializer(many=True)


class BudgetEventSerializer(serializers.ModelSerializer[BudgetEvent]):
    """A threshold that was reached: once in a period."""

    period = serializers.CharField(source="period_name", read_only=True)
    value = MoneyField(help_text="What reached it.")
    amount = MoneyField(help_text="The budget at that time.")
    share = serializers.SerializerMethodField(help_text="Value in percent of the budget.")
    period_start = InstantField(read_only=True)
    period_end = InstantField(read_only=True)
    data_through = InstantField(read_only=True)
    happened_at = InstantField(read_only=True)
    mailed_at = InstantField(read_only=True)

    class Meta:
        model = BudgetEvent
        fields = (
            "id",
            "period",
            "period_start",
            "period_end",
            "basis",
            "percent",
            "value",
            "amount",
            "share",
            "currency",
            "data_through",
            "happened_at",
            "mailed_at",
        )
        read_only_fields = fields

    def get_share(self, event: BudgetEvent) -> float | None:
        return percent_of(event.value, event.amount)
