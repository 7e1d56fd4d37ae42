"""The current-cost answer as OpenAPI sees it. The document itself is built in `costs.documents`."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from costinsights.core.api.fields import MoneyField
from costinsights.core.periods import WINDOW_WORDS
from costinsights.costs.current.answer import SourceState
from costinsights.costs.current.query import DEFAULT_LIMIT, MOST_ROWS, SORT_COLUMNS, IdleMode
from costinsights.costs.current.rows import Flag, Kind


def _ratio(words: str) -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=words)


class WindowSerializer(serializers.Serializer[Any]):
    """The period in UTC: start included, end excluded."""

    name = serializers.CharField(help_text="As asked for.")
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class QueryEchoSerializer(serializers.Serializer[Any]):
    """The question as it was understood."""

    aggregate = serializers.ListField(child=serializers.CharField())
    filter = serializers.CharField(allow_blank=True)
    cluster = serializers.ListField(child=serializers.CharField())
    idle = serializers.ChoiceField(choices=[mode.value for mode in IdleMode])
    limit = serializers.IntegerField()
    sort = serializers.CharField()


class SourceSerializer(serializers.Serializer[Any]):
    """A cluster's part in the answer."""

    cluster = serializers.CharField(help_text="Its slug.")
    name = serializers.CharField()
    currency = serializers.CharField()
    state = serializers.ChoiceField(
        choices=[state.value for state in SourceState],
        help_text="`stale`: the last good answer, shown while newer numbers are fetched. `failed`: days are "
        "missing and could not be read. `excluded`: costs are in another currency, and no exchange rate is entered.",
    )
    code = serializers.CharField(allow_null=True, help_text="Stable; why it is not fresh.")
    reason = serializers.CharField(allow_null=True, help_text="The same for a person.")
    as_of = serializers.DateTimeField(allow_null=True, help_text="When OpenCost was asked.")
    age_seconds = serializers.IntegerField(allow_null=True)
    rows = serializers.IntegerField(help_text="Allocation rows it contributed, before the filter.")
    missing_days = serializers.IntegerField()
    sample = serializers.BooleanField(help_text="Whether its costs are generated sample data.")


class ConversionSerializer(serializers.Serializer[Any]):
    """An exchange rate that amounts of this answer were converted with."""

    currency = serializers.CharField(help_text="What the cluster's costs are in.")
    rate = serializers.CharField(
        help_text="Units of the answer's currency for one of it; decimal text."
    )
    valid_from = serializers.DateField()
    source = serializers.CharField(allow_blank=True, help_text="Where the rate came from.")  # type: ignore[assignment]  # a member's name


class ComponentsSerializer(serializers.Serializer[Any]):
    """What a total is made of."""

    cpu = MoneyField()
    ram = MoneyField()
    gpu = MoneyField()
    pv = MoneyField()
    network = MoneyField()
    load_balancer = MoneyField()
    shared = MoneyField()
    external = MoneyField()


class HoursSerializer(serializers.Serializer[Any]):
    """What was held, times how long."""

    cpu_core = serializers.FloatField(help_text="Core-hours.")
    ram_gib = serializers.FloatField(help_text="GiB-hours.")
    gpu = serializers.FloatField(help_text="GPU-hours.")
    pv_gib = serializers.FloatField(help_text="GiB-hours.")


class EfficiencySerializer(serializers.Serializer[Any]):
    """Use divided by request; 1 is all of it, null is unknown."""

    cpu = _ratio("CPU use / request.")
    ram = _ratio("RAM use / request.")
    total = _ratio("Both, weighed by what CPU and RAM cost.")


class CostRowSerializer(serializers.Serializer[Any]):
    """One line."""

    key = serializers.DictField(
        child=serializers.CharField(),
        help_text="Value by dimension; `__unallocated__` where there is none, `__idle__` for idle cost.",
    )
    label = serializers.CharField(help_text="For a person.")  # type: ignore[assignment]  # a member's name
    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    components = ComponentsSerializer()
    total = MoneyField()
    hours = HoursSerializer()
    efficiency = EfficiencySerializer()
    share = _ratio("Share of the total, 1 = all of it.")
    flags = serializers.ListField(
        child=serializers.ChoiceField(choices=[flag.value for flag in Flag])
    )
    members = serializers.IntegerField(help_text="How many lines `Others` stands for; else 1.")


class KpisSerializer(serializers.Serializer[Any]):
    """The four headline numbers."""

    total = MoneyField()
    idle = MoneyField(
        allow_null=True,
        help_text="Null where no cluster's idle cost is known: scoped, or without Prometheus.",
    )
    unallocated = MoneyField(help_text="Without an owner in what was grouped by.")
    efficiency = _ratio("Of all workloads together.")


class ReconciliationSerializer(serializers.Serializer[Any]):
    """The proof that the lines are the total. `difference` is always 0.000000."""

    rows_sum = MoneyField()
    total = MoneyField()
    difference = MoneyField()
    opencost_total = MoneyField(help_text="OpenCost's own totals of the same rows.")
    opencost_difference = MoneyField(help_text="Ours minus OpenCost's: rounding, as a rule.")
    unknown_rows = serializers.IntegerField(help_text="Rows with a cost OpenCost did not know.")


class CurrentCostsSerializer(serializers.Serializer[Any]):
    """What Kubernetes costs now."""

    window = WindowSerializer()
    as_of = serializers.DateTimeField(
        allow_null=True, help_text="The numbers are true for this instant; the oldest source's."
    )
    currency = serializers.CharField()
    query = QueryEchoSerializer()
    conversions = ConversionSerializer(
        many=True, help_text="Rates used, by day; empty where nothing was converted."
    )
    sample = serializers.BooleanField(
        help_text="True when any number is generated sample data, not a cost of yours."
    )
    sources = SourceSerializer(many=True)
    rows = CostRowSerializer(many=True)
    totals = CostRowSerializer()
    hidden_idle = MoneyField(allow_null=True, help_text="With `idle=hide`: what was left out.")
    kpis = KpisSerializer()
    reconciliation = ReconciliationSerializer()
    complete = serializers.BooleanField(help_text="Whether every cluster and day is in.")
    refreshing = serializers.BooleanField(help_text="Whether newer numbers are being fetched.")


PARAMETERS = [
    OpenApiParameter(
        "window",
        str,
        default="today",
        description=f"One of {', '.join(WINDOW_WORDS)}, or `start,end` in RFC 3339 on full hours. UTC.",
        examples=[
            OpenApiExample("today", value="today"),
            OpenApiExample("two_days", value="2026-01-01T00:00:00Z,2026-01-03T00:00:00Z"),
        ],
    ),
    OpenApiParameter(
        "aggregate",
        str,
        default="namespace",
        description="Up to three of cluster, namespace, controller_kind, controller, pod, container, node, "
        "`label:KEY`, `annotation:KEY`, separated by commas.",
    ),
    OpenApiParameter(
        "filter",
        str,
        description="OpenCost's filter language: fields cluster, node, namespace, controllerKind, "
        "controllerName, pod, container, services, `label[name]`, `annotation[name]`; operators `:` `!:` "
        "`~:` `<~:` `~>:` and their negations; `+` is AND (send `%2B`), `|` is OR.",
        examples=[OpenApiExample("shop_web", value='namespace:"shop"+label[app]:"web"')],
    ),
    OpenApiParameter(
        "cluster",
        str,
        description="Slugs of clusters, separated by commas. Default: all, without sample data once a real one is connected.",
    ),
    OpenApiParameter(
        "idle",
        str,
        enum=[mode.value for mode in IdleMode],
        default=IdleMode.SEPARATE.value,
        description="`separate`: lines of its own. `share`: over the workloads of its cluster, in proportion "
        "to their cost. `hide`: left out, the amount in `hidden_idle`.",
    ),
    OpenApiParameter(
        "limit",
        int,
        default=DEFAULT_LIMIT,
        description=f"1 to {MOST_ROWS:,} lines; the rest becomes one line, Others.",
    ),
    OpenApiParameter(
        "sort",
        str,
        default="-total",
        description=f"One of {', '.join(SORT_COLUMNS)}; a minus puts the largest first.",
    ),
    OpenApiParameter(
        "currency",
        str,
        description="ISO 4217. Clusters in other currencies are converted with the workspace's exchange rates, "
        "each day at its own; one without a rate is `excluded`. Default: the workspace's reporting currency "
        "where a cluster has it or a rate to it, else the most common one.",
    ),
]

_EXAMPLE_ROW = {
    "key": {"namespace": "shop"},
    "label": "shop",
    "kind": "workload",
    "components": {
        "cpu": "12.500000",
        "ram": "4.250000",
        "gpu": "0.000000",
        "pv": "1.100000",
        "network": "0.150000",
        "load_balancer": "0.600000",
        "shared": "0.000000",
        "external": "0.000000",
    },
    "total": "18.600000",
    "hours": {"cpu_core": 395.4, "ram_gib": 1003.1, "gpu": 0.0, "pv_gib": 20076.0},
    "efficiency": {"cpu": 0.41, "ram": 0.72, "total": 0.4887},
    "share": 1.0,
    "flags": [],
    "members": 1,
}
EXAMPLE = OpenApiExample(
    "today_by_namespace",
    summary="Today, by namespace",
    response_only=True,
    media_type="application/json",
    value={
        "window": {
            "name": "today",
            "start": "2026-01-31T00:00:00Z",
            "end": "2026-02-01T00:00:00Z",
        },
        "as_of": "2026-01-31T15:04:05Z",
        "currency": "USD",
        "query": {
            "aggregate": ["namespace"],
            "filter": "",
            "cluster": [],
            "idle": "separate",
            "limit": 100,
            "sort": "-total",
        },
        "conversions": [],
        "sample": False,
        "sources": [
            {
                "cluster": "prod-eu",
                "name": "Production EU",
                "currency": "USD",
                "state": "fresh",
                "code": None,
                "reason": None,
                "as_of": "2026-01-31T15:04:05Z",
                "age_seconds": 12,
                "rows": 214,
                "missing_days": 0,
                "sample": False,
            }
        ],
        "rows": [_EXAMPLE_ROW],
        "totals": {**_EXAMPLE_ROW, "key": {}, "label": "Total", "kind": "total"},
        "hidden_idle": None,
        "kpis": {
            "total": "18.600000",
            "idle": "0.000000",
            "unallocated": "0.000000",
            "efficiency": 0.4887,
        },
        "reconciliation": {
            "rows_sum": "18.600000",
            "total": "18.600000",
            "difference": "0.000000",
            "opencost_total": "18.599990",
            "opencost_difference": "0.000010",
            "unknown_rows": 0,
        },
        "complete": True,
        "refreshing": False,
    },
)
