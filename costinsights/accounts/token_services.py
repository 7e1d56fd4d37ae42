"""What changes about API tokens: made, rotated, revoked, and announced before they end."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final

from django.db import transaction

from costinsights.accounts import tokens
from costinsights.accounts.models import (
    TOKEN_LIFETIME_DEFAULT,
    TOKEN_LIFETIME_MAX,
    ApiToken,
    Role,
    Scope,
    User,
)
from costinsights.core.errors import Conflict, InvalidInput, NotFound

LIVE_TOKENS_MAX: Final = 25  # per member: more than anybody keeps track of
LIVE_PER_NAME_MAX: Final = 2  # the old one and its successor, while programs change over
NETWORKS_MAX: Final = 20
OVERLAP_MAX: Final = dt.timedelta(days=7)
OVERLAP_DEFAULT: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token and its text, which is known only now."""

    token: ApiToken
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenRights:
    """What a token may do of what its member may do, from where and for how long."""

    scopes: Collection[str] = (Scope.READ,)
    role_ceiling: str = ""  # a role, or "" for the member's own
    networks: Collection[str] = ()  # CIDR texts; none: from anywhere
    lifetime: dt.timedelta = TOKEN_LIFETIME_DEFAULT

    def checked(self) -> "TokenRights":
        """The same in its one spelling. Raises InvalidInput."""
        if not self.scopes or not set(self.scopes) <= set(Scope.values):
            wanted = " ".join(sorted(self.scopes))
            raise InvalidInput(
                "Choose from the scopes read and write.", field="scopes", value=wanted
            )
        if self.role_ceiling not in ("", *Role.values):
            raise InvalidInput(
                f"Choose from the roles {', '.join(Role.values)}.",
                field="role_ceiling",
                value=self.role_ceiling,
            )
        if not dt.timedelta(days=1) <= self.lifetime <= TOKEN_LIFETIME_MAX:
            raise InvalidInput(
                "A token lives for 1 to 365 days.",
                field="expires_in_days",
                value=self.lifetime.days,
            )
        return TokenRights(
            scopes=[scope.value for scope in Scope if scope in self.scopes],
            role_ceiling=self.role_ceiling,
            networks=networks_from(self.networks),
            lifetime=self.lifetime,
        )


def networks_from(texts: Iterable[str]) -> list[str]:
    """Networks in CIDR form without repetition; a lone address is a network of one.

    Raises InvalidInput naming the first that is none, and for too many.
    """
    found: list[str] = []
    for text in texts:
        try:
            network = str(ip_network(text.strip()))
        except ValueError as error:
            raise InvalidInput(
                "Write networks as 203.0.113.0/24 or 2001:db8::/32, with zeros behind the prefix.",
                field="allowed_networks",
                value=text,
            ) from error
        if network not in found:
            found.append(network)
    if len(found) > NETWORKS_MAX:
        raise InvalidInput(
            f"A token takes up to {NETWORKS_MAX} networks.", field="allowed_networks"
        )
    return found


@transaction.atomic
def create_token(
    *,
    user: User,
    name: str,
    at: dt.datetime,
    scopes: Collection[str] = (Scope.READ,),
    lifetime: dt.timedelta = TOKEN_LIFETIME_DEFAULT,
    role_ceiling: str = "",
    networks: Collection[str] = (),
) -> NewToken:
    """Make an API token that acts as `user` until `at + lifetime`. Its text cannot be had again.

    Raises InvalidInput for an empty name, an unknown scope or role, what is no network or a lifetime
    outside of one day to a year; Conflict when the member has too many live tokens, of this name or
    altogether.
    """
    name = name.strip()
    if not name or len(name) > 80:
        raise InvalidInput("Give the token a name of 1 to 80 characters.", field="name", value=name)
    rights = TokenRights(scopes, role_ceiling, networks, lifetime).checked()
    _make_room(user=user, name=name, at=at)
    return _insert(user=user, name=name, rights=rights, at=at)


@transaction.atomic
def rotate_token(
    *,
    user: User,
    key_id: str,
    at: dt.datetime,
    overlap: dt.timedelta = OVERLAP_DEFAULT,
    lifetime: dt.timedelta | None = None,
) -> NewToken:
    """Make a successor with the same name and rights. The old one ends after `overlap`, at once for 0.

    Without `lifetime` the successor lives as long as the old one was made for. Raises NotFound for
    another member's token, InvalidInput for an overlap beyond OVERLAP_MAX, Conflict for a token that is
    dead or has a successor.
    """
    if not dt.timedelta(0) <= overlap <= OVERLAP_MAX:
        raise InvalidInput(
            "Both tokens work side by side for 0 to 7 days.",
            field="overlap_days",
            value=overlap.days,
        )
    old = ApiToken.objects.of(user).select_for_update().filter(key_id=key_id).first()
    if old is None:
        raise NotFound("You have no token with this key.")
    if not old.is_live(at):
        raise Conflict(f"This token is {old.state(at)}. Make a new one.")
    if ApiToken.objects.filter(replaces=old).exists():
        raise Conflict("This token has a successor already. Rotate that one.")
    rights = TokenRights(
        scopes=old.scopes,
        role_ceiling=old.role_ceiling,
        networks=old.allowed_networks,
        lifetime=old.expires_at - old.created_at if lifetime is None else lifetime,
    ).checked()
    if overlap:
        old.expires_at = min(old.expires_at, at + overlap)
    else:
        old.revoked_at = at
    old.save(update_fields=["expires_at", "revoked_at"])
    _make_room(user=user, name=old.name, at=at)
    return _insert(user=user, name=old.name, rights=rights, at=at, replaces=old)


def revoke_token(*, by: User, key_id: str, at: dt.datetime) -> ApiToken:
    """End a token: one's own, or for admins any member's. Revoking twice keeps the first instant.

    Raises NotFound, for other members' tokens too when `by` is no admin.
    """
    token = ApiToken.objects.visible_to(by).filter(key_id=key_id).first()
    if token is None:
        raise NotFound("You have no token with this key.")
    if token.revoked_at is None:
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
    return token


def _make_room(*, user: User, name: str, at: dt.datetime) -> None:
    """Refuse one token too many. Locks the member, so that two requests cannot both be the last."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    live = ApiToken.objects.of(user).live(at)
    if live.count() >= LIVE_TOKENS_MAX:
        raise Conflict(f"You have {LIVE_TOKENS_MAX} live tokens. Revoke one that is not in use.")
    if live.filter(name=name).count() >= LIVE_PER_NAME_MAX:
        raise Conflict(
            f"{LIVE_PER_NAME_MAX} live tokens are called “{name}”. Choose another name, or revoke one."
        )


def _insert(
    *,
    user: User,
    name: str,
    rights: TokenRights,
    at: dt.datetime,
    replaces: ApiToken | None = None,
) -> NewToken:
    parts = tokens.generate()
    token = ApiToken.objects.create(
        key_id=parts.key_id,
        secret_hash=tokens.hash_secret(parts.secret),
        name=name,
        scopes=list(rights.scopes),
        role_ceiling=rights.role_ceiling,
        allowed_networks=list(rights.networks),
        created_by=user,
        created_at=at,
        expires_at=at + rights.lifetime,
        replaces=replaces,
    )
    return NewToken(token=token, text=parts.text)
