"""Reading the store back, past every query of the product: what must agree with what."""

import datetime as dt
from typing import Any

from django.db import connection

from costinsights.core.periods import ChargePeriod
from costinsights.costs.history.facts import StoredKeys, window_facts
from costinsights.costs.history.models import MEASURES, Grain, Snapshot
from costinsights.costs.history.writer import Reading, Written, write_window
from costinsights.costs.models import Cluster
from costinsights.opencost.rows import AllocatedCost

KEYS = StoredKeys(labels=frozenset({"team", "app"}))
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def opened(cluster: Cluster, start: dt.datetime, grain: Grain = Grain.DAY) -> Snapshot:
    """A window on the ledger, in nobody's hands."""
    found, _ = Snapshot.objects.get_or_create(cluster=cluster, grain=grain, window_start=start)
    return found


def stored(
    cluster: Cluster,
    start: dt.datetime,
    rows: list[AllocatedCost],
    *,
    grain: Grain = Grain.DAY,
    keys: StoredKeys = KEYS,
) -> Written:
    """Write a window's rows as a worker would that holds it."""
    snapshot = opened(cluster, start, grain)
    return write_window(snapshot, window_facts(rows, keys), reading(), attempt=snapshot.attempt)


def reading() -> Reading:
    return Reading(
        read_at=NOW,
        read_seconds=0.1,
        opencost_version="1.119.1",
        request_sha256="",
        response_sha256="",
        response_bytes=0,
        warning="",
    )


def day(number: int) -> ChargePeriod:
    return ChargePeriod.day_of(dt.datetime(2026, 10, 28, tzinfo=dt.UTC) + dt.timedelta(days=number))


def column_sums(table: str, where: str = "true") -> tuple[int, ...]:
    """Every measure of a table, added up."""
    sums = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in MEASURES)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sums} FROM {table} WHERE {where}")  # names of our own
        return tuple(cursor.fetchone())


def every_row() -> dict[str, list[Any]]:
    """The whole store by names instead of ids, so that two stores can be compared."""
    measures = ", ".join(f"x.{name}" for name in MEASURES)
    queries = {
        "day": f"""SELECT x.cluster_id, x.day, g.row_kind, g.namespace, g.controller_kind, w.controller,
                   n.name, l.sha256, {measures}, x.flags FROM costs_costday x
                   JOIN costs_workload w ON w.id = x.workload_id JOIN costs_workloadgroup g ON g.id = x.group_id AND g.id = w.group_id
                   JOIN costs_node n ON n.id = x.node_id JOIN costs_labelset l ON l.id = x.label_set_id""",
        "group": f"""SELECT x.cluster_id, x.day, g.row_kind, g.namespace, g.controller_kind, l.sha256,
                   {measures}, x.flags FROM costs_groupday x
                   JOIN costs_workloadgroup g ON g.id = x.group_id JOIN costs_labelset l ON l.id = x.label_set_id""",
        "month": f"""SELECT x.cluster_id, x.month, n.name, g.row_kind, g.namespace, g.controller_kind,
                   x.facts, {measures}, x.flags FROM costs_nodemonth x
                   JOIN costs_workloadgroup g ON g.id = x.group_id JOIN costs_node n ON n.id = x.node_id""",
        "ledger": "SELECT cluster_id, grain, window_start, state, rows, total FROM costs_snapshot",
    }
    found = {}
    with connection.cursor() as cursor:
        for name, query in queries.items():
            cursor.execute(query)
            found[name] = sorted(cursor.fetchall())
    return found
