"""What changes about members and their passwords. Their API tokens: `token_services`."""

from typing import Any, cast

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from costinsights.accounts.member_limits import MAY_BE_LIMITED
from costinsights.accounts.models import (
    Role,
    TenantSession,
    User,
    normalise_email,
)
from costinsights.core.errors import Conflict, InvalidInput


def create_user(
    *, email: str, password: str | None, role: Role = Role.VIEWER, name: str = ""
) -> User:
    """Add a member. Without a password they can only sign in after a reset by mail.

    Raises InvalidInput for an unusable address or a weak password, Conflict for a known address.
    """
    user = User(email=normalise_email(email), name=name.strip(), role=role)
    try:
        validate_email(user.email)
    except ValidationError as error:
        raise InvalidInput("This is no e-mail address.", field="email", value=email) from error
    _set_password(user, password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("Somebody with this e-mail address is a member already.") from error
    return user


def change_password(*, user: User, password: str, keep_session: str | None = None) -> None:
    """Set a new password and end every session of the member, except the one named.

    API tokens live on: they are not derived from the password. Raises InvalidInput when it is weak.
    """
    _set_password(user, password)
    user.save(update_fields=["password"])
    end_sessions(user=user, keep_session=keep_session)


def rename_user(*, user: User, name: str) -> None:
    user.name = name.strip()
    user.save(update_fields=["name"])


@transaction.atomic
def change_role(*, user: User, role: Role) -> None:
    """Give a member another role, from their next request on. Raises Conflict for the last owner.

    Who becomes admin or owner sees everything: their limits end.
    """
    if role != Role.OWNER:
        refuse_losing_last_owner(user)
    user.role = role
    if role not in MAY_BE_LIMITED:
        user.scope_namespaces, user.scope_labels = [], []
    user.save(update_fields=["role", "scope_namespaces", "scope_labels"])
    end_sessions(user=user)


@transaction.atomic
def deactivate_user(*, user: User) -> None:
    """Shut a member out: sessions and API tokens stop with their next request.

    Raises Conflict for the last owner.
    """
    refuse_losing_last_owner(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_sessions(user=user)


def end_sessions(*, user: User, keep_session: str | None = None) -> int:
    """Sign the member out everywhere, except in the session named. Returns how many ended."""
    ended, _ = TenantSession.objects.filter(user=user).exclude(session_key=keep_session).delete()
    return ended


def _set_password(user: User, password: str | None) -> None:
    if password is not None:
        try:
            validate_password(password, cast(Any, user))  # typed for the staff model
        except ValidationError as error:
            raise InvalidInput(" ".join(error.messages), field="password") from error
    user.set_password(password)


def refuse_losing_last_owner(user: User) -> None:
    """Every workspace keeps an owner. Locks the owners, so that two cannot leave at once."""
    owners = User.objects.select_for_update().filter(role=Role.OWNER, is_active=True)
    if list(owners.order_by("pk")) == [user]:
        raise Conflict("A workspace keeps at least one owner. Make somebody else owner first.")
