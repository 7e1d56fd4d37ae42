"""The two halves of a sign-in: off to the provider, and back from it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase
from django.urls import reverse

from costinsights.accounts.models import IdentityProvider, User
from costinsights.accounts.single_sign_on import attempts, members, tokens
from costinsights.accounts.single_sign_on.claims import lacks_something, person_of
from costinsights.accounts.single_sign_on.discovery import Metadata, metadata_of
from costinsights.accounts.single_sign_on.errors import AnswerUntrusted, SignInRefused
from costinsights.accounts.single_sign_on.outbound import ProviderLine, outbound_policy
from costinsights.core.tenancy import absolute_url, current_tenant

_LONGEST_PARAMETER = 4_096
_DENIED = "You did not finish signing in at the identity provider."
_FAILED = "The identity provider refused the sign-in. Please try again; if it stays this way, tell an owner."


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who came back and is known."""

    user: User
    next: str
    had_second_factor: bool


def redirect_uri_of(provider: IdentityProvider) -> str:
    """Where the provider sends people back to: on the tenant's primary domain, whatever a request said."""
    path = reverse("sso-callback", kwargs={"provider_slug": provider.slug})
    return absolute_url(current_tenant(), path)


def depart(
    session: SessionBase, provider: IdentityProvider, *, next_path: str, at: dt.datetime
) -> str:
    """The provider's address to send the browser to. Raises ProviderUnusable."""
    metadata = metadata_of(provider, ProviderLine(outbound_policy()))
    return attempts.begin(
        session,
        provider,
        metadata,
        redirect_uri=redirect_uri_of(provider),
        next_path=next_path,
        at=at,
    )


def arrive(
    session: SessionBase,
    provider: IdentityProvider,
    parameters: Mapping[str, str],
    *,
    at: dt.datetime,
) -> Arrival:
    """Who came back with these query parameters. Raises SignInRefused.

    Everything is asked of the provider before the first row is locked.
    """
    attempt = attempts.take(session, provider, _parameter(parameters, "state"), at)
    line = ProviderLine(outbound_policy())
    metadata = metadata_of(provider, line)
    _check_who_answers(parameters, metadata)
    if error := _parameter(parameters, "error"):
        denied = error == "access_denied"
        raise SignInRefused(
            _DENIED if denied else _FAILED,
            reason="denied_at_provider" if denied else "refused_by_provider",
        )
    code = _parameter(parameters, "code")
    if not code:
        raise AnswerUntrusted(reason="code_missing")
    id_token, access_token = tokens.redeem(provider, metadata, line, attempt, code)
    claims = tokens.verified_claims(
        id_token, provider, metadata, line, attempt, access_token=access_token, at=at
    )
    userinfo: dict[str, object] = {}
    if metadata.userinfo_endpoint and lacks_something(claims, role_claim=provider.role_claim):
        userinfo = _userinfo(metadata, line, access_token, subject=claims["sub"])
    person = person_of(claims, userinfo, role_claim=provider.role_claim)
    user = members.sign_in_person(provider, person, at=at)
    return Arrival(user=user, next=attempt.next, had_second_factor=person.had_second_factor)


def _check_who_answers(parameters: Mapping[str, str], metadata: Metadata) -> None:
    """RFC 9207: an answer that names another issuer, or hides its own, was mixed up on the way."""
    issuer = _parameter(parameters, "iss")
    if issuer != metadata.issuer and (issuer or metadata.names_itself_in_answers):
        raise AnswerUntrusted(reason="issuer_mixed_up")


def _userinfo(
    metadata: Metadata, line: ProviderLine, access_token: str, *, subject: str
) -> dict[str, object]:
    """What the userinfo endpoint says about the very person of the ID token."""
    if not access_token or not access_token.isascii() or not access_token.isprintable():
        return {}
    answer = line.get_json(metadata.userinfo_endpoint, what="userinfo", bearer=access_token)
    if answer.get("sub") != subject:
        raise AnswerUntrusted(reason="userinfo_of_somebody_else")
    return answer


def _parameter(parameters: Mapping[str, str], name: str) -> str:
    value = parameters.get(name, "")
    return value if len(value) <= _LONGEST_PARAMETER else ""
