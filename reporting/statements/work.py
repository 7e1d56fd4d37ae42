"""A month's job: one at a time, with progress to look at and a way to stop it.

That a job is at work stands with the month in the database; how far it is stands in the cache, because the job's own
transaction reads one snapshot from beginning to end.
"""

import datetime as dt
from collections.abc import Callable

from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from costinsights.core.errors import ApplicationError, Conflict
from reporting.models import Period, WorkState

LOST_AFTER = dt.timedelta(minutes=30)  # a job that is silent for so long was killed
_KEPT_SECONDS = 3_600


class WorkCancelled(ApplicationError):
    """Somebody stopped the job."""

    code = "work_cancelled"
    status = 409
    title = "The job was cancelled"


def claim(period: Period, kind: str) -> None:
    """Take the month for a job. Raises Conflict while another is at work on it."""
    now = timezone.now()
    busy = Q(work_state__in=[WorkState.QUEUED, WorkState.RUNNING])
    lost = Q(work_started_at__lt=now - LOST_AFTER)
    taken = Period.objects.filter(Q(pk=period.pk) & (~busy | lost)).update(
        work_state=WorkState.QUEUED,
        work_kind=kind,
        work_done=0,
        work_whole=0,
        work_message="",
        work_started_at=now,
        work_ended_at=None,
    )
    if not taken:
        raise Conflict(f"{period} is being worked on. Wait for it to end, or cancel it.")
    cache.delete_many([_progress_key(period), _cancel_key(period)])


def started(period: Period) -> None:
    Period.objects.filter(pk=period.pk).update(work_state=WorkState.RUNNING)


def ended(period: Period, state: WorkState, message: str = "") -> None:
    Period.objects.filter(pk=period.pk).update(
        work_state=state, work_message=message[:1_000], work_ended_at=timezone.now()
    )
    cache.delete_many([_progress_key(period), _cancel_key(period)])


def ask_to_cancel(period: Period) -> None:
    """Stop the job at its next step. Raises Conflict where none is at work."""
    if period.work_state not in (WorkState.QUEUED, WorkState.RUNNING):
        raise Conflict(f"Nothing is at work on {period}.")
    cache.set(_cancel_key(period), True, _KEPT_SECONDS)


def progress_of(period: Period) -> tuple[int, int, str]:
    """Steps done, steps in all, what is being done; zeros before it began."""
    found: tuple[int, int, str] = cache.get(_progress_key(period)) or (0, 0, "")
    return found


def reporter(period: Period) -> Callable[[int, int, str], None]:
    """What the job tells its progress to. Raises WorkCancelled when somebody stopped it."""

    def report(done: int, whole: int, words: str) -> None:
        if cache.get(_cancel_key(period)):
            raise WorkCancelled(f"The work on {period} was cancelled. Nothing was changed.")
        cache.set(_progress_key(period), (done, whole, words), _KEPT_SECONDS)

    return report


def _progress_key(period: Period) -> str:
    return f"reporting:progress:{period.pk}"


def _cancel_key(period: Period) -> str:
    return f"reporting:cancel:{period.pk}"
