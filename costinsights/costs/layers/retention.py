"""What is kept of layers: days as the plan says, and no names that nothing points to."""

import datetime as dt

from django.db import connection, transaction

from costinsights.core.periods import DAY, utc_day
from costinsights.costs.history.locks import lock_cluster
from costinsights.costs.layers.models import LayerWindow
from costinsights.costs.models import Cluster

DAYS_AT_ONCE = 100


def forget_old_days(*, now: dt.datetime, retention_days: int) -> int:
    """Delete days past the plan's retention, some in each transaction. Returns how many."""
    oldest = (utc_day(now) - retention_days * DAY).date()
    gone = 0
    for cluster in Cluster.objects.all():
        days = _forget(cluster, oldest)
        if days:
            _forget_unused_items(cluster)
        gone += days
    return gone


def _forget(cluster: Cluster, oldest: dt.date) -> int:
    gone = 0
    while True:
        with transaction.atomic():
            if not lock_cluster(cluster.pk):
                return gone
            old = list(
                LayerWindow.objects.filter(cluster=cluster, day__lt=oldest)
                .order_by("day")
                .values_list("pk", "layer", "day")[:DAYS_AT_ONCE]
            )
            with connection.cursor() as cursor:
                cursor.executemany(
                    "DELETE FROM costs_layerday WHERE cluster_id = %s AND layer = %s AND day = %s",
                    [(cluster.pk, layer, day) for _, layer, day in old],
                )
            LayerWindow.objects.filter(pk__in=[pk for pk, _, _ in old]).delete()
        gone += len(old)
        if len(old) < DAYS_AT_ONCE:
            return gone


def _forget_unused_items(cluster: Cluster) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # A writer that has looked an item up and not yet stored its facts would be left without it.
        if not lock_cluster(cluster.pk):
            return
        cursor.execute(
            "DELETE FROM costs_layeritem i WHERE i.cluster_id = %s AND NOT EXISTS ("
            "SELECT 1 FROM costs_layerday d WHERE d.cluster_id = i.cluster_id AND d.layer = i.layer "
            "AND d.item_id = i.id)",
            [cluster.pk],
        )
