"""Runs: taken up by one job at a time, stopped, taken over when the job was killed.

Every sign of life is one UPDATE that also learns whether somebody stopped the run or another job has it. Files lie
under the hash of their content, so a run that is taken over writes the same ones again and nothing is left behind.
"""

import datetime as dt

import structlog
from django.db.models import Case, DateTimeField, F, Q, QuerySet, Value, When
from django.utils import timezone

from costinsights.core.errors import ApplicationError, Conflict
from reporting.models import ReportRun, RunState
from reporting.reports.kept import KEPT, forget_unused, held_by
from reporting.reports.kinds import make
from reporting.reports.making import Made

LOST_AFTER = dt.timedelta(minutes=30)  # a job that is silent for so long was killed
MOST_ATTEMPTS = 2
log = structlog.get_logger(__name__)


class RunCancelled(ApplicationError):
    """Somebody stopped the run."""

    code = "run_cancelled"
    status = 409
    title = "The run was cancelled"


class RunLost(Exception):
    """Another job has the run, or it was deleted: leave it alone."""


def do_run(run_id: int, *, now: dt.datetime) -> str:
    """The job's part. Returns the state it ended in; "" where the run is not this job's to do."""
    run = _claimed(run_id, now)
    if run is None:
        return ""
    try:
        member = run.requested_by
        if member is None or not member.is_active:
            raise Conflict("Whoever asked for it is not a member any more.")
        report = run.report
        made = make(
            report.kind,
            report.parameters,
            report.formats,
            member=member,
            due_at=run.due_at,
            now=now,
            progress=lambda done, whole: _alive(run, done, whole),
        )
        return _done(run, made)
    except RunLost:
        log.info("reports.run_lost", run=run_id)
        return ""
    except RunCancelled as error:
        return _ended(run, RunState.CANCELLED, error.message)
    except ApplicationError as error:
        return _ended(run, RunState.FAILED, error.message)
    except Exception:
        _ended(run, RunState.FAILED, "Something went wrong on our side. It was reported.")
        raise


def lost_runs(*, now: dt.datetime) -> list[int]:
    """Runs to send another job for: those that wait for none, and those whose job was killed, once. Ends the others."""
    lost = Q(state=RunState.RUNNING, seen_at__lt=now - LOST_AFTER)
    ReportRun.objects.filter(lost, attempts__gte=MOST_ATTEMPTS).update(
        state=RunState.FAILED,
        ended_at=now,
        message="The job was lost twice. Ask for less, or tell whoever runs the platform.",
        mail_due_at=_mail_due(now),
    )
    waiting = Q(state=RunState.QUEUED, created_at__lt=now - LOST_AFTER)
    return list(ReportRun.objects.filter(lost | waiting).values_list("pk", flat=True))


def _claimed(run_id: int, now: dt.datetime) -> ReportRun | None:
    free = Q(state=RunState.QUEUED) | Q(state=RunState.RUNNING, seen_at__lt=now - LOST_AFTER)
    taken = ReportRun.objects.filter(free, pk=run_id, attempts__lt=MOST_ATTEMPTS).update(
        state=RunState.RUNNING, attempts=F("attempts") + 1, started_at=now, seen_at=now, done=0
    )
    if not taken:
        return None
    return ReportRun.objects.select_related("report", "requested_by").get(pk=run_id)


def _alive(run: ReportRun, done: int, whole: int) -> None:
    """Raises RunCancelled or RunLost."""
    mine = _mine(run)
    told = mine.filter(cancel_requested=False).update(
        done=done, whole=whole, seen_at=timezone.now()
    )
    if told:
        return
    if mine.exists():
        raise RunCancelled("It was cancelled. No files were kept.")
    raise RunLost


def _done(run: ReportRun, made: Made) -> str:
    ended = timezone.now()
    held = {"scope": made.scope_digest, "statements": made.statements}
    is_mine = _mine(run).update(
        state=RunState.DONE,
        done=F("whole"),
        ended_at=ended,
        expires_at=ended + KEPT,
        summary={**made.summary.plain(), "held": held},
        files=made.files,
        message="",
        mail_due_at=_mail_due(ended),
    )
    if not is_mine:
        forget_unused(held_by([ReportRun(files=made.files)]))
        raise RunLost
    return RunState.DONE


def _ended(run: ReportRun, state: RunState, message: str) -> str:
    ended = timezone.now()
    due = _mail_due(ended) if state == RunState.FAILED else None
    _mine(run).update(state=state, message=message[:1_000], ended_at=ended, mail_due_at=due)
    return state


def _mine(run: ReportRun) -> QuerySet[ReportRun]:
    return ReportRun.objects.filter(pk=run.pk, state=RunState.RUNNING, attempts=run.attempts)


def _mail_due(at: dt.datetime) -> Case:
    """At once for a scheduled run; a run that somebody asked for is looked at."""
    return Case(
        When(schedule__isnull=False, then=Value(at)), default=None, output_field=DateTimeField()
    )
