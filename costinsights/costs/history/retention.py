"""What is kept for how long: hours for some weeks, days as the plan says."""

import datetime as dt

from django.db import connection, transaction

from costinsights.core.periods import DAY, utc_day, utc_hour
from costinsights.costs.history.ledger import HOURS_KEPT
from costinsights.costs.history.locks import lock_cluster
from costinsights.costs.history.models import Grain, Snapshot
from costinsights.costs.history.writer import remove_window
from costinsights.costs.models import Cluster

WINDOWS_AT_ONCE = 50


def forget_old_windows(*, now: dt.datetime, retention_days: int) -> int:
    """Delete windows past their time, oldest first, a few in each transaction. Returns how many."""
    oldest_day = utc_day(now) - retention_days * DAY
    oldest_hour = max(utc_hour(now) - HOURS_KEPT, oldest_day)
    gone = 0
    for cluster in Cluster.objects.all():
        for grain, oldest in ((Grain.DAY, oldest_day), (Grain.HOUR, oldest_hour)):
            gone += _forget(cluster, grain, oldest)
    if gone and now.day == 1:
        _forget_unused_names()
    return gone


def _forget(cluster: Cluster, grain: Grain, oldest: dt.datetime) -> int:
    gone = 0
    while True:
        with transaction.atomic():
            if not lock_cluster(cluster.pk):
                return gone
            old = list(
                Snapshot.objects.filter(
                    cluster=cluster, grain=grain, window_start__lt=oldest
                ).order_by("window_start")[:WINDOWS_AT_ONCE]
            )
            for snapshot in old:
                if snapshot.rows:
                    remove_window(snapshot)
            Snapshot.objects.filter(pk__in=[snapshot.pk for snapshot in old]).delete()
        gone += len(old)
        if len(old) < WINDOWS_AT_ONCE:
            return gone


def forget_cluster(cluster: Cluster) -> None:
    """Delete everything stored of a cluster. Part of the surrounding transaction."""
    lock_cluster(
        cluster.pk
    )  # a window that is being written is there, or will find the cluster gone
    with connection.cursor() as cursor:
        for table in (
            "costs_costday",
            "costs_costhour",
            "costs_groupday",
            "costs_grouphour",
            "costs_nodemonth",
            "costs_layerday",
            "costs_layeritem",
        ):
            cursor.execute(f"DELETE FROM {table} WHERE cluster_id = %s", [cluster.pk])  # noqa: S608  # a name of the list above


def _forget_unused_names() -> None:
    """Delete names that no fact points to any more. Reads all facts once, so it is done once a month."""
    for cluster in Cluster.objects.all():
        with transaction.atomic(), connection.cursor() as cursor:
            # A writer that has looked a name up and not yet stored its facts would be left without it.
            if not lock_cluster(cluster.pk):
                continue
            cursor.execute(
                """
                DELETE FROM costs_workload w USING costs_workloadgroup g
                WHERE g.id = w.group_id AND g.cluster_id = %(cluster)s AND NOT EXISTS (
                    SELECT 1 FROM costs_costday f
                    WHERE f.cluster_id = %(cluster)s AND f.workload_id = w.id
                ) AND NOT EXISTS (
                    SELECT 1 FROM costs_costhour f
                    WHERE f.cluster_id = %(cluster)s AND f.workload_id = w.id
                )
                """,
                {"cluster": cluster.pk},
            )
            cursor.execute(
                """
                DELETE FROM costs_workloadgroup g
                WHERE g.cluster_id = %s
                  AND NOT EXISTS (SELECT 1 FROM costs_workload w WHERE w.group_id = g.id)
                  AND NOT EXISTS (SELECT 1 FROM costs_groupday x WHERE x.group_id = g.id)
                  AND NOT EXISTS (SELECT 1 FROM costs_grouphour x WHERE x.group_id = g.id)
                  AND NOT EXISTS (SELECT 1 FROM costs_nodemonth x WHERE x.group_id = g.id)
                """,
                [cluster.pk],
            )
