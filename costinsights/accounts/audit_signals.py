"""Sign-ins that failed, lock-outs and sign-outs, for the audit log. A sign-in that worked is recorded where it happens."""

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.dispatch import receiver

from costinsights.accounts.models import User, normalise_email
from costinsights.core.audit import record_event
from costinsights.core.tenancy import on_public_schema


@receiver(user_login_failed, dispatch_uid="audit_sign_in_failed")
def note_failure(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
    """The address as it was typed: whose it is, if anybody's, is for the reader to judge."""
    if not on_public_schema():
        record_event("sign_in.failed", target=_address(credentials.get("username")))


@receiver(user_locked_out, dispatch_uid="audit_sign_in_locked")
def note_lock(sender: Any, username: str | None = None, **_: Any) -> None:
    if not on_public_schema():
        record_event("sign_in.locked", target=_address(username))


@receiver(user_logged_out, dispatch_uid="audit_sign_out")
def note_sign_out(sender: Any, user: Any = None, **_: Any) -> None:
    if isinstance(user, User) and not on_public_schema():
        record_event("sign_in.ended", target=user.email)


def _address(typed: str | None) -> str:
    return normalise_email(typed or "")[:254]
