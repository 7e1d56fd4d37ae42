"""How complete the store is: windows as a calendar, lag, errors, backfills. Reads only; `ledger` changes things."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Avg, Count, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from costinsights.core.periods import DAY, HOUR, utc_day, utc_hour
from costinsights.core.templatetags.display import money_text, signed_money
from costinsights.costs.history.ledger import CLOSES_AFTER
from costinsights.costs.history.models import (
    BackfillState,
    Grain,
    IngestState,
    Snapshot,
    SnapshotRevision,
    SnapshotState,
)
from costinsights.costs.models import Cluster

HOURS_SHOWN: Final = 48
MOST_TROUBLED: Final = 20
# Beside the ledger's states: a day nobody has planned, and one that lies outside of what is shown.
NOT_PLANNED: Final = "none"
WORDS: Final = {
    SnapshotState.OK: "complete",
    SnapshotState.PARTIAL: "partial",
    SnapshotState.EMPTY: "empty: OpenCost has no costs",
    SnapshotState.FAILED: "failed",
    SnapshotState.PENDING: "not read yet",
    NOT_PLANNED: "not stored",
}
_READ = (SnapshotState.OK, SnapshotState.PARTIAL, SnapshotState.EMPTY)


@dataclass(frozen=True, slots=True)
class WindowCell:
    """A day or an hour of a calendar. `state` is the ledger's, or `none`; `words` says everything about it."""

    start: dt.datetime
    state: str
    is_restated: bool
    words: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the calendar in weeks from Monday to Sunday; None for a day of another month."""

    start: dt.datetime
    weeks: list[list[WindowCell | None]]


@dataclass(frozen=True, slots=True)
class Backfill:
    """How far the reading of older days has come. `seconds_left` is None before the first was read."""

    state: str
    first_day: dt.date | None
    days_done: int
    days_wanted: int
    rows: int
    seconds_left: float | None
    started_at: dt.datetime | None
    ended_at: dt.datetime | None

    @property
    def is_running(self) -> bool:
        return self.state == BackfillState.RUNNING

    @property
    def percent(self) -> int:
        return round(100 * self.days_done / self.days_wanted) if self.days_wanted else 0


@dataclass(frozen=True, slots=True)
class Restatement:
    """A window whose costs changed when they were read again. `difference` in micro-units: new minus old."""

    snapshot: Snapshot
    difference: int
    revision: int


@dataclass(frozen=True, slots=True)
class ClusterHealth:
    """What is stored of one cluster, and how well that goes."""

    cluster: Cluster
    months: list[Month]
    hours: list[WindowCell]
    days_by_state: dict[str, int]
    newest_end: dt.datetime | None
    due_end: dt.datetime
    troubled: list[Snapshot]
    failures: int
    closed_until: dt.datetime | None
    restated: int
    restatement: Restatement | None
    backfill: Backfill

    @property
    def lag(self) -> dt.timedelta | None:
        """How far the newest data is behind what OpenCost should have by now; None without any data."""
        if self.newest_end is None:
            return None
        return max(dt.timedelta(), self.due_end - self.newest_end)

    @property
    def state(self) -> str:
        """The badge's word: ok, warning or waiting."""
        if self.newest_end is None:
            return "failed" if self.troubled else "waiting"
        behind = self.lag is not None and self.lag > 3 * HOUR
        return "warning" if behind or self.failed else "ok"

    @property
    def failed(self) -> int:
        return self.days_by_state.get(SnapshotState.FAILED, 0)


def health_of(
    clusters: Iterable[Cluster], *, now: dt.datetime, retention_days: int, with_amounts: bool
) -> list[ClusterHealth]:
    """Each cluster's windows, from the first that is on the ledger to now.

    Without amounts nothing tells what the cluster costs: for members who see a part of it only.
    """
    return [
        _health(cluster, now=now, retention_days=retention_days, with_amounts=with_amounts)
        for cluster in clusters
    ]


def _health(
    cluster: Cluster, *, now: dt.datetime, retention_days: int, with_amounts: bool
) -> ClusterHealth:
    currency = cluster.currency if with_amounts else None
    oldest = utc_day(now) - retention_days * DAY
    days = _windows(cluster, Grain.DAY, oldest)
    first_hour = utc_hour(now) - (HOURS_SHOWN - 1) * HOUR
    hours = _windows(cluster, Grain.HOUR, first_hour)
    state = IngestState.objects.filter(cluster=cluster).first()
    first_day = min(days, default=utc_day(now) - 27 * DAY)
    closed = state.closed_until if state else None
    return ClusterHealth(
        cluster=cluster,
        months=_months(currency, days, first_day, now),
        hours=[
            _cell(currency, hours.get(start), start, Grain.HOUR, now)
            for start in (first_hour + place * HOUR for place in range(HOURS_SHOWN))
        ],
        days_by_state=dict(Counter(day.state for day in days.values())),
        newest_end=_newest_end(cluster),
        due_end=utc_hour(now - CLOSES_AFTER[Grain.HOUR]),
        troubled=_troubled(cluster),
        failures=state.failures if state else 0,
        closed_until=closed if closed and closed > now else None,
        restated=sum(day.revision > 1 for day in days.values()),
        restatement=_last_restatement(cluster) if with_amounts else None,
        backfill=_backfill(cluster, state),
    )


def _windows(cluster: Cluster, grain: Grain, first: dt.datetime) -> dict[dt.datetime, Snapshot]:
    before = SnapshotRevision.objects.filter(snapshot=OuterRef("pk")).order_by("-revision")
    found = Snapshot.objects.filter(cluster=cluster, grain=grain, window_start__gte=first).annotate(
        previous_total=Subquery(before.values("total")[:1])
    )
    return {window.window_start: window for window in found}


def _months(
    currency: str | None, days: dict[dt.datetime, Snapshot], first: dt.datetime, now: dt.datetime
) -> list[Month]:
    """The calendar, newest month first."""
    months: list[Month] = []
    today = utc_day(now)
    start = first.replace(day=1)
    while start <= today:
        after = (start + 32 * DAY).replace(day=1)
        cells: list[WindowCell | None] = [None] * start.weekday()
        day = start
        while day < after:
            shown = first <= day <= today
            cells.append(_cell(currency, days.get(day), day, Grain.DAY, now) if shown else None)
            day += DAY
        cells += [None] * (-len(cells) % 7)
        weeks = [cells[place : place + 7] for place in range(0, len(cells), 7)]
        months.append(Month(start, [week for week in weeks if any(week)]))
        start = after
    return months[::-1]


def _cell(
    currency: str | None,
    window: Snapshot | None,
    start: dt.datetime,
    grain: Grain,
    now: dt.datetime,
) -> WindowCell:
    when = f"{start:%-d %b %Y, %H:%M}" if grain is Grain.HOUR else f"{start:%-d %b %Y}"
    if window is None:
        is_open = start + grain.length + CLOSES_AFTER[grain] > now
        words = "not over yet" if is_open else WORDS[NOT_PLANNED]
        return WindowCell(start, NOT_PLANNED, False, f"{when}: {words}")
    words = f"{when}: {WORDS[SnapshotState(window.state)]}"
    if window.revision and currency:
        words += f", {money_text(window.total, currency)}"
    if window.state == SnapshotState.PARTIAL:
        words += f", {window.minutes_covered} minutes"
    if window.error_message and window.state == SnapshotState.FAILED:
        words += f". {window.error_message}"
    difference = restated_by(window)
    if difference is not None:
        by = f" by {signed_money(difference, currency)}" if currency else ""
        words += f". Restated{by}"
    return WindowCell(start, window.state, difference is not None, words)


def restated_by(window: Snapshot) -> int | None:
    """By how much the last restatement changed the window's total, in micro-units; None when it never was."""
    before: int | None = getattr(window, "previous_total", None)
    return None if before is None else window.total - before


def _newest_end(cluster: Cluster) -> dt.datetime | None:
    ends = [
        start + grain.length
        for grain in Grain
        if (
            start := Snapshot.objects.filter(cluster=cluster, grain=grain, revision__gt=0)
            .order_by("-window_start")
            .values_list("window_start", flat=True)
            .first()
        )
    ]
    return max(ends, default=None)


def _troubled(cluster: Cluster) -> list[Snapshot]:
    """Windows that wait for another try, newest first."""
    return list(
        Snapshot.objects.filter(cluster=cluster, tries__gt=0).order_by("-window_start", "grain")[
            :MOST_TROUBLED
        ]
    )


def failed_windows(cluster: Cluster) -> dict[Grain, list[dt.datetime]]:
    """The starts of every window whose last reading failed."""
    found: dict[Grain, list[dt.datetime]] = {Grain.HOUR: [], Grain.DAY: []}
    rows = Snapshot.objects.filter(cluster=cluster).filter(
        Q(state=SnapshotState.FAILED) | Q(tries__gt=0)
    )
    for grain, start in rows.values_list("grain", "window_start"):
        found[Grain(grain)].append(start)
    return found


def _last_restatement(cluster: Cluster) -> Restatement | None:
    last = (
        SnapshotRevision.objects.filter(snapshot__cluster=cluster)
        .select_related("snapshot")
        .order_by("-replaced_at", "-pk")
        .first()
    )
    if last is None:
        return None
    following = SnapshotRevision.objects.filter(
        snapshot=last.snapshot, revision=last.revision + 1
    ).first()
    now_total = following.total if following else last.snapshot.total
    return Restatement(last.snapshot, now_total - last.total, last.revision + 1)


# Backfill ----------------------------------------------------------------------------------------


def backfill_of(cluster: Cluster) -> Backfill:
    """How far the cluster's older days are read."""
    return _backfill(cluster, IngestState.objects.filter(cluster=cluster).first())


def _backfill(cluster: Cluster, state: IngestState | None) -> Backfill:
    if state is None or state.backfill_from is None:
        return Backfill(BackfillState.NONE, None, 0, 0, 0, None, None, None)
    wanted = max(0, (state.stored_since - state.backfill_from) // DAY)
    read = Snapshot.objects.filter(
        cluster=cluster,
        grain=Grain.DAY,
        window_start__gte=state.backfill_from,
        window_start__lt=state.stored_since,
        state__in=_READ,
    ).aggregate(
        days=Count("pk"),
        rows=Coalesce(Sum("rows"), 0),
        seconds=Avg(F("read_seconds") + Coalesce(F("write_seconds"), 0.0)),
    )
    left = max(0, wanted - read["days"])
    return Backfill(
        state=state.backfill_state,
        first_day=state.backfill_from.date(),
        days_done=read["days"],
        days_wanted=wanted,
        rows=read["rows"],
        seconds_left=None if read["seconds"] is None else left * read["seconds"],
        started_at=state.backfill_started_at,
        ended_at=state.backfill_ended_at,
    )


def running_backfills(clusters: Sequence[Cluster]) -> list[tuple[Cluster, Backfill]]:
    """The clusters whose older days are being read now."""
    states = IngestState.objects.filter(
        cluster__in=[cluster.pk for cluster in clusters], backfill_state=BackfillState.RUNNING
    )
    by_pk = {state.cluster_id: state for state in states}
    return [
        (cluster, _backfill(cluster, by_pk[cluster.pk]))
        for cluster in clusters
        if cluster.pk in by_pk
    ]
