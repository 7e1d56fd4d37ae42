"""Answers about cost layers as OpenAPI sees them. The documents are built in `layers.documents`."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from costinsights.core.api.fields import MoneyField
from costinsights.costs.api.current_schema import WindowSerializer
from costinsights.costs.api.history_schema import ExcludedSerializer, StepSerializer
from costinsights.costs.history.steps import Step
from costinsights.costs.layers.answers import LineKind
from costinsights.costs.layers.models import SourceState
from costinsights.costs.layers.query import ALLOCATION, DIMENSIONS
from costinsights.opencost.layer_rows import Layer

LAYER_VALUES = [layer.value for layer in Layer]


class LayerQueryEchoSerializer(serializers.Serializer[Any]):
    """The question as it was understood."""

    group_by = serializers.ListField(child=serializers.CharField())
    cluster = serializers.ListField(child=serializers.CharField())
    limit = serializers.IntegerField()


class OverlapSerializer(serializers.Serializer[Any]):
    """An account that several clusters deliver: its costs stand in the total more than once."""

    provider = serializers.CharField()
    account = serializers.CharField()
    clusters = serializers.ListField(child=serializers.CharField())


class LayerRowSerializer(serializers.Serializer[Any]):
    """One line over the whole period, and its amount in each step."""

    key = serializers.DictField(child=serializers.CharField())
    label = serializers.CharField()  # type: ignore[assignment]  # a member's name
    kind = serializers.ChoiceField(choices=[kind.value for kind in LineKind])
    total = MoneyField(
        help_text="What is known. Assets: OpenCost's total. Cloud: the effective cost (amortized, net of "
        "discounts). Custom: what was billed, or the list cost where nothing was billed."
    )
    amounts = serializers.DictField(
        child=MoneyField(allow_null=True),
        help_text="The layer's measures; null where OpenCost does not know one.",
    )
    share = serializers.FloatField(allow_null=True)
    unknown_rows = serializers.IntegerField(help_text="Rows whose cost OpenCost did not know.")
    members = serializers.IntegerField()
    points = serializers.ListField(child=MoneyField(allow_null=True))


class LayerReconciliationSerializer(serializers.Serializer[Any]):
    """The proof that the lines are the layer's total. `difference` is always 0.000000."""

    rows_sum = MoneyField()
    total = MoneyField()
    difference = MoneyField()
    ledger_total = MoneyField()
    unknown_rows = serializers.IntegerField()


class LayerHistorySerializer(serializers.Serializer[Any]):
    """What a layer cost over time. No allocation is in it."""

    layer = serializers.ChoiceField(choices=LAYER_VALUES)
    window = WindowSerializer()
    step = serializers.ChoiceField(choices=[step.value for step in Step])
    currency = serializers.CharField()
    query = LayerQueryEchoSerializer()
    clusters = serializers.ListField(child=serializers.CharField())
    excluded = ExcludedSerializer(many=True)
    overlaps = OverlapSerializer(many=True)
    data_through = serializers.DateTimeField(allow_null=True)
    steps = StepSerializer(many=True)
    rows = LayerRowSerializer(many=True)
    totals = LayerRowSerializer()
    reconciliation = LayerReconciliationSerializer()


class ClusterLayerSerializer(serializers.Serializer[Any]):
    """How a cluster stands with a layer."""

    cluster = serializers.CharField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=SourceState.values)
    reason = serializers.CharField(allow_null=True, help_text="Why its OpenCost does not have it.")
    days = serializers.IntegerField(help_text="Stored days of the window.")
    data_through = serializers.DateField(allow_null=True, help_text="The last stored day.")
    error_code = serializers.CharField(allow_null=True)
    error = serializers.CharField(allow_null=True, help_text="The last reading's, if it failed.")


class LayerBesideSerializer(serializers.Serializer[Any]):
    """A layer's total of the window; null where nothing is stored."""

    layer = serializers.ChoiceField(choices=LAYER_VALUES)
    total = MoneyField(allow_null=True)
    outside_cost = MoneyField(
        allow_null=True,
        help_text="What of it has nothing to do with Kubernetes; null for assets.",
    )
    days = serializers.IntegerField()
    clusters = ClusterLayerSerializer(many=True)


class OverheadPartSerializer(serializers.Serializer[Any]):
    """A kind of infrastructure beside what of it was allocated."""

    name = serializers.CharField()
    assets = MoneyField()
    allocated = MoneyField()
    difference = MoneyField()


class OverheadSerializer(serializers.Serializer[Any]):
    """Infrastructure less what was allocated of it, over the cluster-days for which both are known."""

    total = MoneyField()
    assets = MoneyField()
    allocated = MoneyField(
        help_text="CPU, RAM, GPU, volumes and load balancers, idle cost included. Network traffic is no asset."
    )
    cluster_days = serializers.IntegerField()
    parts = OverheadPartSerializer(many=True)


class LayersSerializer(serializers.Serializer[Any]):
    """What stands beside the allocations of a window. Layers overlap: never add them to anything."""

    window = WindowSerializer()
    currency = serializers.CharField()
    layers = LayerBesideSerializer(many=True)
    overhead = OverheadSerializer(allow_null=True)


LAYER_PARAMETER = OpenApiParameter(
    "layer",
    str,
    enum=[ALLOCATION, *LAYER_VALUES],
    default=ALLOCATION,
    description="Which book is asked. Layers are stored by day, and group by words of their own: "
    + "; ".join(f"{layer}: {', '.join(names)}" for layer, names in DIMENSIONS.items())
    + "; assets and cloud also `label:KEY`. Filter and idle are questions about allocations only.",
)
