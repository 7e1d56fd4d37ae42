"""From the authorization code to claims that are proven: OpenID Connect Core, 3.1.3.7."""

import base64
import datetime as dt
import hashlib
import hmac
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError

from costinsights.accounts.models import IdentityProvider
from costinsights.accounts.single_sign_on.attempts import Attempt
from costinsights.accounts.single_sign_on.discovery import Metadata
from costinsights.accounts.single_sign_on.errors import AnswerUntrusted, ProviderUnusable
from costinsights.accounts.single_sign_on.keys import find_key
from costinsights.accounts.single_sign_on.outbound import ProviderLine
from costinsights.core.crypto import SecretUnreadable

LEEWAY_SECONDS: Final = 60
LONGEST_SUBJECT: Final = 255
# Signatures that only the provider's private key can make. Neither "none" nor HMAC, whose key would be the
# client secret or, in the classic attack, the public key itself.
_KINDS: Final = {
    **dict.fromkeys(("RS256", "RS384", "RS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
}


class _Registry(jws.JWSRegistry):
    """Takes a header with certificates in it, which some providers send and nobody believes."""

    max_header_length = 16_384


_REGISTRY: Final = _Registry(algorithms=list(_KINDS), strict_check_header=False)
# What the token endpoint may say went wrong (RFC 6749, 5.2): words an admin can look up.
_TOKEN_ERRORS: Final = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)


def redeem(
    provider: IdentityProvider, metadata: Metadata, line: ProviderLine, attempt: Attempt, code: str
) -> tuple[str, str]:
    """Trade the code for an ID token and an access token ("" without one).

    Raises ProviderUnusable, AnswerUntrusted.
    """
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": attempt.redirect_uri,
        "code_verifier": attempt.verifier,
    }
    try:
        secret = provider.client_secret
    except SecretUnreadable as error:
        raise ProviderUnusable(
            "The stored client secret cannot be read any more. An owner must enter it again.",
            reason="client_secret_unreadable",
        ) from error
    basic = (provider.client_id, secret) if secret and not metadata.sends_secret_in_body else None
    if basic is None:
        fields["client_id"] = provider.client_id
        if secret:
            fields["client_secret"] = secret
    status, answer = line.post_form(metadata.token_endpoint, fields, basic=basic)
    if status != 200:
        word = answer.get("error")
        shown = word if isinstance(word, str) and word in _TOKEN_ERRORS else f"status {status}"
        raise ProviderUnusable(
            f"The identity provider did not accept the sign-in ({shown}). Please try again; if it stays "
            "this way, an owner should compare client ID, secret and redirect URI.",
            reason="code_refused",
        )
    id_token, access_token = answer.get("id_token"), answer.get("access_token")
    if not isinstance(id_token, str) or not id_token:
        raise AnswerUntrusted(reason="id_token_missing")
    return id_token, access_token if isinstance(access_token, str) else ""


def verified_claims(
    id_token: str,
    provider: IdentityProvider,
    metadata: Metadata,
    line: ProviderLine,
    attempt: Attempt,
    *,
    access_token: str,
    at: dt.datetime,
) -> dict[str, Any]:
    """The claims of an ID token that passes every check. Raises AnswerUntrusted, ProviderUnusable."""
    token = _with_good_signature(id_token, provider, metadata, line)
    claims = token.claims
    _check_times(claims, at)
    if claims.get("iss") != metadata.issuer:
        raise AnswerUntrusted(reason="issuer_wrong")
    _check_audience(claims, provider.client_id)
    if not _same(claims.get("nonce"), attempt.nonce):
        raise AnswerUntrusted(reason="nonce_wrong")
    if "at_hash" in claims and not _same(
        claims["at_hash"], half_hash(access_token, token.header["alg"])
    ):
        raise AnswerUntrusted(reason="access_token_wrong")
    if not is_subject(claims.get("sub")):
        raise AnswerUntrusted(reason="subject_unusable")
    return claims


def is_subject(value: object) -> bool:
    """Whether this can be somebody's `sub`: printable text that fits its column."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_SUBJECT and value.isprintable()


def half_hash(text: str, algorithm: str) -> str:
    """The left half of a hash as `at_hash` carries it (OpenID Connect Core, 3.1.3.6)."""
    digest = hashlib.new(f"sha{algorithm[2:]}", text.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _with_good_signature(
    id_token: str, provider: IdentityProvider, metadata: Metadata, line: ProviderLine
) -> jwt.Token:
    header = _header_of(id_token)
    kty, kid = _KINDS.get(str(header.get("alg"))), header.get("kid")
    if kty is None:
        raise AnswerUntrusted(reason="algorithm_refused")
    if kid is not None and not isinstance(kid, str):
        raise AnswerUntrusted(reason="id_token_malformed")
    key = find_key(provider, metadata, line, kid=kid, kty=kty)
    if key is None:
        raise AnswerUntrusted(reason="key_unknown")
    try:
        return jwt.decode(id_token, key, algorithms=list(_KINDS), registry=_REGISTRY)
    except (JoseError, ValueError, TypeError) as error:  # a `crit` that is no list is a TypeError
        raise AnswerUntrusted(reason="signature_wrong") from error


def _header_of(id_token: str) -> dict[str, Any]:
    """The header, before anything in it is believed."""
    try:
        header = jws.extract_compact(id_token.encode(), registry=_REGISTRY).headers()
    except (JoseError, ValueError, TypeError, AttributeError) as error:
        # The last two: the library expects an object where a list or a text may stand.
        raise AnswerUntrusted(reason="id_token_malformed") from error
    if not isinstance(header, dict):
        raise AnswerUntrusted(reason="id_token_malformed")
    return header


def _check_times(claims: dict[str, Any], at: dt.datetime) -> None:
    """`exp` and `iat` are required; NaN, infinities, texts and booleans are no times."""
    registry = jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        leeway=LEEWAY_SECONDS,
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        registry.validate({name: claims[name] for name in ("exp", "iat", "nbf") if name in claims})
    except JoseError as error:
        raise AnswerUntrusted(reason="time_wrong") from error


def _check_audience(claims: dict[str, Any], client_id: str) -> None:
    """We are among those it is for; when others are too, or `azp` is given, it was issued to us."""
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or client_id not in named:
        raise AnswerUntrusted(reason="audience_wrong")
    if (len(named) > 1 or "azp" in claims) and claims.get("azp") != client_id:
        raise AnswerUntrusted(reason="audience_wrong")


def _same(value: object, expected: str) -> bool:
    return isinstance(value, str) and hmac.compare_digest(value.encode(), expected.encode())
