"""What stands beside allocations in a period: each layer's total, the cost outside of clusters, and the overhead.

Shown next to allocations and never added to them. Overhead is what a cluster's infrastructure cost and no workload,
idle cost or volume was given: the control plane, machines' own disks, load balancers of nobody.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Max, Sum

from costinsights.core.periods import ChargePeriod
from costinsights.costs.history.models import Grain, SnapshotState
from costinsights.costs.layers.answers import currency_of
from costinsights.costs.layers.models import LAYER_NAMES, LayerSource, LayerWindow, SourceState
from costinsights.costs.layers.query import LayersNotShown
from costinsights.costs.models import Cluster
from costinsights.costs.read_scope import ReadScope
from costinsights.costs.selectors import chosen_clusters
from costinsights.opencost.layer_rows import Layer


@dataclass(frozen=True, slots=True)
class ClusterLayer:
    """How a cluster stands with a layer. `days` and `through` are of the period."""

    cluster: str
    name: str
    state: str
    message: str
    days: int
    through: dt.date | None  # the last day that is stored
    error_code: str
    error: str


@dataclass(frozen=True, slots=True)
class LayerBeside:
    """A layer's total of the period in micro-units; None where nothing is stored. Unknown costs are not in it.

    `outside` is what of it has nothing to do with Kubernetes: of a bill what OpenCost does not call Kubernetes, of
    custom costs everything, of assets nothing (None).
    """

    layer: Layer
    total: int | None
    outside: int | None
    days: int
    clusters: list[ClusterLayer]

    @property
    def name(self) -> str:
        return LAYER_NAMES[self.layer]


@dataclass(frozen=True, slots=True)
class OverheadPart:
    """A kind of infrastructure beside what of it was allocated."""

    name: str
    assets: int
    allocated: int

    @property
    def difference(self) -> int:
        return self.assets - self.allocated


@dataclass(frozen=True, slots=True)
class Overhead:
    """Assets less allocations over the cluster-days for which both are completely known."""

    parts: list[OverheadPart]
    cluster_days: int

    @property
    def assets(self) -> int:
        return sum(part.assets for part in self.parts)

    @property
    def allocated(self) -> int:
        return sum(part.allocated for part in self.parts)

    @property
    def total(self) -> int:
        return self.assets - self.allocated


@dataclass(frozen=True, slots=True)
class Beside:
    """Everything beside the allocations of a period, in one currency."""

    window: str
    period: ChargePeriod
    currency: str
    layers: list[LayerBeside]
    overhead: Overhead | None

    @property
    def outside(self) -> int | None:
        """The bill's and the custom costs' part outside of Kubernetes; None where neither is stored."""
        known = [layer.outside for layer in self.layers if layer.outside is not None]
        return sum(known) if known else None

    @property
    def has_any(self) -> bool:
        return any(layer.total is not None for layer in self.layers)

    def of(self, layer: Layer) -> LayerBeside:
        return next(found for found in self.layers if found.layer is layer)


def beside_allocations(
    period: ChargePeriod,
    *,
    scope: ReadScope,
    window: str = "",
    clusters: Sequence[str] = (),
    currency: str = "",
) -> Beside:
    """The layers next to a period's allocations. Raises LayersNotShown for a limited member, and InvalidInput."""
    if scope.is_limited:
        raise LayersNotShown
    chosen = chosen_clusters(clusters)
    code = currency_of(currency, chosen, chosen)
    taking_part = [cluster for cluster in chosen if cluster.currency == code]
    return Beside(
        window=window,
        period=period,
        currency=code,
        layers=[_layer(layer, period, taking_part) for layer in Layer],
        overhead=_overhead(period, taking_part),
    )


def _layer(layer: Layer, period: ChargePeriod, clusters: Sequence[Cluster]) -> LayerBeside:
    first, end = period.start.date(), period.end.date()
    stored = {
        row["cluster_id"]: row
        for row in LayerWindow.objects.filter(
            cluster__in=clusters, layer=layer, day__gte=first, day__lt=end, revision__gt=0
        )
        .values("cluster_id")
        .annotate(days=Count("pk"), through=Max("day"), whole=Sum("total"))
        .order_by()
    }
    sources = {
        source.cluster_id: source
        for source in LayerSource.objects.filter(layer=layer, cluster__in=clusters)
    }
    return LayerBeside(
        layer=layer,
        total=sum(row["whole"] for row in stored.values()) if stored else None,
        outside=_outside(layer, first, end, clusters) if stored else None,
        days=max((row["days"] for row in stored.values()), default=0),
        clusters=[
            _cluster_layer(cluster, sources.get(cluster.pk), stored.get(cluster.pk, {}))
            for cluster in clusters
        ],
    )


def _cluster_layer(
    cluster: Cluster, source: LayerSource | None, stored: Mapping[str, object]
) -> ClusterLayer:
    days, through = stored.get("days"), stored.get("through")
    return ClusterLayer(
        cluster=cluster.slug,
        name=cluster.name,
        state=str(source.state if source else SourceState.UNKNOWN),
        message=source.message if source else "",
        days=days if isinstance(days, int) else 0,
        through=through if isinstance(through, dt.date) else None,
        error_code=source.error_code if source else "",
        error=source.error_message if source else "",
    )


def _outside(layer: Layer, first: dt.date, end: dt.date, clusters: Sequence[Cluster]) -> int | None:
    if layer is Layer.ASSETS:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            # What nobody calls Kubernetes is outside; where OpenCost does not say, so is the whole cost.
            "SELECT coalesce(sum(total_cost - coalesce(kubernetes_cost, 0)), 0)::bigint FROM costs_layerday "
            "WHERE cluster_id = ANY(%s) AND layer = %s AND day >= %s AND day < %s",
            [[cluster.pk for cluster in clusters], layer.value, first, end],
        )
        return int(cursor.fetchone()[0])


# Network traffic is no asset, and shared and external costs are none of the cluster's: they stay out on both sides.
_PARTS = ("Nodes", "Disks", "Load balancers", "Control plane and other")


def _overhead(period: ChargePeriod, clusters: Sequence[Cluster]) -> Overhead | None:
    """None without a day for which both are known. A cluster without idle cost, or with a scope, has none."""
    able = [cluster.pk for cluster in clusters if not cluster.lacks_idle]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH days AS (
              SELECT w.cluster_id, w.day FROM costs_layerwindow w
              JOIN costs_snapshot s ON s.cluster_id = w.cluster_id AND s.grain = %(grain)s
                AND s.window_start = w.day::timestamp AT TIME ZONE 'UTC'
              WHERE w.cluster_id = ANY(%(clusters)s) AND w.layer = 'assets'
                AND w.day >= %(first)s AND w.day < %(end)s
                AND w.state = %(complete)s AND w.unknown_rows = 0 AND w.revision > 0
                AND s.state = %(complete)s AND s.unknown_rows = 0 AND s.revision > 0
            ), allocated AS (
              SELECT coalesce(sum(g.cpu_cost + g.ram_cost + g.gpu_cost), 0)::bigint,
                     coalesce(sum(g.pv_cost), 0)::bigint, coalesce(sum(g.load_balancer_cost), 0)::bigint
              FROM costs_groupday g JOIN days USING (cluster_id, day)
            ), assets AS (
              SELECT coalesce(sum(d.total_cost) FILTER (WHERE i.resource_type = 'Node'), 0)::bigint,
                     coalesce(sum(d.total_cost) FILTER (WHERE i.resource_type = 'Disk'), 0)::bigint,
                     coalesce(sum(d.total_cost) FILTER (WHERE i.resource_type = 'LoadBalancer'), 0)::bigint,
                     coalesce(sum(d.total_cost) FILTER (
                       WHERE i.resource_type NOT IN ('Node', 'Disk', 'LoadBalancer')), 0)::bigint
              FROM costs_layerday d JOIN days ON days.cluster_id = d.cluster_id AND days.day = d.day
              JOIN costs_layeritem i ON i.id = d.item_id
              WHERE d.layer = 'assets'
            )
            SELECT (SELECT count(*) FROM days), allocated.*, assets.* FROM allocated, assets
            """,
            {
                "grain": Grain.DAY.value,
                "clusters": able,
                "first": period.start.date(),
                "end": period.end.date(),
                "complete": SnapshotState.OK.value,
            },
        )
        days, compute, disks, balancers, *assets = cursor.fetchone()
    if not days:
        return None
    allocated = (compute, disks, balancers, 0)
    parts = [
        OverheadPart(name, asset, given)
        for name, asset, given in zip(_PARTS, assets, allocated, strict=True)
    ]
    return Overhead(parts, days)
