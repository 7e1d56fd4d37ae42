"""Jobs: making reports."""

from celery import shared_task
from django.utils import timezone

from costinsights.core.tasks import TenantTask
from reporting.reports.kept import forget_expired
from reporting.reports.running import do_run, lost_runs
from tenants.features import Feature


@shared_task(base=TenantTask, name="reporting.make_report", feature=Feature.REPORTING)
def make_report(run_id: int) -> str:
    """Make a report's files. Returns the state that the run ended in."""
    return do_run(run_id, now=timezone.now())


@shared_task(base=TenantTask, name="reporting.look_after_reports", feature=Feature.REPORTING)
def look_after_reports() -> int:
    """Each few minutes: take over what was lost, and take away files that are past their time."""
    now = timezone.now()
    forget_expired(now=now)
    found = lost_runs(now=now)
    for run_id in found:
        make_report.enqueue_on_commit(run_id=run_id)
    return len(found)
