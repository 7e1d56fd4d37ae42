"""How an API request says who it is: an API token, or the session of the pages with its CSRF token."""

import datetime as dt
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from costinsights.accounts import tokens
from costinsights.accounts.clients import client_ip
from costinsights.accounts.models import ApiToken, User
from costinsights.accounts.signing_in import lacks_second_factor
from costinsights.core.actor import Actor, ActorKind, current_actor, set_actor
from costinsights.core.tenancy import on_public_schema

KEYWORD: Final = "Bearer"
LAST_USE_RESOLUTION: Final = dt.timedelta(minutes=1)
_FOUND: Final = "_calling_token"
_NOBODYS_HASH: Final = tokens.hash_secret("no token has this secret")


class TokenRefused(exceptions.AuthenticationFailed):
    """One answer for every token that does not work, so that it says nothing about which exist."""

    default_detail = (
        "The API token is malformed, unknown, expired, revoked or not for this network."
    )
    default_code = "token_refused"


class SecondFactorRequired(exceptions.PermissionDenied):
    """The workspace asks a second factor of this member, who has none yet. API tokens are not concerned."""

    default_detail = "Your workspace requires a second factor. Set one up in the browser first."
    default_code = "second_factor_required"


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer ci_…`. The request acts as the token's member, `request.auth` is the token.

    The member carries the token's role ceiling: whoever asks for their role is told the lower one.
    """

    keyword = KEYWORD

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        token = calling_token(request._request)
        if token is None:
            return None
        return token.created_by, token

    def authenticate_header(self, request: Request) -> str:
        return f'{self.keyword} realm="api"'


class MemberSessionAuthentication(authentication.SessionAuthentication):
    """The cookie of a signed-in browser; a request that changes something needs the CSRF token too."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        found = super().authenticate(request)
        if found is None or not isinstance(found[0], User):
            return None
        if lacks_second_factor(request._request, found[0]):
            raise SecondFactorRequired
        return found[0], None


def calling_token(request: HttpRequest) -> ApiToken | None:
    """The live token this request came with; None without a Bearer header.

    Looked up once per request, by the door of the API or by the view, whoever asks first; its use is
    noted then. Raises TokenRefused for a token that does not work.
    """
    header = request.META.get("HTTP_AUTHORIZATION", "").split()
    if not header or header[0].lower() != KEYWORD.lower():
        return None
    if not hasattr(request, _FOUND):
        now, ip = timezone.now(), client_ip(request)
        text = header[1] if len(header) == 2 else ""
        token = find_live_token(text, at=now, ip=ip)
        if token is not None:
            token.created_by.role_ceiling = token.role_ceiling
            set_actor(actor_of(token))
            note_use(token, at=now, ip=ip)
        setattr(request, _FOUND, token)
    found: ApiToken | None = getattr(request, _FOUND)
    if found is None:
        raise TokenRefused
    return found


def actor_of(token: ApiToken) -> Actor:
    """The program behind a token, for the audit log: the token's name and whose it is."""
    label = f"{token.name} ({token.created_by.email})"
    return current_actor().now(ActorKind.PROGRAM, identifier=token.key_id, label=label)


def find_live_token(text: str, *, at: dt.datetime, ip: str | None = None) -> ApiToken | None:
    """The token that may act at this instant from this address, else None: malformed, unknown,
    expired, revoked, used from elsewhere, or its member deactivated. Each of these costs the same: one
    look-up, one hash, one comparison.
    """
    parts = tokens.parse(text) or tokens.NOBODY
    token = None
    if not on_public_schema():
        token = ApiToken.objects.select_related("created_by").filter(key_id=parts.key_id).first()
    matches = tokens.secret_matches(parts.secret, token.secret_hash if token else _NOBODYS_HASH)
    if token is None or not matches or not token.is_live(at) or not token.created_by.is_active:
        return None
    return token if token.allows_address(ip) else None


def note_use(token: ApiToken, *, at: dt.datetime, ip: str | None) -> None:
    """Remember when and from where the token was last used, at most once a minute.

    Requests with one token run side by side, so a row that another of them is writing is left alone.
    """
    due = at - LAST_USE_RESOLUTION
    if token.last_used_at is not None and token.last_used_at > due:
        return
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=due)
    with transaction.atomic():
        rows = ApiToken.objects.select_for_update(skip_locked=True).filter(stale, pk=token.pk)
        for row in rows:
            row.last_used_at, row.last_used_ip = at, ip
            row.save(update_fields=["last_used_at", "last_used_ip"])
