"""Mail to members. Sending is a job, so that no page's answer time tells who is a member."""

from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from costinsights.accounts import idempotency, invitations, passwords, token_mails
from costinsights.accounts.models import TenantSession, User, normalise_email
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


@shared_task(name="accounts.send_invitation", **_RETRY)
def send_invitation(*, invitation_id: int) -> None:
    invitations.send(invitation_id=invitation_id, at=timezone.now())


@shared_task(name="accounts.invite_first_owner", **_RETRY)
def invite_first_owner(*, email: str) -> bool:
    """Invite the owner of a new workspace. Says whether a mail went out: not once there is a member."""
    now = timezone.now()
    if not invitations.door_for_first_owner(email=email, at=now):
        return False
    invitation = invitations.open_invitations(now).get(email=normalise_email(email))
    return invitations.send(invitation_id=invitation.pk, at=now)


@shared_task(name="accounts.send_second_factor_off", **_RETRY)
def send_second_factor_off(*, user_id: int) -> None:
    passwords.send_second_factor_off(user=User.objects.get(pk=user_id))


@shared_task(base=TenantTask, name="accounts.forget_expired_sessions")
def forget_expired_sessions() -> int:
    """Delete the sessions whose time is over. Returns how many there were."""
    now = timezone.now()
    idle_since = now - timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    over = Q(expire_date__lt=now) | Q(user__isnull=False, last_seen_at__lt=idle_since)
    deleted, _ = TenantSession.objects.filter(over).delete()
    return deleted


@shared_task(base=TenantTask, name="accounts.announce_ending_tokens")
def announce_ending_tokens() -> int:
    """Tell members which of their API tokens end within a week. Returns how many tokens that are."""
    claimed = token_mails.claim_ending_tokens(at=timezone.now())
    for user_id, token_ids in claimed.items():
        send_token_expiry.enqueue_on_commit(user_id=user_id, token_ids=token_ids)
    return sum(map(len, claimed.values()))


@shared_task(name="accounts.send_token_expiry", **_RETRY)
def send_token_expiry(*, user_id: int, token_ids: list[int]) -> None:
    user = User.objects.get(pk=user_id)
    token_mails.send_token_expiry(user=user, token_ids=token_ids, at=timezone.now())


@shared_task(base=TenantTask, name="accounts.forget_old_answers")
def forget_old_answers() -> int:
    """Delete answers kept for an Idempotency-Key that nobody may repeat any more."""
    return idempotency.forget_old_answers(at=timezone.now())
