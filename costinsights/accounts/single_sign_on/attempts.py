"""A sign-in that left for the provider: what its answer must match. Lives in the browser's session here.

The session is the tenant's own and its cookie this host's, so an answer meant for another browser, tenant or
provider finds nothing to match.
"""

import base64
import datetime as dt
import hashlib
import secrets
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache

from costinsights.accounts.models import IdentityProvider
from costinsights.accounts.single_sign_on.discovery import Metadata
from costinsights.accounts.single_sign_on.errors import AttemptUnknown

SESSION_KEY = "sso_attempts"
LIFETIME = dt.timedelta(minutes=10)
MOST_AT_ONCE = 5  # tabs of one browser; the oldest gives way
_BASE_SCOPES = ("openid", "email", "profile")


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """One departure. Has no repr: the verifier is half of a secret."""

    provider_id: int
    issuer: str
    nonce: str
    verifier: str
    redirect_uri: str
    next: str
    started_at: str

    def is_alive(self, at: dt.datetime) -> bool:
        return at - dt.datetime.fromisoformat(self.started_at) <= LIFETIME


def begin(
    session: SessionBase,
    provider: IdentityProvider,
    metadata: Metadata,
    *,
    redirect_uri: str,
    next_path: str,
    at: dt.datetime,
) -> str:
    """Remember a departure in the session and return the provider's address to go to."""
    state = secrets.token_urlsafe(32)
    attempt = Attempt(
        provider_id=provider.pk,
        issuer=provider.issuer,
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        redirect_uri=redirect_uri,
        next=next_path,
        started_at=at.isoformat(),
    )
    others = [pair for pair in _kept(session).items() if Attempt(**pair[1]).is_alive(at)]
    session[SESSION_KEY] = dict([*others[-(MOST_AT_ONCE - 1) :], (state, asdict(attempt))])
    scopes = dict.fromkeys([*_BASE_SCOPES, *provider.extra_scopes])
    return _with_query(
        metadata.authorization_endpoint,
        {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(scopes),
            "state": state,
            "nonce": attempt.nonce,
            "code_challenge": challenge_of(attempt.verifier),
            "code_challenge_method": "S256",
        },
    )


def take(session: SessionBase, provider: IdentityProvider, state: str, at: dt.datetime) -> Attempt:
    """The departure this answer belongs to; it can be taken once. Raises AttemptUnknown."""
    kept = _kept(session)
    found = kept.pop(state, None)
    if found is None:
        raise _unknown("state_unknown")
    session[SESSION_KEY] = kept
    attempt = Attempt(**found)
    # Two answers that arrive together each read the session before the other has written it.
    mark = f"sso:taken:{hashlib.sha256(state.encode()).hexdigest()}"
    if not cache.add(mark, 1, timeout=int(LIFETIME.total_seconds()) + 60):
        raise _unknown("state_replayed")
    if not attempt.is_alive(at):
        raise _unknown("state_expired")
    if attempt.provider_id != provider.pk or attempt.issuer != provider.issuer:
        raise _unknown("state_of_another_provider")
    return attempt


def challenge_of(verifier: str) -> str:
    """PKCE's S256 (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _kept(session: SessionBase) -> dict[str, Any]:
    return dict(session.get(SESSION_KEY) or {})


def _with_query(url: str, parameters: dict[str, str]) -> str:
    """The endpoint's address with our parameters after its own, as RFC 6749, 3.1 has it."""
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=query))


def _unknown(reason: str) -> AttemptUnknown:
    return AttemptUnknown(
        "This sign-in was not started in this browser, was used already or took longer than ten minutes. "
        "Please start it again.",
        reason=reason,
    )
