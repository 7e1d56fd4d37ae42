"""How complete the store is: windows as a calendar, lag, errors, backfills. Reads only; `ledger` changes things."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import F, Max, OuterRef, Q, Subquery, Window
from django.db.models.functions import RowNumber

from costinsights.core.periods import DAY, HOUR, utc_day, utc_hour
from costinsights.core.templatetags.display import money_text, signed_money
from costinsights.costs.history.backfills import NO_BACKFILL, Backfill, backfills
from costinsights.costs.history.ledger import CLOSES_AFTER
from costinsights.costs.history.models import (
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
    found = _Found.of(list(clusters), now=now, retention_days=retention_days)
    return [
        _health(cluster, found, now=now, with_amounts=with_amounts) for cluster in found.clusters
    ]


_Windows = dict[dt.datetime, Snapshot]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the ledger says of all clusters, by cluster: a fixed number of questions however many there are."""

    clusters: list[Cluster]
    days: dict[int, _Windows]
    hours: dict[int, _Windows]
    states: dict[int, IngestState]
    newest_ends: dict[int, dt.datetime]
    troubled: dict[int, list[Snapshot]]
    restatements: dict[int, Restatement]
    backfills: dict[int, Backfill]

    @classmethod
    def of(cls, clusters: list[Cluster], *, now: dt.datetime, retention_days: int) -> "_Found":
        pks = [cluster.pk for cluster in clusters]
        states = IngestState.objects.in_bulk(pks)
        return cls(
            clusters=clusters,
            days=_windows(pks, Grain.DAY, utc_day(now) - retention_days * DAY),
            hours=_windows(pks, Grain.HOUR, _first_hour(now)),
            states=states,
            newest_ends=_newest_ends(pks),
            troubled=_troubled(pks),
            restatements=_last_restatements(pks),
            backfills=backfills(states),
        )


def _first_hour(now: dt.datetime) -> dt.datetime:
    return utc_hour(now) - (HOURS_SHOWN - 1) * HOUR


def _health(
    cluster: Cluster, found: _Found, *, now: dt.datetime, with_amounts: bool
) -> ClusterHealth:
    currency = cluster.currency if with_amounts else None
    days = found.days.get(cluster.pk, {})
    hours = found.hours.get(cluster.pk, {})
    state = found.states.get(cluster.pk)
    first_day = min(days, default=utc_day(now) - 27 * DAY)
    closed = state.closed_until if state else None
    return ClusterHealth(
        cluster=cluster,
        months=_months(currency, days, first_day, now),
        hours=[
            _cell(currency, hours.get(start), start, Grain.HOUR, now)
            for start in (_first_hour(now) + place * HOUR for place in range(HOURS_SHOWN))
        ],
        days_by_state=dict(Counter(day.state for day in days.values())),
        newest_end=found.newest_ends.get(cluster.pk),
        due_end=utc_hour(now - CLOSES_AFTER[Grain.HOUR]),
        troubled=found.troubled.get(cluster.pk, []),
        failures=state.failures if state else 0,
        closed_until=closed if closed and closed > now else None,
        restated=sum(day.revision > 1 for day in days.values()),
        restatement=found.restatements.get(cluster.pk) if with_amounts else None,
        backfill=found.backfills.get(cluster.pk, NO_BACKFILL),
    )


def _windows(clusters: Sequence[int], grain: Grain, first: dt.datetime) -> dict[int, _Windows]:
    before = SnapshotRevision.objects.filter(snapshot=OuterRef("pk")).order_by("-revision")
    rows = Snapshot.objects.filter(
        cluster__in=clusters, grain=grain, window_start__gte=first
    ).annotate(previous_total=Subquery(before.values("total")[:1]))
    found: dict[int, _Windows] = {}
    for window in rows.order_by("cluster_id", "window_start"):
        found.setdefault(window.cluster_id, {})[window.window_start] = window
    return found


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


def _newest_ends(clusters: Sequence[int]) -> dict[int, dt.datetime]:
    """By cluster, the end of the newest window that holds something."""
    rows = (
        Snapshot.objects.filter(cluster__in=clusters, revision__gt=0)
        .order_by()
        .values_list("cluster_id", "grain")
        .annotate(newest=Max("window_start"))
    )
    found: dict[int, dt.datetime] = {}
    for cluster_id, grain, newest in rows:
        end = newest + Grain(grain).length
        found[cluster_id] = max(end, found.get(cluster_id, end))
    return found


def _troubled(clusters: Sequence[int]) -> dict[int, list[Snapshot]]:
    """By cluster, the windows that wait for another try, newest first."""
    newest_first = [F("window_start").desc(), F("grain").asc()]
    place = Window(RowNumber(), partition_by="cluster_id", order_by=newest_first)
    rows = (
        Snapshot.objects.filter(cluster__in=clusters, tries__gt=0)
        .annotate(place=place)
        .filter(place__lte=MOST_TROUBLED)
        .order_by("cluster_id", "place")
    )
    found: dict[int, list[Snapshot]] = {}
    for window in rows:
        found.setdefault(window.cluster_id, []).append(window)
    return found


def failed_windows(cluster: Cluster) -> dict[Grain, list[dt.datetime]]:
    """The starts of every window whose last reading failed."""
    found: dict[Grain, list[dt.datetime]] = {Grain.HOUR: [], Grain.DAY: []}
    rows = Snapshot.objects.filter(cluster=cluster).filter(
        Q(state=SnapshotState.FAILED) | Q(tries__gt=0)
    )
    for grain, start in rows.values_list("grain", "window_start"):
        found[Grain(grain)].append(start)
    return found


def _last_restatements(clusters: Sequence[int]) -> dict[int, Restatement]:
    """By cluster, the window whose costs changed last, and by how much they did then."""
    following = SnapshotRevision.objects.filter(
        snapshot=OuterRef("snapshot"), revision=OuterRef("revision") + 1
    )
    rows = (
        SnapshotRevision.objects.filter(snapshot__cluster__in=clusters)
        .select_related("snapshot")
        .annotate(next_total=Subquery(following.values("total")[:1]))
        .order_by("snapshot__cluster_id", "-replaced_at", "-pk")
        .distinct("snapshot__cluster_id")
    )
    found = {}
    for last in rows:
        total = last.snapshot.total if last.next_total is None else last.next_total
        found[last.snapshot.cluster_id] = Restatement(
            last.snapshot, total - last.total, last.revision + 1
        )
    return found
