"""The answers from stored history as OpenAPI sees them. The documents are built in `history.documents`."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from costinsights.core.api.fields import MoneyField
from costinsights.costs.api.current_schema import (
    ConversionSerializer,
    CostRowSerializer,
    WindowSerializer,
)
from costinsights.costs.current.rows import Kind
from costinsights.costs.history.compare import Base, Change
from costinsights.costs.history.completeness import StepState
from costinsights.costs.history.query import DEFAULT_LIMIT, MOST_ROWS
from costinsights.costs.history.steps import LONGER_WORDS, SHORT_WORDS, Step
from costinsights.costs.parameters import IdleMode


class HistoryQueryEchoSerializer(serializers.Serializer[Any]):
    """The question as it was understood."""

    group_by = serializers.ListField(child=serializers.CharField())
    filter = serializers.CharField(allow_blank=True)
    cluster = serializers.ListField(child=serializers.CharField())
    idle = serializers.ChoiceField(choices=[mode.value for mode in IdleMode])
    limit = serializers.IntegerField()


class ExcludedSerializer(serializers.Serializer[Any]):
    """A cluster that takes no part."""

    cluster = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()
    reason = serializers.CharField()


class StepSerializer(serializers.Serializer[Any]):
    """One point in time of every series."""

    start = serializers.CharField(
        help_text="UTC, included: a day such as 2026-01-31, with `step=hour` an instant. The step ends where the "
        "next one starts, the last one at the window's end."
    )
    state = serializers.ChoiceField(
        choices=[state.value for state in StepState],
        help_text="`partial`: running, or some of it was not stored. `missing`: nothing is stored; its "
        "amounts are null, which is not zero.",
    )
    completeness = serializers.FloatField(help_text="Stored share of the elapsed minutes, 0 to 1.")
    total = MoneyField(allow_null=True)


class HistoryRowSerializer(CostRowSerializer):
    """One line over the whole period, and its amount in each step."""

    points = serializers.ListField(child=MoneyField(allow_null=True))


class HistoryReconciliationSerializer(serializers.Serializer[Any]):
    """The proof that the lines are the total. `difference` is always 0.000000."""

    rows_sum = MoneyField()
    total = MoneyField()
    difference = MoneyField()
    ledger_total = MoneyField(
        allow_null=True,
        help_text="What the ledger of windows says; null where a filter or a limit leaves something out.",
    )
    unknown_rows = serializers.IntegerField(help_text="Rows with a cost OpenCost did not know.")


class HistorySerializer(serializers.Serializer[Any]):
    """What Kubernetes cost over time."""

    window = WindowSerializer()
    step = serializers.ChoiceField(choices=[step.value for step in Step])
    currency = serializers.CharField()
    query = HistoryQueryEchoSerializer()
    clusters = serializers.ListField(child=serializers.CharField())
    conversions = ConversionSerializer(
        many=True, help_text="Rates used, by currency and day; empty where nothing was converted."
    )
    excluded = ExcludedSerializer(many=True)
    data_through = serializers.DateTimeField(
        allow_null=True, help_text="Every cluster has data up to here."
    )
    steps = StepSerializer(many=True)
    rows = HistoryRowSerializer(many=True)
    totals = CostRowSerializer()
    hidden_idle = MoneyField(allow_null=True)
    reconciliation = HistoryReconciliationSerializer()


class DriverSerializer(serializers.Serializer[Any]):
    """A component's part in a delta. The three parts add up to it."""

    component = serializers.CharField()
    delta = MoneyField()
    by_quantity = MoneyField(help_text="Change of the amount used, at the old price.")
    by_price = MoneyField(help_text="Change of the price, for the new amount.")
    other = MoneyField(help_text="Of components without a quantity.")


class ComparedRowSerializer(serializers.Serializer[Any]):
    """One line in both periods."""

    key = serializers.DictField(child=serializers.CharField())
    label = serializers.CharField()  # type: ignore[assignment]  # a member's name
    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    current = MoneyField()
    previous = MoneyField()
    delta = MoneyField()
    ratio = serializers.FloatField(
        allow_null=True, help_text="Delta / previous; null when that was 0."
    )
    change = serializers.ChoiceField(choices=[change.value for change in Change])
    drivers = DriverSerializer(many=True)
    members = serializers.IntegerField()


class ComparisonReconciliationSerializer(serializers.Serializer[Any]):
    """The proof that the lines are the total."""

    rows_sum = MoneyField()
    total = MoneyField()
    difference = MoneyField()


class ComparisonSerializer(serializers.Serializer[Any]):
    """Two periods side by side."""

    window = WindowSerializer()
    base = serializers.ChoiceField(choices=[base.value for base in Base])
    previous = WindowSerializer()
    currency = serializers.CharField()
    query = HistoryQueryEchoSerializer()
    conversions = ConversionSerializer(
        many=True, help_text="Rates used, by currency and day; empty where nothing was converted."
    )
    excluded = ExcludedSerializer(many=True)
    data_through = serializers.DateTimeField(allow_null=True)
    completeness = serializers.FloatField()
    previous_completeness = serializers.FloatField()
    rows = ComparedRowSerializer(many=True)
    totals = ComparedRowSerializer()
    movers = ComparedRowSerializer(many=True, help_text="The ten greatest changes.")
    hidden_idle = MoneyField(allow_null=True)
    previous_hidden_idle = MoneyField(allow_null=True)
    reconciliation = ComparisonReconciliationSerializer()


_COMMON = [
    OpenApiParameter(
        "window",
        str,
        default="30d",
        description=f"One of {', '.join((*SHORT_WORDS, *LONGER_WORDS))}. Days are UTC.",
    ),
    OpenApiParameter(
        "start",
        str,
        description="Instead of a window: a UTC day, or a full hour in RFC 3339. Included.",
    ),
    OpenApiParameter("end", str, description="As start; excluded. Default: the end of today."),
    OpenApiParameter(
        "group_by",
        str,
        default="namespace",
        description="Up to three of cluster, namespace, controller_kind, controller, node, `label:KEY`, "
        "`annotation:KEY`. Labels are those that the rows had at the time; only stored keys are known.",
    ),
    OpenApiParameter(
        "filter",
        str,
        description="As for current costs, over what is stored: cluster, node, namespace, controllerKind, "
        "controllerName, `label[name]`, `annotation[name]`.",
    ),
    OpenApiParameter("cluster", str, description="Slugs of clusters, separated by commas."),
    OpenApiParameter(
        "idle", str, enum=[mode.value for mode in IdleMode], default=IdleMode.SEPARATE.value
    ),
    OpenApiParameter(
        "limit",
        int,
        default=DEFAULT_LIMIT,
        description=f"1 to {MOST_ROWS:,} lines, ranked over the whole period; the rest becomes Others.",
    ),
    OpenApiParameter("currency", str, description="ISO 4217: which clusters take part."),
]
HISTORY_PARAMETERS = [
    *_COMMON,
    OpenApiParameter(
        "step",
        str,
        enum=[step.value for step in Step],
        description="Default: what gives a readable number of points.",
    ),
]
COMPARE_PARAMETERS = [
    *_COMMON,
    OpenApiParameter(
        "compare",
        str,
        enum=[base.value for base in Base],
        default=Base.PREVIOUS.value,
        description="`previous`: the period just before, as long. `last_month`, `last_quarter`, "
        "`last_year`: the same days then. `custom`: from `compare_start`, as long.",
    ),
    OpenApiParameter("compare_start", str, description="With `compare=custom`: a UTC day."),
]
