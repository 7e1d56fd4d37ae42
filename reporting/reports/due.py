"""The clock's part: one run for each due moment, whoever ticks."""

import datetime as dt

from django.db import transaction

from reporting.models import ReportRun, ReportSchedule
from reporting.reports.calendar import next_moment
from reporting.reports.kinds import workspace_zone


def runs_due(*, now: dt.datetime) -> list[int]:
    """Runs of schedules that are due, made now. What another tick made is not among them."""
    zone, made = workspace_zone(), []
    for schedule in ReportSchedule.objects.filter(is_active=True):
        ahead = next_moment(schedule.frequency, schedule.day, schedule.hour, zone=zone, after=now)
        due = schedule.next_run_at
        mine = ReportSchedule.objects.filter(pk=schedule.pk, next_run_at=due)
        if due is None or due > now:
            if due != ahead:  # the workspace's time zone was changed
                mine.update(next_run_at=ahead)
            continue
        with transaction.atomic():
            run, is_new = ReportRun.objects.get_or_create(
                schedule=schedule,
                due_at=due,
                defaults={
                    "report_id": schedule.report_id,
                    "requested_by_id": schedule.created_by_id,
                    "created_at": now,
                },
            )
            mine.update(next_run_at=ahead, last_run_at=due)
        if is_new:
            made.append(run.pk)
    return made
