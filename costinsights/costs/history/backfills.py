"""How far the reading of older days has come. Reads only; `ledger` starts and stops it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Avg, Count, F, Sum
from django.db.models.functions import Coalesce

from costinsights.core.periods import DAY
from costinsights.costs.history.models import (
    BackfillState,
    Grain,
    IngestState,
    Snapshot,
    SnapshotState,
)
from costinsights.costs.models import Cluster

_READ = (SnapshotState.OK, SnapshotState.PARTIAL, SnapshotState.EMPTY)


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


NO_BACKFILL: Final = Backfill(BackfillState.NONE, None, 0, 0, 0, None, None, None)


def backfill_of(cluster: Cluster) -> Backfill:
    """How far the cluster's older days are read."""
    return backfills(IngestState.objects.in_bulk([cluster.pk])).get(cluster.pk, NO_BACKFILL)


def backfills(states: Mapping[int, IngestState]) -> dict[int, Backfill]:
    """How far the older days of these clusters are read, by cluster; those never asked for are left out."""
    wanted = {pk: state for pk, state in states.items() if state.backfill_from is not None}
    if not wanted:
        return {}
    rows = (
        Snapshot.objects.filter(
            cluster__in=wanted,
            grain=Grain.DAY,
            window_start__gte=F("cluster__ingest__backfill_from"),
            window_start__lt=F("cluster__ingest__stored_since"),
            state__in=_READ,
        )
        .order_by()
        .values("cluster_id")
        .annotate(
            days=Count("pk"),
            held=Sum("rows"),
            seconds=Avg(F("read_seconds") + Coalesce(F("write_seconds"), 0.0)),
        )
    )
    read = {row["cluster_id"]: row for row in rows}
    nothing = {"days": 0, "held": 0, "seconds": None}
    return {pk: _backfill(state, read.get(pk, nothing)) for pk, state in wanted.items()}


def _backfill(state: IngestState, read: Mapping[str, Any]) -> Backfill:
    oldest = state.backfill_from or state.stored_since
    wanted = max(0, (state.stored_since - oldest) // DAY)
    left = max(0, wanted - read["days"])
    return Backfill(
        state=state.backfill_state,
        first_day=oldest.date(),
        days_done=read["days"],
        days_wanted=wanted,
        rows=read["held"],
        seconds_left=None if read["seconds"] is None else left * read["seconds"],
        started_at=state.backfill_started_at,
        ended_at=state.backfill_ended_at,
    )


def running_backfills(clusters: Sequence[Cluster]) -> list[tuple[Cluster, Backfill]]:
    """The clusters whose older days are being read now."""
    states = IngestState.objects.filter(
        cluster__in=[cluster.pk for cluster in clusters], backfill_state=BackfillState.RUNNING
    )
    running = backfills({state.cluster_id: state for state in states})
    return [(cluster, running[cluster.pk]) for cluster in clusters if cluster.pk in running]
