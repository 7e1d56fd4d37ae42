"""How an API request says who it is: an API token, or the session of the pages with its CSRF token."""

import datetime as dt
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from costinsights.accounts import tokens
from costinsights.accounts.clients import client_ip
from costinsights.accounts.models import ApiToken, User
from costinsights.core.tenancy import on_public_schema

LAST_USE_RESOLUTION: Final = dt.timedelta(minutes=1)
_NOBODYS_HASH: Final = tokens.hash_secret("no token has this secret")


class TokenRefused(exceptions.AuthenticationFailed):
    """One answer for every token that does not work, so that it says nothing about which exist."""

    default_detail = "The API token is malformed, unknown, expired or revoked."
    default_code = "token_refused"


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer ci_…`. The request acts as the token's member, `request.auth` is the token."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        header = authentication.get_authorization_header(request).split()
        if not header or header[0].lower() != self.keyword.lower().encode():
            return None
        text = header[1].decode("latin-1") if len(header) == 2 else ""
        token = find_live_token(text, at=timezone.now())
        if token is None:
            raise TokenRefused
        note_use(token, at=timezone.now(), ip=client_ip(request._request))
        return token.created_by, token

    def authenticate_header(self, request: Request) -> str:
        return f'{self.keyword} realm="api"'


class MemberSessionAuthentication(authentication.SessionAuthentication):
    """The cookie of a signed-in browser; a request that changes something needs the CSRF token too."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        found = super().authenticate(request)
        if found is None or not isinstance(found[0], User):
            return None
        return found[0], None


def find_live_token(text: str, *, at: dt.datetime) -> ApiToken | None:
    """The token that may act at this instant, else None: malformed, unknown, expired, revoked, or
    its member deactivated. Each of these costs the same: one look-up, one hash, one comparison.
    """
    parts = tokens.parse(text) or tokens.NOBODY
    token = None
    if not on_public_schema():
        token = ApiToken.objects.select_related("created_by").filter(key_id=parts.key_id).first()
    matches = tokens.secret_matches(parts.secret, token.secret_hash if token else _NOBODYS_HASH)
    if token is None or not matches or not token.is_live(at) or not token.created_by.is_active:
        return None
    return token


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
