"""Jobs of the sign-up. They work for the platform: there is no tenant yet."""

from smtplib import SMTPException

from celery import shared_task
from django.utils import timezone

from costinsights.workspace.sign_up import services


@shared_task(
    name="workspace.send_sign_up_link",
    autoretry_for=(OSError, SMTPException),
    retry_backoff=10,
    max_retries=5,
)
def send_sign_up_link(*, sign_up_id: int) -> bool:
    """Mail somebody the link that makes their workspace."""
    return services.send_link(sign_up_id=sign_up_id, at=timezone.now())


@shared_task(name="workspace.forget_old_sign_ups")
def forget_old_sign_ups() -> int:
    """Delete sign-ups that ended a week ago. Returns how many."""
    return services.forget_old_sign_ups(at=timezone.now())
