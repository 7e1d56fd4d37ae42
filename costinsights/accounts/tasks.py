"""Mail to members. Sending is a job, so that no page's answer time tells who is a member."""

from smtplib import SMTPException
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from costinsights.accounts import passwords
from costinsights.accounts.models import TenantSession, User
from costinsights.core.tasks import TenantTask

_RETRY: dict[str, Any] = {
    "base": TenantTask,
    "autoretry_for": (OSError, SMTPException),
    "retry_backoff": 10,
    "max_retries": 5,
}


@shared_task(name="accounts.send_password_reset", **_RETRY)
def send_password_reset(*, email: str) -> None:
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    passwords.send_password_reset(email=email, minutes_valid=minutes)


@shared_task(name="accounts.send_password_changed", **_RETRY)
def send_password_changed(*, user_id: int) -> None:
    passwords.send_password_changed(user=User.objects.get(pk=user_id))


@shared_task(base=TenantTask, name="accounts.forget_expired_sessions")
def forget_expired_sessions() -> int:
    """Delete the sessions whose time is over. Returns how many there were."""
    deleted, _ = TenantSession.objects.filter(expire_date__lt=timezone.now()).delete()
    return deleted
