"""Which days of which layers are due, who reads them now, what became of them.

The mechanics are those of `history.ledger`: planning may run anywhere any number of times, a day is taken under a
lease, and no OpenCost is asked two things at once. Layers go after allocations, and a failing layer pauses itself only.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from django.db.models import QuerySet

from costinsights.core.periods import DAY, HOUR, utc_day
from costinsights.costs.history.ledger import (
    CLOSES_AFTER,
    LEASE,
    ONE_CLAIM,
    REREAD_AT_HOUR,
    REREAD_DAYS,
)
from costinsights.costs.history.models import Grain, Snapshot, SnapshotState
from costinsights.costs.layers.models import LayerSource, LayerWindow, SourceState
from costinsights.costs.models import Cluster
from costinsights.opencost.errors import LayerAbsent
from costinsights.opencost.layer_rows import Layer

ASK_AGAIN_AFTER: Final = DAY  # a feature that is off may be switched on
# A provider changes its bill for about a month; the others are late by hours.
REREAD_DAYS_OF: Final = {
    Layer.ASSETS: REREAD_DAYS,
    Layer.CLOUD: 35,
    Layer.CUSTOM: REREAD_DAYS,
}
DAYS_AT_ONCE: Final = 7  # of older days; when all of them are empty the walk back is over
LONGEST_PAUSE: Final = dt.timedelta(hours=6)
PRIORITY: Final = {"day": 10, "reread": 5, "older": -10}


@dataclass(frozen=True, slots=True)
class Claim:
    """A day of a layer in one worker's hands."""

    window: LayerWindow
    attempt: int

    @property
    def layer(self) -> Layer:
        return Layer(self.window.layer)


# Planning -----------------------------------------------------------------------------------------


def plan(cluster: Cluster, *, now: dt.datetime, retention_days: int) -> int:
    """Put every closed day that a layer is missing on the ledger. Returns how many.

    A layer that the source does not have gets one day to be asked about, once a day. Older days come as far back as
    allocations are stored, until a stretch of them is empty.
    """
    planned = 0
    for layer in Layer:
        source, _ = LayerSource.objects.get_or_create(cluster=cluster, layer=layer)
        planned += _plan_layer(cluster, source, now=now, retention_days=retention_days)
    return planned


def _plan_layer(
    cluster: Cluster, source: LayerSource, *, now: dt.datetime, retention_days: int
) -> int:
    last = (utc_day(now - CLOSES_AFTER[Grain.DAY]) - DAY).date()
    if source.state != SourceState.PRESENT:
        if source.ask_again_at is not None and source.ask_again_at > now:
            return 0
        return _insert(source, last, last, PRIORITY["day"])
    _plan_rereading(source, now=now)
    oldest = max(
        (utc_day(now) - retention_days * DAY).date(), _first_allocation_day(cluster) or last
    )
    return _plan_forward(source, oldest, last) + _plan_back(source, oldest)


def _first_allocation_day(cluster: Cluster) -> dt.date | None:
    first = (
        Snapshot.objects.filter(cluster=cluster, grain=Grain.DAY, revision__gt=0)
        .order_by("window_start")
        .values_list("window_start", flat=True)
        .first()
    )
    return None if first is None else first.astimezone(dt.UTC).date()


def _first_known_days(source: LayerSource) -> list[tuple[dt.date, str]]:
    """The oldest days on the ledger with their states, oldest first."""
    return list(
        LayerWindow.objects.filter(cluster=source.cluster_id, layer=source.layer)
        .order_by("day")
        .values_list("day", "state")[:DAYS_AT_ONCE]
    )


def _plan_forward(source: LayerSource, oldest: dt.date, last: dt.date) -> int:
    """From the first known day on: holes too."""
    known = _first_known_days(source)
    first = max(oldest, known[0][0]) if known else last
    return _insert(source, first, last, PRIORITY["day"])


def _plan_back(source: LayerSource, oldest: dt.date) -> int:
    """Some days before the first known one, once everything older that was planned is read."""
    known = _first_known_days(source)
    if not known or known[0][0] <= oldest or any(_is_open(state) for _, state in known):
        return 0
    if len(known) == DAYS_AT_ONCE and all(state == SnapshotState.EMPTY for _, state in known):
        return 0
    end = known[0][0] - DAY
    return _insert(source, max(oldest, end - (DAYS_AT_ONCE - 1) * DAY), end, PRIORITY["older"])


def _is_open(state: str) -> bool:
    return state in (SnapshotState.PENDING, SnapshotState.FAILED)


def _insert(source: LayerSource, first: dt.date, last: dt.date, priority: int) -> int:
    """Days from `first` to `last`, both included, that the ledger lacks. Each is due from its closing on,
    whatever the planner's clock says."""
    if last < first:
        return 0
    wanted = [first + number * DAY for number in range((last - first).days + 1)]
    known = set(
        LayerWindow.objects.filter(
            cluster=source.cluster_id, layer=source.layer, day__gte=first, day__lte=last
        ).values_list("day", flat=True)
    )
    missing = [
        LayerWindow(
            cluster_id=source.cluster_id,
            layer=source.layer,
            day=day,
            due_at=dt.datetime.combine(day, dt.time(), dt.UTC) + DAY + CLOSES_AFTER[Grain.DAY],
            priority=priority,
        )
        for day in wanted
        if day not in known
    ]
    LayerWindow.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def _plan_rereading(source: LayerSource, *, now: dt.datetime) -> None:
    tonight = utc_day(now)
    since = tonight + REREAD_AT_HOUR * HOUR
    if now < since or source.reread_on == tonight.date():
        return
    first = (tonight - REREAD_DAYS_OF[Layer(source.layer)] * DAY).date()
    with transaction.atomic():
        LayerWindow.objects.filter(
            cluster=source.cluster_id,
            layer=source.layer,
            day__gte=first,
            read_at__lt=since,
            due_at__isnull=True,
        ).update(due_at=now, priority=PRIORITY["reread"])
        LayerSource.objects.filter(pk=source.pk).update(reread_on=tonight.date())


# Taking -------------------------------------------------------------------------------------------


def claim(*, now: dt.datetime) -> Claim | None:
    """Take the most urgent due day of a cluster that nobody asks anything; None when there is none."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ONE_CLAIM)  # the allocations' too: a cluster is asked one thing at a time
        cursor.execute(
            """
            UPDATE costs_layerwindow SET attempt = attempt + 1,
              leased_until = clock_timestamp() + make_interval(secs => %(lease)s)
            WHERE id = (
                SELECT w.id FROM costs_layerwindow w
                JOIN costs_layersource s ON s.cluster_id = w.cluster_id AND s.layer = w.layer
                JOIN costs_cluster c ON c.id = w.cluster_id
                LEFT JOIN costs_ingeststate i ON i.cluster_id = w.cluster_id
                WHERE w.due_at <= %(now)s
                  AND (w.leased_until IS NULL OR w.leased_until < clock_timestamp())
                  AND (s.paused_until IS NULL OR s.paused_until <= %(now)s)
                  AND (i.closed_until IS NULL OR i.closed_until <= %(now)s)
                  AND NOT EXISTS (
                    SELECT 1 FROM costs_layerwindow busy
                    WHERE busy.cluster_id = w.cluster_id AND busy.leased_until >= clock_timestamp()
                  )
                  AND NOT EXISTS (
                    SELECT 1 FROM costs_snapshot busy
                    WHERE busy.cluster_id = w.cluster_id AND busy.due_at IS NOT NULL
                      AND busy.leased_until >= clock_timestamp()
                  )
                ORDER BY w.priority DESC, w.day DESC, w.layer, w.id LIMIT 1
                FOR NO KEY UPDATE OF c SKIP LOCKED
            )
            AND due_at <= %(now)s AND (leased_until IS NULL OR leased_until < clock_timestamp())
            RETURNING id, attempt
            """,
            {"now": now, "lease": LEASE.total_seconds()},
        )
        taken = cursor.fetchone()
        if taken is None:
            return None
        # Before the commit: the cluster may be removed from then on.
        window = LayerWindow.objects.select_related("cluster").get(pk=taken[0])
    return Claim(window, taken[1])


def renew(held: Claim) -> bool:
    """Keep the lease for a while longer; False when somebody else has the day now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE costs_layerwindow SET leased_until = clock_timestamp() + make_interval(secs => %s) "
            "WHERE id = %s AND attempt = %s AND leased_until IS NOT NULL",
            [LEASE.total_seconds(), held.window.pk, held.attempt],
        )
        return bool(cursor.rowcount)


# What became of it --------------------------------------------------------------------------------


def note_absent(held: Claim, error: LayerAbsent, *, now: dt.datetime) -> None:
    """The source does not have the layer: say so, ask again tomorrow. What is stored stays."""
    with transaction.atomic():
        window = _still_held(held)
        if window is None:
            return
        _source_of(window).update(
            state=SourceState.ABSENT,
            reason=error.reason[:64],
            message=error.message[:500],
            asked_at=now,
            ask_again_at=now + ASK_AGAIN_AFTER,
            failures=0,
            paused_until=None,
            error_code="",
            error_message="",
            error_at=None,
        )
        days = LayerWindow.objects.filter(cluster=window.cluster_id, layer=window.layer)
        days.filter(revision=0).exclude(state=SnapshotState.EMPTY).delete()
        days.filter(due_at__isnull=False).update(
            due_at=None, leased_until=None, tries=0, error_code="", error_message=""
        )


def note_present(layer: Layer, cluster_id: int, *, now: dt.datetime) -> None:
    """The source answers for the layer."""
    LayerSource.objects.filter(cluster=cluster_id, layer=layer).update(
        state=SourceState.PRESENT,
        reason="",
        message="",
        asked_at=now,
        ask_again_at=None,
        failures=0,
        paused_until=None,
        error_code="",
        error_message="",
        error_at=None,
    )


def note_failure(held: Claim, *, now: dt.datetime, code: str, message: str) -> None:
    """A reading failed: try later, and leave the layer alone meanwhile. What is stored stays."""
    with transaction.atomic():
        window = _still_held(held)
        if window is None:
            return
        until = now + pause_after(window.tries + 1)
        window.put_off(until=until, now=now, code=code, message=message)
        source = _source_of(window).select_for_update().get()
        source.failures += 1
        source.asked_at = source.error_at = now
        source.error_code, source.error_message = code[:64], message[:500]
        source.paused_until = now + pause_after(source.failures)
        source.save()


def put_aside(held: Claim, *, now: dt.datetime) -> None:
    """An error of ours kept a day from being stored: later, and the layer's other days with it."""
    note_failure(
        held,
        now=now,
        code="internal_error",
        message="An error in Cost Insights kept this day from being stored. It has been reported.",
    )


def _still_held(held: Claim) -> LayerWindow | None:
    """The day, locked; None when somebody else has it now, or its cluster was removed."""
    windows = LayerWindow.objects.select_for_update()
    return windows.filter(pk=held.window.pk, attempt=held.attempt).first()


def pause_after(failures: int) -> dt.timedelta:
    """10, 20, 40 minutes … 6 hours: a layer is in nobody's way, and need not be asked often."""
    pause: dt.timedelta = dt.timedelta(minutes=10) * 2 ** min(failures - 1, 6)
    return min(LONGEST_PAUSE, pause)


def _source_of(window: LayerWindow) -> QuerySet[LayerSource]:
    return LayerSource.objects.filter(cluster=window.cluster_id, layer=window.layer)
