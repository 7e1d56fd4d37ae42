"""Two lanes of reading, so that an OpenCost that hangs takes no time from those that answer.

The quick lane waits for an answer a little longer than the cluster usually takes. What takes longer is handed over,
without counting as a failure, to the slow lane: it has workers of its own, waits for the full deadline, and reads one
window per workspace at a time. A cluster comes back once it answers quickly again.
"""

import datetime as dt
import statistics
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.db import transaction

from costinsights.core.errors import ExchangeError
from costinsights.costs.history.models import Grain, IngestState, Snapshot

LEAST_PATIENCE_SECONDS: Final = 5.0
UNKNOWN_PATIENCE_SECONDS: Final = 10.0  # nobody knows yet how long this cluster takes
TIMES_THE_USUAL: Final = 4.0
RECENT_WINDOWS: Final = 5
# What failed sooner than this held nobody up.
QUICK_FAILURE_SECONDS: Final = 3.0
# How long an OpenCost that hung may take over the smallest question before it is asked a large one.
PROBE_SECONDS: Final = 10.0


class Lane(StrEnum):
    """Which workers read a cluster."""

    QUICK = "quick"
    SLOW = "slow"

    @property
    def most_per_tenant(self) -> int:
        """How many windows of one workspace are read at the same time."""
        return int(settings.HISTORY_READS_PER_TENANT) if self is Lane.QUICK else 1


def patience(cluster_id: int, grain: str, lane: Lane | None) -> float:
    """The seconds an answer is waited for. By hand (no lane) and in the slow lane: the full deadline."""
    full = float(settings.OPENCOST_DEADLINE_SECONDS)
    if lane is not Lane.QUICK:
        return full
    usual = _recent_seconds(cluster_id, grain)
    wanted = (
        max(LEAST_PATIENCE_SECONDS, TIMES_THE_USUAL * max(usual))
        if usual
        else UNKNOWN_PATIENCE_SECONDS
    )
    return min(wanted, float(settings.HISTORY_PATIENCE_SECONDS), full)


def holds_up(error: ExchangeError, *, seconds: float) -> bool:
    """Whether a failed exchange took so long that others should not wait behind the next one."""
    return error.retry_is_useful and seconds >= min(
        QUICK_FAILURE_SECONDS, float(settings.HISTORY_PATIENCE_SECONDS)
    )


def hand_over(snapshot: Snapshot, *, attempt: int, now: dt.datetime) -> bool:
    """Have the slow lane read this window at once; no failure is counted. False if somebody else holds it now."""
    with transaction.atomic():
        released = Snapshot.objects.filter(pk=snapshot.pk, attempt=attempt).update(
            leased_until=None, due_at=now
        )
        if released:
            use_slow_lane(snapshot.cluster_id, now=now)
    return bool(released)


def use_slow_lane(cluster_id: int, *, now: dt.datetime) -> None:
    """From now on the cluster is read in the slow lane."""
    IngestState.objects.filter(cluster_id=cluster_id, slow_since=None).update(slow_since=now)


def note_pace(cluster_id: int, *, seconds: float, now: dt.datetime) -> None:
    """After a successful reading: into the lane that suits how long it took.

    Back to the quick lane only when hours and days are usually quick: one of them would be cut off otherwise.
    """
    most = float(settings.HISTORY_PATIENCE_SECONDS) / 3
    if seconds > most:
        use_slow_lane(cluster_id, now=now)
        return
    if not IngestState.objects.filter(cluster_id=cluster_id, slow_since__isnull=False).exists():
        return
    usual = [_recent_seconds(cluster_id, grain) for grain in Grain]
    if all(statistics.median(seconds) <= most for seconds in usual if seconds):
        IngestState.objects.filter(cluster_id=cluster_id).update(slow_since=None)


def _recent_seconds(cluster_id: int, grain: str) -> list[float]:
    """How long the newest windows of a grain took to be read."""
    newest = (
        Snapshot.objects.filter(cluster_id=cluster_id, grain=grain, read_seconds__isnull=False)
        .order_by("-window_start")
        .values_list("read_seconds", flat=True)[:RECENT_WINDOWS]
    )
    return [seconds for seconds in newest if seconds is not None]
