"""What changes about members, their passwords and their API tokens."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, cast

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from costinsights.accounts import tokens
from costinsights.accounts.models import (
    TOKEN_LIFETIME_DEFAULT,
    TOKEN_LIFETIME_MAX,
    ApiToken,
    Role,
    Scope,
    TenantSession,
    User,
    normalise_email,
)
from costinsights.core.errors import Conflict, InvalidInput, NotFound

LIVE_TOKENS_MAX = 25  # per member: more than anybody keeps track of


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token and its text, which is known only now."""

    token: ApiToken
    text: str = field(repr=False)


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
    """Give a member another role, from their next request on. Raises Conflict for the last owner."""
    if role != Role.OWNER:
        _refuse_losing_last_owner(user)
    user.role = role
    user.save(update_fields=["role"])
    end_sessions(user=user)


@transaction.atomic
def deactivate_user(*, user: User) -> None:
    """Shut a member out: sessions and API tokens stop with their next request.

    Raises Conflict for the last owner.
    """
    _refuse_losing_last_owner(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_sessions(user=user)


def end_sessions(*, user: User, keep_session: str | None = None) -> int:
    """Sign the member out everywhere, except in the session named. Returns how many ended."""
    ended, _ = TenantSession.objects.filter(user=user).exclude(session_key=keep_session).delete()
    return ended


def create_token(
    *,
    user: User,
    name: str,
    at: dt.datetime,
    scopes: Collection[str] = (Scope.READ,),
    lifetime: dt.timedelta = TOKEN_LIFETIME_DEFAULT,
) -> NewToken:
    """Make an API token that acts as `user` until `at + lifetime`. Its text cannot be had again.

    Raises InvalidInput for an empty name, an unknown scope or a lifetime outside of one day to a
    year; Conflict when the member has too many live tokens.
    """
    if not name.strip() or len(name.strip()) > 80:
        raise InvalidInput("Give the token a name of 1 to 80 characters.", field="name", value=name)
    if not scopes or not set(scopes) <= set(Scope.values):
        wanted = " ".join(sorted(scopes))
        raise InvalidInput("Choose from the scopes read and write.", field="scopes", value=wanted)
    if not dt.timedelta(days=1) <= lifetime <= TOKEN_LIFETIME_MAX:
        raise InvalidInput(
            "A token lives for 1 to 365 days.", field="expires_in_days", value=lifetime.days
        )
    if ApiToken.objects.of(user).live(at).count() >= LIVE_TOKENS_MAX:
        raise Conflict(f"You have {LIVE_TOKENS_MAX} live tokens. Revoke one that is not in use.")
    parts = tokens.generate()
    token = ApiToken.objects.create(
        key_id=parts.key_id,
        secret_hash=tokens.hash_secret(parts.secret),
        name=name.strip(),
        scopes=[scope for scope in Scope.values if scope in scopes],
        created_by=user,
        created_at=at,
        expires_at=at + lifetime,
    )
    return NewToken(token=token, text=parts.text)


def revoke_token(*, user: User, key_id: str, at: dt.datetime) -> ApiToken:
    """End one of the member's tokens. Revoking twice keeps the first instant. Raises NotFound."""
    token = ApiToken.objects.of(user).filter(key_id=key_id).first()
    if token is None:
        raise NotFound("You have no token with this key.")
    if token.revoked_at is None:
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
    return token


def _set_password(user: User, password: str | None) -> None:
    if password is not None:
        try:
            validate_password(password, cast(Any, user))  # typed for the staff model
        except ValidationError as error:
            raise InvalidInput(" ".join(error.messages), field="password") from error
    user.set_password(password)


def _refuse_losing_last_owner(user: User) -> None:
    """Every workspace keeps an owner. Locks the owners, so that two cannot leave at once."""
    owners = User.objects.select_for_update().filter(role=Role.OWNER, is_active=True)
    if list(owners.order_by("pk")) == [user]:
        raise Conflict("A workspace keeps at least one owner. Make somebody else owner first.")
