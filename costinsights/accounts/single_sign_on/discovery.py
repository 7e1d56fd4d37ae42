"""What a provider says about itself at `/.well-known/openid-configuration`."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache

from costinsights.accounts.models import IdentityProvider
from costinsights.accounts.single_sign_on.errors import ProviderUnusable
from costinsights.accounts.single_sign_on.outbound import ProviderLine
from costinsights.core.http import RequestRefused, check_url

WELL_KNOWN = "/.well-known/openid-configuration"
KEPT_SECONDS = 600
# A provider that is down must not hold a worker for every visitor who clicks the button.
FAILURE_KEPT_SECONDS = 15
_REQUIRED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_BASIC, _POST = "client_secret_basic", "client_secret_post"


@dataclass(frozen=True, slots=True)
class Metadata:
    """The parts of a provider's metadata that we use, checked."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    sends_secret_in_body: bool = False
    names_itself_in_answers: bool = False  # RFC 9207: every answer carries `iss`


def metadata_of(provider: IdentityProvider, line: ProviderLine) -> Metadata:
    """The provider's metadata, at most ten minutes old. Raises ProviderUnusable."""
    key = cache_key("metadata", provider)
    kept = cache.get(key)
    if isinstance(kept, dict) and "failed" in kept:
        raise ProviderUnusable(kept["message"], reason=kept["failed"])
    if isinstance(kept, dict):
        return Metadata(**kept)
    try:
        found = discover(provider.issuer, line)
    except ProviderUnusable as error:
        failure = {"failed": error.reason, "message": error.message}
        cache.set(key, failure, timeout=FAILURE_KEPT_SECONDS)
        raise
    cache.set(key, asdict(found), timeout=KEPT_SECONDS)
    return found


def discover(issuer: str, line: ProviderLine) -> Metadata:
    """Ask the issuer now. Raises ProviderUnusable."""
    check_endpoint(issuer, "issuer")
    document = line.get_json(issuer.rstrip("/") + WELL_KNOWN, what="discovery")
    return read_metadata(document, issuer)


def read_metadata(document: dict[str, Any], issuer: str) -> Metadata:
    """The metadata in a document that must be `issuer`'s own. Raises ProviderUnusable."""
    named = document.get("issuer")
    if named != issuer:
        raise ProviderUnusable(
            f"The provider calls itself {_shown(named)}. Enter exactly that as the issuer, if it is yours.",
            reason="issuer_mismatch",
        )
    for name in _REQUIRED:
        check_endpoint(document.get(name), name)
    userinfo = document.get("userinfo_endpoint") or ""
    if userinfo:
        check_endpoint(userinfo, "userinfo_endpoint")
    ways = _texts(document.get("token_endpoint_auth_methods_supported"))
    return Metadata(
        issuer=issuer,
        **{name: document[name] for name in _REQUIRED},
        userinfo_endpoint=userinfo,
        sends_secret_in_body=_POST in ways and _BASIC not in ways,
        names_itself_in_answers=document.get("authorization_response_iss_parameter_supported")
        is True,
    )


def check_endpoint(url: object, name: str) -> None:
    """Whether we may use this address. Raises ProviderUnusable.

    Plain http only where this installation itself speaks it: codes and secrets travel there.
    """
    if not isinstance(url, str) or not url:
        raise ProviderUnusable(f"The provider names no {name}.", reason="metadata_incomplete")
    try:
        parts = check_url(url)
    except RequestRefused as error:
        raise ProviderUnusable(
            f"The provider's {name} cannot be used. {error.message}", reason="endpoint_refused"
        ) from error
    if parts.scheme != "https" and settings.PUBLIC_SCHEME == "https":
        raise ProviderUnusable(
            f"The provider's {name} must begin with https://.", reason="endpoint_refused"
        )
    if parts.fragment:
        raise ProviderUnusable(
            f"The provider's {name} must not contain a “#”.", reason="endpoint_refused"
        )


def cache_key(kind: str, provider: IdentityProvider) -> str:
    """A key of the tenant's cache that changes with the issuer."""
    issuer = hashlib.sha256(provider.issuer.encode()).hexdigest()[:16]
    return f"sso:{kind}:{provider.pk}:{issuer}"


def forget(provider: IdentityProvider) -> None:
    """Ask the provider anew the next time."""
    cache.delete_many([cache_key(kind, provider) for kind in ("metadata", "keys")])


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _shown(value: object) -> str:
    """A text of the provider's as a message may carry it."""
    if not isinstance(value, str) or not value.isprintable() or len(value) > 300:
        return "something else"
    return f"“{value}”"
