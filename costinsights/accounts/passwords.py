"""Resetting a forgotten password by mail, and mails about a member's own security."""

from typing import Any, cast

import structlog
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.cache import cache
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from costinsights.accounts.models import User, normalise_email, schema_name
from costinsights.accounts.single_sign_on.selectors import may_use_password
from costinsights.core.mail import send_mail
from costinsights.core.tenancy import TenantLike, absolute_url, current_tenant

logger = structlog.get_logger(__name__)

SECONDS_BETWEEN_MAILS = 60


class ResetTokens(PasswordResetTokenGenerator):
    """Tokens of one tenant: the salt carries it, so a link of one is void in every other.

    A token ends with its first use, a sign-in, a change of the password or address, and with
    PASSWORD_RESET_TIMEOUT.
    """

    def __init__(self, tenant: TenantLike) -> None:
        super().__init__()
        self.key_salt = f"costinsights.accounts.reset:{tenant.pk}:{schema_name()}"


def find_user(encoded_id: str) -> User | None:
    """The active member a reset link names, if they may have a password, else None."""
    try:
        pk = int(urlsafe_base64_decode(encoded_id).decode("ascii"))
    except ValueError:
        return None
    if not 0 < pk < 2**63:
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    return user if user is not None and may_use_password(user) else None


def reset_link(user: User) -> str:
    """The address that lets its holder set a new password, on the tenant's own primary domain."""
    tenant = current_tenant()
    path = reverse(
        "password-reset",
        kwargs={
            "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
            "token": ResetTokens(tenant).make_token(cast(Any, user)),  # typed for the staff model
        },
        urlconf=settings.ROOT_URLCONF,
    )
    return absolute_url(tenant, path)


def send_password_reset(*, email: str, minutes_valid: int) -> bool:
    """Mail a reset link if an active member who may use a password has this address. Says whether one was sent.

    The mail goes to the stored address, never to what was typed, and at most once a minute.
    """
    user = User.objects.filter(email=normalise_email(email), is_active=True).first()
    if user is None or not may_use_password(user):
        return False
    if not cache.add(f"password-reset-mail:{user.pk}", 1, timeout=SECONDS_BETWEEN_MAILS):
        return False
    tenant = current_tenant()
    context = {
        "user": user,
        "tenant": tenant,
        "link": reset_link(user),
        "minutes_valid": minutes_valid,
    }
    _send(user, f"Reset your password for {tenant.name}", "accounts/mail/password_reset", context)
    logger.info("password_reset_mailed", user=user.pk)
    return True


def send_password_changed(*, user: User) -> None:
    """Tell a member that their password was changed, so that a stranger's change is noticed."""
    tenant = current_tenant()
    context = {
        "user": user,
        "tenant": tenant,
        "link": absolute_url(tenant, reverse("password-forgot", urlconf=settings.ROOT_URLCONF)),
    }
    _send(
        user,
        f"Your password for {tenant.name} was changed",
        "accounts/mail/password_changed",
        context,
    )


def send_second_factor_off(*, user: User) -> None:
    """Tell a member that their second factor is gone, so that a stranger's change is noticed."""
    tenant = current_tenant()
    context = {
        "user": user,
        "tenant": tenant,
        "link": absolute_url(tenant, reverse("profile", urlconf=settings.ROOT_URLCONF)),
    }
    _send(
        user,
        f"Your second factor for {tenant.name} is off",
        "accounts/mail/second_factor_off",
        context,
    )


def _send(user: User, subject: str, template: str, context: dict[str, object]) -> None:
    send_mail(to=user.email, subject=subject, template=template, context=context)
