"""Jobs of a workspace. Beat sends each to every tenant, once an hour."""

from smtplib import SMTPException

from celery import shared_task
from django.utils import timezone

from costinsights.core.tasks import TenantTask
from costinsights.workspace.plan import measuring, trial_mail


@shared_task(base=TenantTask, name="workspace.measure_usage")
def measure_usage() -> None:
    """Count what the tenant uses. Safe to repeat."""
    measuring.measure_usage(at=timezone.now())


@shared_task(
    base=TenantTask,
    name="workspace.tell_trial_ends",
    autoretry_for=(OSError, SMTPException),
    retry_backoff=10,
    max_retries=5,
)
def tell_trial_ends() -> int:
    """Mail the owners if the end of a trial is near or past. Returns how many mails went out."""
    return trial_mail.tell_trial_ends(at=timezone.now())
