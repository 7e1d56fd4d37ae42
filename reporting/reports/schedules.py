"""Schedules: who may have what sent to whom, and runs when they are due.

A schedule runs as who made it, with what they may see when it runs. After an outage it runs once for all the moments
that went by, not once for each.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet

from costinsights.accounts.models import User
from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict, InvalidInput, NotFound
from reporting.models import Frequency, ReportDefinition, ReportKind, ReportRun, ReportSchedule
from reporting.reports import tasks
from reporting.reports.calendar import next_moment
from reporting.reports.kinds import workspace_zone
from reporting.reports.selectors import may_be_mailed, visible_reports
from reporting.reports.services import check_writes

MOST_RECIPIENTS = 20
MOST_SCHEDULES = 20  # of one report
_LAST_DAY = {Frequency.WEEKLY: 7, Frequency.MONTHLY: 28}


@dataclass(frozen=True, slots=True)
class ScheduleDraft:
    """A schedule whose values fit together."""

    frequency: str
    day: int
    hour: int
    recipients: list[str]
    to_owners: bool
    is_active: bool


def checked_schedule(
    report: ReportDefinition,
    *,
    frequency: str,
    day: int,
    hour: int = 6,
    recipients: Sequence[str] = (),
    to_owners: bool = False,
    is_active: bool = True,
) -> ScheduleDraft:
    """Raises InvalidInput that names what does not fit."""
    last = _LAST_DAY.get(Frequency(frequency)) if frequency in Frequency.values else None
    if last is None:
        raise InvalidInput("Use weekly or monthly.", field="frequency", value=frequency)
    if not 1 <= day <= last:
        raise InvalidInput(
            f"A {frequency} schedule has a day from 1 to {last}.", field="day", value=day
        )
    if not 0 <= hour <= 23:
        raise InvalidInput("Hours go from 0 to 23.", field="hour", value=hour)
    if to_owners and report.kind != ReportKind.STATEMENTS:
        raise InvalidInput("Only statements have owners of cost centres.", field="to_owners")
    return ScheduleDraft(
        frequency, day, hour, _checked_recipients(report, recipients), to_owners, is_active
    )


def schedule_for(member: User, pk: int) -> ReportSchedule:
    """Raises NotFound."""
    seen = ReportSchedule.objects.filter(report__in=visible_reports(member))
    found = seen.select_related("report", "created_by").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such schedule.")
    return found


def make_schedule(
    report: ReportDefinition, draft: ScheduleDraft, *, by: User, now: dt.datetime
) -> ReportSchedule:
    """Raises NotAllowed, Conflict for too many."""
    check_writes(by)
    if report.schedules.count() >= MOST_SCHEDULES:
        raise Conflict(f"A report has up to {MOST_SCHEDULES} schedules.")
    return _saved(ReportSchedule(report=report, created_by=by), draft, now)


def change_schedule(
    schedule: ReportSchedule, draft: ScheduleDraft, *, by: User, now: dt.datetime
) -> ReportSchedule:
    """It runs as whoever changed it from now on: what they may see, not what somebody else might. Raises NotAllowed."""
    check_writes(by)
    schedule.created_by = by
    return _saved(schedule, draft, now)


def delete_schedule(schedule: ReportSchedule, *, by: User) -> None:
    """What it made stays. Raises NotAllowed."""
    check_writes(by)
    schedule.delete()


def run_now(schedule: ReportSchedule, *, by: User, now: dt.datetime) -> ReportRun:
    """As if it were due, mails included. Raises NotAllowed."""
    check_writes(by)
    run = ReportRun.objects.create(
        report=schedule.report, schedule=schedule, requested_by=by, due_at=now, created_at=now
    )
    record_event("report.run_asked", target=run.report.name, target_id=str(run.report_id))
    tasks.make_report.enqueue_on_commit(run_id=run.pk)
    return run


def schedules_of(report: ReportDefinition) -> QuerySet[ReportSchedule]:
    return report.schedules.select_related("created_by", "report")


def _saved(schedule: ReportSchedule, draft: ScheduleDraft, now: dt.datetime) -> ReportSchedule:
    for name in ScheduleDraft.__slots__:
        setattr(schedule, name, getattr(draft, name))
    schedule.next_run_at = (
        next_moment(draft.frequency, draft.day, draft.hour, zone=workspace_zone(), after=now)
        if draft.is_active
        else None
    )
    schedule.save()
    return schedule


def _checked_recipients(report: ReportDefinition, recipients: Sequence[str]) -> list[str]:
    found = sorted({address.strip().lower() for address in recipients if address.strip()})
    if len(found) > MOST_RECIPIENTS:
        raise InvalidInput(
            f"A schedule has up to {MOST_RECIPIENTS} recipients.", field="recipients"
        )
    for address in found:
        try:
            validate_email(address)
        except ValidationError as error:
            raise InvalidInput(
                f"“{address[:60]}” is no e-mail address.", field="recipients", value=address[:60]
            ) from error
        if not may_be_mailed(report, address):
            raise InvalidInput(
                f"{address} is a member who may not see all of this report. They can run it themselves.",
                field="recipients",
                value=address,
            )
    return found
