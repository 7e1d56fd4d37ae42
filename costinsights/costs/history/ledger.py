"""The ledger of windows: which are due, who reads them now, what became of them.

State lives here, in Postgres. The planner is idempotent and may run anywhere any number of times; a window is
taken by one worker at a time under a lease, and no OpenCost is asked twice at once.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from django.db.models import F

from costinsights.core.audit import record_event
from costinsights.core.periods import DAY, HOUR, utc_day, utc_hour
from costinsights.costs.history.lanes import Lane
from costinsights.costs.history.models import (
    BackfillState,
    Grain,
    IngestState,
    Snapshot,
    SnapshotState,
)
from costinsights.costs.models import Cluster

LEASE: Final = dt.timedelta(seconds=45)  # renewed while the worker lives
CLOSES_AFTER: Final = {Grain.HOUR: dt.timedelta(minutes=15), Grain.DAY: dt.timedelta(minutes=30)}
HOURS_KEPT: Final = dt.timedelta(days=35)
HOURS_ON_CONNECT: Final = dt.timedelta(hours=48)
REREAD_DAYS: Final = 3
REREAD_AT_HOUR: Final = 2  # UTC: late samples of the day before have arrived
BACKFILL_AHEAD: Final = 3  # days planned at once: the first empty one ends the walk
PRIORITY: Final = {"hour": 20, "day": 10, "reread": 5, "backfill": -10}


@dataclass(frozen=True, slots=True)
class Claim:
    """A window in one worker's hands."""

    snapshot: Snapshot
    attempt: int
    lane: Lane | None = None  # None: read by hand
    has_hung: bool = False  # its OpenCost hung the last time it was asked


# Planning -----------------------------------------------------------------------------------------


def plan(cluster: Cluster, *, now: dt.datetime, retention_days: int) -> int:
    """Put every closed window that is missing on the ledger, old gaps included. Returns how many.

    Also sends the last days to be read again once a night, and walks a running backfill on.
    """
    state = ingest_state(cluster, now=now)
    oldest = utc_day(now) - retention_days * DAY
    first_day = max(state.stored_since, oldest)
    last_day = utc_day(now - CLOSES_AFTER[Grain.DAY]) - DAY
    last_hour = utc_hour(now - CLOSES_AFTER[Grain.HOUR]) - HOUR
    first_hour = max(state.stored_since - HOURS_ON_CONNECT, now - HOURS_KEPT, oldest)
    planned = _insert(cluster, Grain.DAY, first_day, last_day, PRIORITY["day"])
    planned += _insert(cluster, Grain.HOUR, utc_hour(first_hour), last_hour, PRIORITY["hour"])
    _plan_rereading(cluster, state, now=now)
    return planned + _plan_backfill(cluster, state, now=now)


def ingest_state(cluster: Cluster, *, now: dt.datetime) -> IngestState:
    """The cluster's place in the work, begun with the day before its first planning."""
    state, _ = IngestState.objects.get_or_create(
        cluster=cluster, defaults={"stored_since": utc_day(now) - DAY}
    )
    return state


def _insert(
    cluster: Cluster,
    grain: Grain,
    first: dt.datetime,
    last: dt.datetime,
    priority: int,
) -> int:
    """Windows from `first` to `last`, both included, that the ledger lacks.

    Each is due from its closing on, whatever the planner's clock says: one that is ahead must not keep it back.
    """
    if last < first:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO costs_snapshot
              (cluster_id, grain, window_start, state, due_at, priority, attempt, tries, revision,
               rows, total, minutes_covered, unknown_rows, reported_difference, facts_sha256,
               opencost_version, request_sha256, response_sha256, response_bytes, warning,
               error_code, error_message)
            SELECT %s, %s, missing.window_start, 'pending', missing.window_start + make_interval(secs => %s), %s, 0, 0, 0,
                   0, 0, 0, 0, 0, '', '', '', '', 0, '', '', ''
            FROM generate_series(%s::timestamptz, %s::timestamptz, make_interval(secs => %s)) AS missing(window_start)
            WHERE NOT EXISTS (
                SELECT 1 FROM costs_snapshot known
                WHERE known.cluster_id = %s AND known.grain = %s
                  AND known.window_start = missing.window_start
            )
            ON CONFLICT DO NOTHING
            """,
            [
                cluster.pk,
                grain,
                (grain.length + CLOSES_AFTER[grain]).total_seconds(),
                priority,
                first,
                last,
                grain.length.total_seconds(),
                cluster.pk,
                grain,
            ],
        )
        return int(cursor.rowcount)


def _plan_rereading(cluster: Cluster, state: IngestState, *, now: dt.datetime) -> None:
    tonight = utc_day(now)
    if now < tonight + REREAD_AT_HOUR * HOUR or state.reread_on == tonight.date():
        return
    with transaction.atomic():
        Snapshot.objects.filter(
            cluster=cluster,
            grain=Grain.DAY,
            window_start__gte=tonight - REREAD_DAYS * DAY,
            read_at__lt=tonight + REREAD_AT_HOUR * HOUR,
            due_at__isnull=True,
        ).update(due_at=now, priority=PRIORITY["reread"])
        IngestState.objects.filter(pk=state.pk).update(reread_on=tonight.date())


def _plan_backfill(cluster: Cluster, state: IngestState, *, now: dt.datetime) -> int:
    """A few days further back, unless one of them was empty: then OpenCost knows no more."""
    if state.backfill_state != BackfillState.RUNNING:
        return 0
    with transaction.atomic():
        state = IngestState.objects.select_for_update().get(pk=state.pk)
        if (
            state.backfill_state != BackfillState.RUNNING
            or state.backfill_next is None
            or state.backfill_from is None
        ):
            return 0
        behind = Snapshot.objects.filter(
            cluster=cluster, grain=Grain.DAY, window_start__gt=state.backfill_next
        ).filter(window_start__lt=state.stored_since)
        found_the_end = behind.filter(state=SnapshotState.EMPTY).exists()
        under_way = behind.filter(state__in=[SnapshotState.PENDING, SnapshotState.FAILED]).count()
        if found_the_end or (state.backfill_next < state.backfill_from and not under_way):
            state.backfill_state = BackfillState.DONE
            state.backfill_ended_at = now
            state.save(update_fields=["backfill_state", "backfill_ended_at"])
            return 0
        planned = 0
        while under_way + planned < BACKFILL_AHEAD and state.backfill_next >= state.backfill_from:
            planned += _insert(
                cluster,
                Grain.DAY,
                state.backfill_next,
                state.backfill_next,
                PRIORITY["backfill"],
            )
            state.backfill_next -= DAY
        state.save(update_fields=["backfill_next"])
    return planned


def start_backfill(cluster: Cluster, *, now: dt.datetime, days: int) -> IngestState:
    """Read older days, one after the other, until OpenCost has none or `days` before today are read.

    A cancelled or finished backfill goes on where it stopped; days that were empty are asked again.
    """
    state = ingest_state(cluster, now=now)
    with transaction.atomic():
        state = IngestState.objects.select_for_update().get(pk=state.pk)
        if state.backfill_state == BackfillState.RUNNING:
            return state
        state.backfill_from = utc_day(now) - days * DAY
        Snapshot.objects.filter(
            cluster=cluster,
            grain=Grain.DAY,
            state=SnapshotState.EMPTY,
            window_start__gte=state.backfill_from,
        ).delete()
        oldest = (
            Snapshot.objects.filter(
                cluster=cluster, grain=Grain.DAY, window_start__lt=state.stored_since
            )
            .order_by("window_start")
            .values_list("window_start", flat=True)
            .first()
        )
        state.backfill_next = (oldest or state.stored_since) - DAY
        state.backfill_state = BackfillState.RUNNING
        state.backfill_started_at = now
        state.backfill_ended_at = None
        state.save()
    record_event("backfill.started", target=cluster.slug, details={"days": days})
    return state


def cancel_backfill(cluster: Cluster, *, now: dt.datetime) -> None:
    """Stop walking back. What was read stays; what is planned and not begun is taken off the ledger."""
    with transaction.atomic():
        changed = IngestState.objects.filter(
            cluster=cluster, backfill_state=BackfillState.RUNNING
        ).update(backfill_state=BackfillState.CANCELLED, backfill_ended_at=now)
        if changed:
            Snapshot.objects.filter(
                cluster=cluster,
                priority=PRIORITY["backfill"],
                state=SnapshotState.PENDING,
                leased_until__isnull=True,
            ).delete()
            record_event("backfill.cancelled", target=cluster.slug)


def ask_again(
    cluster: Cluster, *, now: dt.datetime, starts: list[dt.datetime], grain: Grain
) -> int:
    """Send windows to be read again now, and close the breaker. Returns how many.

    Whoever is reading one meanwhile asked before this was asked for: its answer is not taken.
    """
    IngestState.objects.filter(cluster=cluster).update(failures=0, closed_until=None)
    return Snapshot.objects.filter(cluster=cluster, grain=grain, window_start__in=starts).update(
        due_at=now, priority=PRIORITY["hour"], tries=0, attempt=F("attempt") + 1
    )


# Taking -------------------------------------------------------------------------------------------


# Windows that may be read now, of clusters that nobody asks and whose breaker is open to us. A window that is held
# is always due, so that the index of due windows finds it.
_DUE: Final = """
    FROM costs_cluster c
    LEFT JOIN costs_ingeststate i ON i.cluster_id = c.id
    JOIN LATERAL (
        SELECT s.id, s.priority, s.window_start FROM costs_snapshot s
        WHERE s.cluster_id = c.id AND s.due_at <= %(now)s
          AND (s.leased_until IS NULL OR s.leased_until < clock_timestamp())
        ORDER BY s.priority DESC, s.window_start DESC LIMIT 1
    ) AS next ON true
    WHERE (i.closed_until IS NULL OR i.closed_until <= %(now)s)
      AND (%(is_slow)s::boolean IS NULL OR (i.slow_since IS NOT NULL) = %(is_slow)s)
      AND NOT EXISTS (
        SELECT 1 FROM costs_snapshot busy
        WHERE busy.cluster_id = c.id AND busy.due_at IS NOT NULL
          AND busy.leased_until >= clock_timestamp()
      )
      AND NOT EXISTS (
        SELECT 1 FROM costs_layerwindow busy
        WHERE busy.cluster_id = c.id AND busy.leased_until >= clock_timestamp()
      )
"""
# One claim at a time in a workspace, for a moment: what is counted and looked at holds until the commit.
ONE_CLAIM: Final = "SELECT pg_advisory_xact_lock(hashtextextended('claim ' || current_schema(), 0))"


def claim(*, now: dt.datetime, lane: Lane | None = None) -> Claim | None:
    """Take the most urgent due window of a cluster that nobody asks at the moment; None when there is none.

    Of one lane's clusters only, while its share of the workspace's readings is not used up; without a lane, by hand,
    of any. Leases run on the database's clock, which every worker shares; `now` decides what is due.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ONE_CLAIM)
        if lane is not None and _in_flight(lane) >= lane.most_per_tenant:
            return None
        cursor.execute(
            f"""
            UPDATE costs_snapshot SET attempt = attempt + 1,
              leased_until = clock_timestamp() + make_interval(secs => %(lease)s)
            WHERE id = (
                SELECT next.id {_DUE}
                ORDER BY next.priority DESC, next.window_start DESC, next.id LIMIT 1
                FOR NO KEY UPDATE OF c SKIP LOCKED
            )
            -- Asked again of the row as it is now: who wrote it a moment ago may just have let go of the cluster.
            AND due_at <= %(now)s AND (leased_until IS NULL OR leased_until < clock_timestamp())
            RETURNING id
            """,  # noqa: S608  # of our own constants
            {"now": now, "is_slow": _is_slow(lane), "lease": LEASE.total_seconds()},
        )
        taken = cursor.fetchone()
        if taken is None:
            return None
        snapshot = Snapshot.objects.select_related("cluster__ingest").get(pk=taken[0])
    state = getattr(snapshot.cluster, "ingest", None)
    has_hung = state is not None and state.hung_at is not None
    return Claim(snapshot, snapshot.attempt, lane, has_hung)


def is_due(*, now: dt.datetime, lane: Lane) -> bool:
    """Whether a claim in this lane would find a window, but for what its other readings leave room for."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT 1 {_DUE})",
            {"now": now, "is_slow": _is_slow(lane)},
        )
        return bool(cursor.fetchone()[0])


def _is_slow(lane: Lane | None) -> bool | None:
    return None if lane is None else lane is Lane.SLOW


def _in_flight(lane: Lane) -> int:
    """How many windows of the workspace are being read in a lane."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM costs_snapshot s
            LEFT JOIN costs_ingeststate i ON i.cluster_id = s.cluster_id
            WHERE s.due_at IS NOT NULL AND s.leased_until >= clock_timestamp()
              AND (i.slow_since IS NOT NULL) = %s
            """,
            [lane is Lane.SLOW],
        )
        return int(cursor.fetchone()[0])


def renew(held: Claim) -> bool:
    """Keep the lease for a while longer; False when somebody else has the window now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE costs_snapshot SET leased_until = clock_timestamp() + make_interval(secs => %s) "
            "WHERE id = %s AND attempt = %s AND leased_until IS NOT NULL",
            [LEASE.total_seconds(), held.snapshot.pk, held.attempt],
        )
        return bool(cursor.rowcount)
