"""Putting a window into the store: all of it, with its roll-ups and its ledger row, or nothing.

One transaction: the cluster's row is locked (one writer per cluster), the attempt is compared (a worker that lost
its lease writes nothing), the window's facts are replaced by COPY, the roll-ups follow, the ledger row closes.
Replaying it changes nothing; two workers on one window do no harm.
"""

import datetime as dt
import time
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from django.db import connection, transaction
from psycopg import sql

from costinsights.core.copying import copy_integers
from costinsights.costs.history.dimensions import ids_of
from costinsights.costs.history.facts import Who, WindowFacts
from costinsights.costs.history.locks import lock_cluster
from costinsights.costs.history.models import (
    MEASURES,
    Grain,
    Snapshot,
    SnapshotRevision,
    SnapshotState,
)

# A closed window whose longest row covers less is called partial (API.md 3.3: 1380 of 1440 minutes).
FULL_MINUTES = {Grain.DAY: 1380, Grain.HOUR: 55}


class Written(StrEnum):
    """What writing a window came to."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    RESTATED = "restated"
    EMPTY = "empty"
    KEPT = "kept"  # the answer was empty and something was stored: that stays
    FENCED = "fenced"  # somebody else took the window over, or it was forgotten


@dataclass(frozen=True, slots=True)
class Reading:
    """How a window was read, for the ledger."""

    read_at: dt.datetime
    read_seconds: float
    opencost_version: str
    request_sha256: str
    response_sha256: str
    response_bytes: int
    warning: str


@dataclass(frozen=True, slots=True)
class Target:
    """The tables of a grain."""

    facts: str
    rollup: str
    column: str

    def value(self, window_start: dt.datetime) -> dt.datetime | dt.date:
        return window_start.date() if self.column == "day" else window_start


TARGETS = {
    Grain.DAY: Target("costs_costday", "costs_groupday", "day"),
    Grain.HOUR: Target("costs_costhour", "costs_grouphour", "hour"),
}
_MEASURES = sql.SQL(", ").join(map(sql.Identifier, MEASURES))
_SUMS = sql.SQL(", ").join(sql.SQL("sum({})").format(sql.Identifier(name)) for name in MEASURES)


def write_window(
    snapshot: Snapshot, facts: WindowFacts, reading: Reading, *, attempt: int
) -> Written:
    """Store what was read of a window, if `attempt` still holds it."""
    began = time.perf_counter()
    with transaction.atomic():
        # The cluster may have been removed meanwhile, and the window forgotten.
        lock_cluster(snapshot.cluster_id)
        held = Snapshot.objects.select_for_update().filter(pk=snapshot.pk).first()
        if held is None or held.attempt != attempt:
            return Written.FENCED
        written = _replace(held, facts)
        _close(held, facts, reading, written, began)
    return written


def _replace(held: Snapshot, facts: WindowFacts) -> Written:
    """Bring the facts and roll-ups to what was read. Leaves the ledger row's content to `_close`."""
    has_rows = held.revision > 0 and held.rows > 0
    if not facts.facts:
        return Written.KEPT if has_rows else Written.EMPTY
    if has_rows and held.facts_sha256 == facts.sha256:
        return Written.UNCHANGED
    if has_rows:
        SnapshotRevision.objects.create(
            snapshot=held,
            revision=held.revision,
            rows=held.rows,
            total=held.total,
            facts_sha256=held.facts_sha256,
            opencost_version=held.opencost_version,
            read_at=held.read_at,
        )
        remove_window(held)
    _insert(held, facts)
    return Written.RESTATED if has_rows else Written.STORED


def _close(
    held: Snapshot, facts: WindowFacts, reading: Reading, written: Written, began: float
) -> None:
    held.settle(read_at=reading.read_at, read_seconds=reading.read_seconds, warning=reading.warning)
    if written is not Written.KEPT:
        held.opencost_version = reading.opencost_version
        held.request_sha256 = reading.request_sha256
        held.response_sha256 = reading.response_sha256
        held.response_bytes = reading.response_bytes
        held.state = _state(held, facts)
        held.minutes_covered = facts.minutes_covered
        held.unknown_rows = facts.unknown_rows
        held.reported_difference = facts.reported_difference
    if written in (Written.STORED, Written.RESTATED):
        held.revision += 1
        held.rows = len(facts.facts)
        held.total = facts.total
        held.facts_sha256 = facts.sha256
    held.write_seconds = time.perf_counter() - began
    held.save()


def _state(held: Snapshot, facts: WindowFacts) -> SnapshotState:
    if not facts.facts:
        return SnapshotState.EMPTY
    full = FULL_MINUTES[Grain(held.grain)]
    return SnapshotState.OK if facts.minutes_covered >= full else SnapshotState.PARTIAL


def remove_window(held: Snapshot) -> None:
    """Take a window's facts out of the store and out of every roll-up."""
    target = TARGETS[Grain(held.grain)]
    when = target.value(held.window_start)
    if held.grain == Grain.DAY:
        _add_to_month(held.cluster_id, held.window_start.date(), sign=-1)
    with connection.cursor() as cursor:
        for table in (target.facts, target.rollup):
            cursor.execute(
                sql.SQL("DELETE FROM {} WHERE cluster_id = %s AND {} = %s").format(
                    sql.Identifier(table), sql.Identifier(target.column)
                ),
                [held.cluster_id, when],
            )


def _insert(held: Snapshot, facts: WindowFacts) -> None:
    target = TARGETS[Grain(held.grain)]
    when = target.value(held.window_start)
    _copy(target, held.cluster_id, when, facts.facts)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                """
                INSERT INTO {rollup} (cluster_id, {column}, group_id, label_set_id, {measures}, flags)
                SELECT f.cluster_id, f.{column}, f.group_id, f.label_set_id, {sums}, bit_or(f.flags)
                FROM {facts} f
                WHERE f.cluster_id = %s AND f.{column} = %s
                GROUP BY 1, 2, 3, 4
                """
            ).format(
                rollup=sql.Identifier(target.rollup),
                facts=sql.Identifier(target.facts),
                column=sql.Identifier(target.column),
                measures=_MEASURES,
                sums=_SUMS,
            ),
            [held.cluster_id, when],
        )
    if held.grain == Grain.DAY:
        _add_to_month(held.cluster_id, held.window_start.date(), sign=1)


def _copy(
    target: Target, cluster_id: int, when: dt.datetime | dt.date, facts: dict[Who, list[int]]
) -> None:
    """COPY the facts in the order of the primary key, so that the index grows at its end."""
    ids = np.array(ids_of(cluster_id, facts), dtype=np.int64)
    workload, group, node, label_set = ids.T
    order = np.lexsort((group, label_set, node, workload))
    amounts = np.array(list(facts.values()), dtype=np.int64)[order]
    copy_integers(
        target.facts,
        {
            "cluster_id": cluster_id,
            target.column: when,
            "group_id": group[order],
            "workload_id": workload[order],
            "node_id": node[order],
            "label_set_id": label_set[order],
            **dict(zip((*MEASURES, "flags"), amounts.T, strict=True)),
        },
        rows=len(facts),
        small=("flags",),
    )


def _add_to_month(cluster_id: int, day: dt.date, *, sign: int) -> None:
    """Add a day's facts to its month, or take them out. Whole numbers: no drift, whatever the order."""
    day_sums = sql.SQL(
        """
        SELECT f.cluster_id, date_trunc('month', f.day)::date AS month, f.node_id, f.group_id,
               count(*)::int AS facts, {sums}
        FROM costs_costday f
        WHERE f.cluster_id = %(cluster)s AND f.day = %(day)s
        GROUP BY 1, 2, 3, 4
        """
    ).format(
        sums=sql.SQL(", ").join(
            sql.SQL("sum({0})::bigint AS {0}").format(sql.Identifier(name)) for name in MEASURES
        )
    )
    if sign > 0:
        statement = sql.SQL(
            """
            INSERT INTO costs_nodemonth AS held
              (cluster_id, month, node_id, group_id, facts, {measures}, flags)
            SELECT day.*, 0 FROM ({day_sums}) AS day ORDER BY 3, 4
            ON CONFLICT (cluster_id, month, node_id, group_id) DO UPDATE SET {changes}
            """
        ).format(
            measures=_MEASURES,
            day_sums=day_sums,
            changes=sql.SQL(", ").join(
                sql.SQL("{0} = held.{0} + excluded.{0}").format(sql.Identifier(name))
                for name in ("facts", *MEASURES)
            ),
        )
    else:
        statement = sql.SQL(
            """
            UPDATE costs_nodemonth AS held SET {changes} FROM ({day_sums}) AS day
            WHERE held.cluster_id = day.cluster_id AND held.month = day.month
              AND held.node_id = day.node_id AND held.group_id = day.group_id
            """
        ).format(
            changes=sql.SQL(", ").join(
                sql.SQL("{0} = held.{0} - day.{0}").format(sql.Identifier(name))
                for name in ("facts", *MEASURES)
            ),
            day_sums=day_sums,
        )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"cluster": cluster_id, "day": day})
        if sign < 0:
            cursor.execute(
                "DELETE FROM costs_nodemonth WHERE cluster_id = %s AND month = %s AND facts = 0",
                [cluster_id, day.replace(day=1)],
            )
