"""How much is stored: numbers for the platform, which may know no names."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Max, Min

from costinsights.costs.history.models import Grain, Snapshot
from costinsights.costs.models import Cluster
from costinsights.opencost.rows import RowKind


@dataclass(frozen=True, slots=True)
class Extent:
    """None where nothing is stored yet: not measured is not zero."""

    workloads: int | None  # that cost something on the newest stored day of their cluster
    oldest_day: dt.date | None


def stored_extent(clusters: Sequence[Cluster]) -> Extent:
    """What is stored of these clusters' days."""
    days = (
        Snapshot.objects.filter(
            cluster__in=[cluster.pk for cluster in clusters],
            grain=Grain.DAY,
            revision__gt=0,
            rows__gt=0,
        )
        .order_by()
        .values_list("cluster_id")
        .annotate(oldest=Min("window_start"), newest=Max("window_start"))
    )
    newest = [(cluster_id, last.date()) for cluster_id, _, last in days]
    if not newest:
        return Extent(None, None)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT f.workload_id) FROM costs_costday f "
            "JOIN unnest(%s::bigint[], %s::date[]) AS newest(cluster_id, day) USING (cluster_id, day) "
            "JOIN costs_workloadgroup g ON g.id = f.group_id WHERE g.row_kind = %s",
            [[pk for pk, _ in newest], [day for _, day in newest], RowKind.WORKLOAD],
        )
        (workloads,) = cursor.fetchone()
    return Extent(workloads, min(first for _, first, _ in days).date())
