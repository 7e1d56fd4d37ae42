"""What people ask of runs: begin one, stop one. The work is a job's."""

import datetime as dt

from costinsights.accounts.models import User
from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict
from reporting.models import ReportDefinition, ReportRun, RunState
from reporting.reports import tasks

UNFINISHED = (RunState.QUEUED, RunState.RUNNING)


def ask_for_run(report: ReportDefinition, *, by: User, now: dt.datetime) -> ReportRun:
    """Have a job make the report. Raises Conflict while the member waits for the same one."""
    if report.runs.filter(requested_by=by, state__in=UNFINISHED).exists():
        raise Conflict(f"“{report.name}” is running for you. Wait for it to end, or cancel it.")
    run = ReportRun.objects.create(report=report, requested_by=by, due_at=now, created_at=now)
    record_event("report.run_asked", target=report.name, target_id=str(report.pk))
    tasks.make_report.enqueue_on_commit(run_id=run.pk)
    return run


def ask_to_stop(run: ReportRun, *, now: dt.datetime) -> ReportRun:
    """Stop before the next step; at once while no job has taken it up. Raises Conflict for one that has ended."""
    mine = ReportRun.objects.filter(pk=run.pk)
    stopped = mine.filter(state=RunState.QUEUED).update(
        state=RunState.CANCELLED, cancel_requested=True, ended_at=now, message="It was cancelled."
    ) or mine.filter(state=RunState.RUNNING).update(cancel_requested=True)
    if not stopped:
        raise Conflict("The run has ended already.")
    record_event("report.run_cancelled", target=run.report.name, target_id=str(run.report_id))
    return ReportRun.objects.select_related("report", "requested_by").get(pk=run.pk)
