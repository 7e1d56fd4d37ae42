"""What failed and what worked: when a window is tried again, and when a cluster is left alone."""

import datetime as dt
import random
from typing import Final

from django.db import transaction

from costinsights.costs.history.models import IngestState, Snapshot

FAILURES_TO_BREAK: Final = 3
LONGEST_BREAK: Final = dt.timedelta(minutes=30)
# An outage's windows: what OpenCost said to them says nothing about them.
PASSING_CODES: Final = ("opencost_unavailable", "opencost_timed_out")


def note_failure(
    snapshot: Snapshot,
    *,
    attempt: int,
    now: dt.datetime,
    code: str,
    message: str,
    retry_is_useful: bool,
    has_hung: bool = False,
) -> None:
    """A reading failed: try later, further apart each time; after some in a row leave the cluster alone.

    One that hung costs a worker its whole deadline, so once is enough. What is stored of the window stays as it was.
    """
    with transaction.atomic():
        held = _still_held(snapshot, attempt)
        if held is None:
            return
        until = now + pause_after(held.tries + 1, retry_is_useful=retry_is_useful)
        held.put_off(until=until, now=now, code=code, message=message)
        state = IngestState.objects.select_for_update().get(cluster_id=held.cluster_id)
        state.failures += 1
        state.hung_at = now if has_hung else None
        if state.failures >= FAILURES_TO_BREAK or has_hung or not retry_is_useful:
            state.closed_until = now + break_after(state.failures)
        state.save(update_fields=["failures", "hung_at", "closed_until"])


def put_aside(snapshot: Snapshot, *, attempt: int, now: dt.datetime) -> None:
    """An error of ours kept a window from being stored: later, and the cluster's others meanwhile."""
    with transaction.atomic():
        held = _still_held(snapshot, attempt)
        if held is not None:
            held.put_off(
                until=now + pause_after(held.tries + 1, retry_is_useful=True),
                now=now,
                code="internal_error",
                message="An error in Cost Insights kept this window from being stored. It has been reported.",
            )


def _still_held(snapshot: Snapshot, attempt: int) -> Snapshot | None:
    """The window, locked; None when somebody else has it now, or its cluster was removed."""
    return Snapshot.objects.select_for_update().filter(pk=snapshot.pk, attempt=attempt).first()


def note_success(cluster_id: int, *, now: dt.datetime) -> None:
    """The cluster answers: everybody may ask it again, and after an outage its windows are due at once.

    Only those that the outage kept from being read: a window whose own answer was bad waits its time.
    """
    with transaction.atomic():
        state = IngestState.objects.select_for_update().filter(cluster_id=cluster_id).first()
        if state is None or not (state.failures or state.closed_until or state.hung_at):
            return
        if state.failures >= FAILURES_TO_BREAK:
            Snapshot.objects.filter(
                cluster_id=cluster_id, due_at__gt=now, error_code__in=PASSING_CODES
            ).update(due_at=now)
        state.failures, state.closed_until, state.hung_at = 0, None, None
        state.save(update_fields=["failures", "hung_at", "closed_until"])


def pause_after(tries: int, *, retry_is_useful: bool) -> dt.timedelta:
    """1, 2, 4 … 30 minutes, each a little shorter or longer, so that clusters do not come back together."""
    minutes = min(30, 2 ** min(tries - 1, 5)) if retry_is_useful else 30
    return dt.timedelta(minutes=minutes * _spread())


def break_after(failures: int) -> dt.timedelta:
    """2, 4, 8 … 30 minutes after so many failures in a row, spread alike."""
    over = max(0, failures - FAILURES_TO_BREAK)
    minutes = 2 * 2 ** min(over, 4)
    return min(LONGEST_BREAK, dt.timedelta(minutes=minutes)) * _spread()


def _spread() -> float:
    return random.uniform(0.8, 1.2)  # noqa: S311  # spreads load, keeps no secret
