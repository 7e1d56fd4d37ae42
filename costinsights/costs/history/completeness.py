"""What of a period is stored: which windows answer for it, and how complete each step is."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from costinsights.core.periods import DAY, HOUR, ChargePeriod, utc_day
from costinsights.costs.history.models import Grain, Snapshot
from costinsights.costs.history.writer import FULL_MINUTES
from costinsights.costs.models import Cluster

_DAY_MINUTES = 1440


class StepState(StrEnum):
    """How much of a step is stored."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Window:
    """A stored window, as far as questions need it."""

    cluster_id: int
    start: dt.datetime
    minutes: int  # covered; a full window counts in full
    total: int
    rows: int
    unknown_rows: int
    read_at: dt.datetime | None
    revision: int


@dataclass(slots=True)
class Coverage:
    """The windows that answer for a period: days where a day is stored, else that day's hours.

    `by_hour` is for questions in hourly steps: only hours answer for those.
    """

    period: ChargePeriod
    by_hour: bool
    days: dict[tuple[int, dt.datetime], Window] = field(default_factory=dict)
    hours: dict[tuple[int, dt.datetime], Window] = field(default_factory=dict)

    @classmethod
    def load(
        cls, clusters: Sequence[Cluster], period: ChargePeriod, *, by_hour: bool
    ) -> "Coverage":
        found = cls(period, by_hour)
        if not by_hour:
            found.days = _windows(clusters, Grain.DAY, period.start, period.end)
        first = period.start if by_hour else found._first_open_day(clusters)
        if first is not None:
            hours = _windows(clusters, Grain.HOUR, first, period.end)
            found.hours = {
                (cluster, start): window
                for (cluster, start), window in hours.items()
                if (cluster, utc_day(start)) not in found.days
            }
        return found

    def _first_open_day(self, clusters: Sequence[Cluster]) -> dt.datetime | None:
        """Where hours are worth looking for: from the first day that some cluster lacks."""
        for day in self.period.days():
            if any((cluster.pk, day.start) not in self.days for cluster in clusters):
                return day.start
        return None

    @property
    def windows(self) -> list[Window]:
        return [*self.days.values(), *self.hours.values()]

    @property
    def total(self) -> int:
        """What the ledger says that the whole period cost, in micro-units."""
        return sum(window.total for window in self.windows)

    def open_days(self) -> dict[int, list[dt.datetime]]:
        """By cluster, the starts of the days whose hours stand in for them, oldest first."""
        found: dict[int, set[dt.datetime]] = {}
        for cluster, start in self.hours:
            found.setdefault(cluster, set()).add(utc_day(start))
        return {cluster: sorted(days) for cluster, days in found.items()}

    def data_through(self, clusters: Sequence[Cluster]) -> dt.datetime | None:
        """The instant up to which every cluster has data; None when one has none."""
        ends = []
        for cluster in clusters:
            last = [start + DAY for pk, start in self.days if pk == cluster.pk]
            last += [start + HOUR for pk, start in self.hours if pk == cluster.pk]
            if not last:
                return None
            ends.append(max(last))
        return min(ends) if ends else None

    def completeness(
        self, steps: Sequence[ChargePeriod], clusters: Sequence[Cluster], *, now: dt.datetime
    ) -> list[tuple[StepState, float]]:
        """For each step its state and the share of its elapsed minutes that is stored, over all clusters."""
        covered: dict[dt.datetime, int] = {}
        for window in self.windows:
            key = window.start if self.by_hour else utc_day(window.start)
            covered[key] = covered.get(key, 0) + window.minutes
        found = []
        for step in steps:
            end = min(step.end, now)
            expected = max(0.0, (end - step.start).total_seconds() / 60) * len(clusters)
            held = 0
            instant = step.start
            while instant < step.end:
                held += covered.get(instant, 0)
                instant += HOUR if self.by_hour else DAY
            found.append(_state(held, expected, is_over=step.end <= now))
        return found

    def stored_shares(self, steps: Sequence[ChargePeriod], *, now: dt.datetime) -> list[float]:
        """For each step the share of its elapsed minutes for which some cluster is stored: what an average
        per day is taken over, so that a cluster without data does not stretch it."""
        by_cluster: dict[tuple[int, dt.datetime], int] = {}
        for window in self.windows:
            key = (window.cluster_id, window.start if self.by_hour else utc_day(window.start))
            by_cluster[key] = by_cluster.get(key, 0) + window.minutes
        most: dict[dt.datetime, int] = {}
        for (_, start), minutes in by_cluster.items():
            most[start] = max(most.get(start, 0), minutes)
        found = []
        for step in steps:
            elapsed = max(0.0, (min(step.end, now) - step.start).total_seconds() / 60)
            held = sum(minutes for start, minutes in most.items() if step.start <= start < step.end)
            found.append(min(1.0, held / elapsed) if elapsed else 0.0)
        return found


def _state(held: int, expected: float, *, is_over: bool) -> tuple[StepState, float]:
    if held <= 0 or expected <= 0:
        return StepState.MISSING, 0.0
    share = min(1.0, held / expected)
    complete = is_over and share >= FULL_MINUTES[Grain.DAY] / _DAY_MINUTES
    return (StepState.COMPLETE if complete else StepState.PARTIAL), share


def _windows(
    clusters: Sequence[Cluster], grain: Grain, start: dt.datetime, end: dt.datetime
) -> dict[tuple[int, dt.datetime], Window]:
    rows = Snapshot.objects.filter(
        cluster__in=[cluster.pk for cluster in clusters],
        grain=grain,
        window_start__gte=start,
        window_start__lt=end,
        revision__gt=0,
    ).values_list(
        "cluster_id",
        "window_start",
        "minutes_covered",
        "total",
        "rows",
        "unknown_rows",
        "read_at",
        "revision",
    )
    length = int(grain.length.total_seconds() // 60)
    full = FULL_MINUTES[grain]
    return {
        (row[0], row[1]): Window(row[0], row[1], length if row[2] >= full else row[2], *row[3:])
        for row in rows
    }


def stored_days(cluster_ids: Sequence[int], first: dt.date, end: dt.date) -> list[dt.date]:
    """The days in [first, end) of which some of these clusters have rows, once for each cluster, sorted."""
    found = Snapshot.objects.filter(
        cluster__in=cluster_ids,
        grain=Grain.DAY,
        window_start__gte=dt.datetime.combine(first, dt.time(), dt.UTC),
        window_start__lt=dt.datetime.combine(end, dt.time(), dt.UTC),
        revision__gt=0,
        rows__gt=0,
    ).values_list("window_start", flat=True)
    return sorted(start.date() for start in found)
