"""What the claims of a provider say about a person: address, groups, second factor."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from costinsights.accounts.models import normalise_email

Claims = Mapping[str, Any]
# RFC 8176: several factors, a one-time code, a key in hardware.
SECOND_FACTOR_METHODS: Final = frozenset({"mfa", "otp", "hwk"})
SECOND_FACTOR_CLASSES: Final = frozenset(
    {
        "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
        "https://refeds.org/profile/mfa",
        "urn:okta:loa:2fa:any",
        "phr",  # phishing-resistant, and the same with a key in hardware
        "phrh",
    }
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who the provider says somebody is."""

    subject: str
    email: str  # normalised; "" when none or no usable one was given
    email_is_verified: bool
    name: str
    groups: frozenset[str]
    had_second_factor: bool


def person_of(claims: Claims, userinfo: Claims, *, role_claim: str) -> Person:
    """The person in an ID token's claims, completed by those of the userinfo endpoint.

    What the token says wins. The second factor is believed from the signed token only.
    """
    source = claims if claims.get("email") else userinfo
    return Person(
        subject=claims["sub"],
        email=_email(source.get("email")),
        email_is_verified=_is_verified(source) or _is_verified_elsewhere(source, userinfo),
        name=_name(claims.get("name") or userinfo.get("name")),
        groups=values_at(claims, role_claim) or values_at(userinfo, role_claim),
        had_second_factor=_had_second_factor(claims),
    )


def lacks_something(claims: Claims, *, role_claim: str) -> bool:
    """Whether the userinfo endpoint should be asked for what the ID token leaves out."""
    lacks_email = not claims.get("email") or not _speaks_of_verification(claims)
    return lacks_email or bool(role_claim and not values_at(claims, role_claim))


def values_at(claims: Claims, path: str) -> frozenset[str]:
    """The texts at a claim: `groups`, a nested `realm_access.roles`, or a name that holds dots itself."""
    if not path:
        return frozenset()
    value: Any = claims.get(path)
    if value is None:
        value = claims
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return frozenset()
    return frozenset(item for item in value if isinstance(item, str))


def _had_second_factor(claims: Claims) -> bool:
    methods = claims.get("amr")
    named = {item for item in methods if isinstance(item, str)} if isinstance(methods, list) else ()
    return bool(SECOND_FACTOR_METHODS.intersection(named)) or (
        isinstance(claims.get("acr"), str) and claims["acr"] in SECOND_FACTOR_CLASSES
    )


def _is_verified(claims: Claims) -> bool:
    """Whether the address belongs to who signs in: `email_verified`, or Entra ID's `xms_edov`.

    Some providers send the text "true". Entra ID has no `email_verified`; its own claim also comes as 1.
    """
    domain_owner_verified = claims.get("xms_edov")
    return _is_true(claims.get("email_verified")) or (
        isinstance(domain_owner_verified, bool | int | str)
        and str(domain_owner_verified).lower() in ("true", "1")
    )


def _email(value: object) -> str:
    if not isinstance(value, str):
        return ""
    address = normalise_email(value)
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address if address.isascii() and len(address) <= 254 else ""


def _name(value: object) -> str:
    """A name for people to read: one line without control characters."""
    if not isinstance(value, str):
        return ""
    printable = "".join(character if character.isprintable() else " " for character in value)
    return " ".join(printable.split())[:120]


def _speaks_of_verification(claims: Claims) -> bool:
    return "email_verified" in claims or "xms_edov" in claims


def _is_verified_elsewhere(claims: Claims, userinfo: Claims) -> bool:
    """Whether userinfo vouches for the very address of a token that leaves that open."""
    if _speaks_of_verification(claims) or userinfo.get("email") != claims.get("email"):
        return False
    return _is_verified(userinfo)


def _is_true(value: object) -> bool:
    return value is True or value == "true"
