"""What the pages of reports show."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from costinsights.accounts.models import User
from reporting.models import ReportDefinition, ReportRun, RunState
from reporting.reports.asking import UNFINISHED
from reporting.reports.calendar import words
from reporting.reports.kept import may_open
from reporting.reports.kinds import workspace_zone
from reporting.reports.mails import summary_context
from reporting.reports.selectors import visible_reports, visible_runs

# States as the badge component knows them.
TONES = {
    RunState.QUEUED: "waiting",
    RunState.RUNNING: "waiting",
    RunState.DONE: "ok",
    RunState.FAILED: "failed",
    RunState.CANCELLED: "stale",
}


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A report in the list. `last` is the newest run that the member sees."""

    report: ReportDefinition
    formats: str
    schedules: list[str]
    next_run_at: dt.datetime | None
    last: ReportRun | None

    @property
    def tone(self) -> str:
        return TONES[RunState(self.last.state)] if self.last else ""

    @property
    def is_busy(self) -> bool:
        return self.last is not None and self.last.state in UNFINISHED


def report_lines(member: User) -> list[ReportLine]:
    """By name."""
    zone = workspace_zone()
    newest = {
        run.report_id: run
        for run in visible_runs(member).order_by("report_id", "-id").distinct("report_id")
    }
    lines = []
    for report in visible_reports(member).prefetch_related("schedules"):
        schedules = list(report.schedules.all())
        ahead = [one.next_run_at for one in schedules if one.next_run_at]
        lines.append(
            ReportLine(
                report=report,
                formats=", ".join(one.upper() for one in report.formats),
                schedules=[
                    words(one.frequency, one.day, one.hour, zone=zone)
                    + ("" if one.is_active else " (paused)")
                    for one in schedules
                ],
                next_run_at=min(ahead, default=None),
                last=newest.get(report.pk),
            )
        )
    return lines


def run_context(run: ReportRun, member: User, *, now: dt.datetime) -> dict[str, Any]:
    """The variables of the run's page. Its summary and files only for those who may see them now."""
    is_open = bool(run.summary) and may_open(run, member)
    is_kept = run.expires_at is not None and run.expires_at > now
    return {
        "run": run,
        "tone": TONES[RunState(run.state)],
        "summary": summary_context(run.summary) if is_open else None,
        "is_hidden": bool(run.summary) and not is_open,
        "files": run.files if is_open and is_kept else [],
        "is_past": bool(run.expires_at) and not is_kept,
    }
