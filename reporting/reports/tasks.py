"""Jobs: making reports, their mails, and what is due."""

from smtplib import SMTPException

from celery import shared_task
from django.utils import timezone

from costinsights.core.tasks import TenantTask, WakeUpTask
from reporting.models import ReportRun
from reporting.reports.due import runs_due
from reporting.reports.kept import forget_expired
from reporting.reports.mails import send_due
from reporting.reports.running import do_run, lost_runs
from tenants.features import Feature


@shared_task(base=TenantTask, name="reporting.make_report", feature=Feature.REPORTING)
def make_report(run_id: int) -> str:
    """Make a report's files. Returns the state that the run ended in."""
    ended = do_run(run_id, now=timezone.now())
    if ReportRun.objects.filter(pk=run_id, mail_due_at__isnull=False).exists():
        mail_reports.enqueue_on_commit()
    return ended


@shared_task(
    base=TenantTask,
    name="reporting.mail_reports",
    feature=Feature.REPORTING,
    autoretry_for=(OSError, SMTPException),
    retry_backoff=700,  # past the time for which a run's mails are one job's
    max_retries=3,
)
def mail_reports() -> int:
    """Send the mails of scheduled runs that ended. Returns how many went out."""
    return send_due(now=timezone.now())


@shared_task(base=WakeUpTask, name="reporting.look_after_reports", feature=Feature.REPORTING)
def look_after_reports() -> int:
    """Each few minutes: begin what is due, take over what was lost, take away files that are past their time.

    Returns how many runs were sent for.
    """
    now = timezone.now()
    forget_expired(now=now)
    found = [*runs_due(now=now), *lost_runs(now=now)]
    if ReportRun.objects.filter(mail_due_at__lte=now).exists():
        mail_reports.enqueue_on_commit()
    for run_id in found:
        make_report.enqueue_on_commit(run_id=run_id)
    return len(found)
