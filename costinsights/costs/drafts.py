"""What a person or a program says about a cluster, checked before anything is asked or saved."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from django.utils import timezone
from django.utils.text import slugify

from costinsights.core.crypto import SecretUnreadable
from costinsights.core.errors import InvalidInput
from costinsights.costs.client_certificates import (
    checked_client_certificate,
    checked_client_key,
    refuse_expired,
)
from costinsights.costs.currencies import is_currency
from costinsights.costs.models import (
    LONGEST_CA_BUNDLE,
    LONGEST_SCOPE,
    LONGEST_SECRET,
    LONGEST_URL,
    AuthKind,
    Cluster,
    header_name_validator,
    slug_validator,
)
from costinsights.opencost.filters import parse_filter

LONGEST_NAME = 80
LONGEST_SLUG = 40
# Headers that would change how the request itself is read.
_FORBIDDEN_HEADERS = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "accept-encoding",
        "proxy-authorization",
        "proxy-connection",
        "cookie",
    }
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, repr=False)
class ConnectionDraft:
    """Where an OpenCost is and how we say who we are.

    `secret` and `client_key` None keep what is stored. Has no repr: it carries them in clear.
    """

    opencost_url: str
    auth_kind: AuthKind = AuthKind.NONE
    auth_username: str = ""
    auth_header_name: str = ""
    secret: str | None = None
    ca_bundle: str = ""
    client_certificate: str = ""
    client_key: str | None = None
    scope_filter: str = ""

    @classmethod
    def of(cls, cluster: Cluster) -> "ConnectionDraft":
        """How a stored cluster is reached now, its secret left where it is."""
        return cls(
            opencost_url=cluster.opencost_url,
            auth_kind=AuthKind(cluster.auth_kind),
            auth_username=cluster.auth_username,
            auth_header_name=cluster.auth_header_name,
            ca_bundle=cluster.ca_bundle,
            client_certificate=cluster.client_certificate,
            scope_filter=cluster.scope_filter,
        )

    def checked(self, *, stored: Cluster | None = None) -> "ConnectionDraft":
        """The same in its one spelling. Raises InvalidInput that names the field.

        A stored secret or key is kept only for the place it was given for: whoever changes the address
        enters it again, so that nobody can have it used elsewhere.
        """
        url = checked_url(self.opencost_url)
        kind = AuthKind(self.auth_kind)
        certificate = self._checked_certificate(stored)
        return ConnectionDraft(
            opencost_url=url,
            auth_kind=kind,
            auth_username=self._checked_username(kind),
            auth_header_name=self._checked_header(kind),
            secret=self._checked_secret(kind, url, stored),
            ca_bundle=checked_ca_bundle(self.ca_bundle),
            client_certificate=certificate,
            client_key=self._checked_key(certificate, url, stored),
            scope_filter=checked_scope(self.scope_filter),
        )

    def _checked_username(self, kind: AuthKind) -> str:
        if kind != AuthKind.BASIC:
            return ""
        name = self.auth_username.strip()
        if not name or ":" in name or _CONTROL.search(name) or len(name) > 200:
            raise InvalidInput(
                "Give the user name; it has no colon and at most 200 characters.",
                field="auth_username",
            )
        return name

    def _checked_header(self, kind: AuthKind) -> str:
        if kind != AuthKind.HEADER:
            return ""
        name = self.auth_header_name.strip()
        pattern = header_name_validator.regex
        if not re.fullmatch(pattern, name) or name.lower() in _FORBIDDEN_HEADERS:
            raise InvalidInput(
                "Give the name of the header, such as X-Api-Key. Headers that steer the connection "
                "itself cannot be used.",
                field="auth_header_name",
                value=name,
            )
        return name

    def _checked_secret(self, kind: AuthKind, url: str, stored: Cluster | None) -> str | None:
        if kind == AuthKind.NONE:
            return ""
        if self.secret is None or self.secret == "":
            if stored is None or not stored.sealed_secret or stored.auth_kind != kind:
                raise InvalidInput("Give the token, password or header value.", field="secret")
            if _origin(stored.opencost_url) != _origin(url):
                raise InvalidInput(
                    "The address changed, so enter the secret again: it is only ever sent to the "
                    "address it was given for.",
                    field="secret",
                )
            return None
        secret = self.secret.strip()
        if _CONTROL.search(secret) or not secret or len(secret) > LONGEST_SECRET:
            raise InvalidInput(
                f"A secret has no line breaks and at most {LONGEST_SECRET:,} characters.",
                field="secret",
            )
        return secret

    def _checked_certificate(self, stored: Cluster | None) -> str:
        certificate = checked_client_certificate(self.client_certificate)
        # One that expires while it is stored must not keep anybody from changing the rest.
        if certificate and (stored is None or certificate != stored.client_certificate):
            refuse_expired(certificate, now=timezone.now())
        return certificate

    def _checked_key(self, certificate: str, url: str, stored: Cluster | None) -> str | None:
        given = (self.client_key or "").strip()
        if not certificate:
            if given:
                raise InvalidInput(
                    "Give the certificate that this private key belongs to.",
                    field="client_certificate",
                )
            return ""
        if given:
            return checked_client_key(given, certificate=certificate)
        if stored is None or not stored.sealed_client_key:
            raise InvalidInput(
                "Give the private key of the client certificate.", field="client_key"
            )
        if _origin(stored.opencost_url) != _origin(url):
            raise InvalidInput(
                "The address changed, so enter the private key again: it is only ever used for the "
                "address it was given for.",
                field="client_key",
            )
        if certificate != stored.client_certificate:
            checked_client_key(_stored_key(stored), certificate=certificate)
        return None


def _stored_key(cluster: Cluster) -> str:
    try:
        return cluster.client_key
    except SecretUnreadable as error:
        raise InvalidInput(
            "The stored private key cannot be read any more. Enter it again.", field="client_key"
        ) from error


def checked_url(text: str) -> str:
    """The base address in its one spelling, without a slash at the end. Raises InvalidInput."""

    def refuse(reason: str) -> InvalidInput:
        return InvalidInput(
            f"{reason} Give the address of OpenCost's API with its port and path prefix, such as "
            "https://opencost.example.com:9003 or https://example.com/model.",
            field="opencost_url",
        )

    address = text.strip()
    if not address or len(address) > LONGEST_URL or _CONTROL.search(address) or " " in address:
        raise refuse("That is no address.")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise refuse("That address cannot be read.") from None
    if parts.scheme.lower() not in {"http", "https"}:
        raise refuse("The address begins with https:// or http://.")
    if not parts.hostname:
        raise refuse("The address names no host.")
    if parts.username is not None or parts.password is not None:
        raise refuse("Credentials do not belong in the address; use the fields for them.")
    if parts.query or parts.fragment or "?" in address or "#" in address:
        raise refuse("The address ends before any “?” or “#”.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = f"{host}:{port}" if port is not None else host
    return urlunsplit((parts.scheme.lower(), netloc, parts.path.rstrip("/"), "", ""))


def checked_scope(text: str) -> str:
    """The mandatory filter in its one spelling. Raises InvalidInput with the position of an error."""
    text = text.strip()
    if not text:
        return ""
    if len(text) > LONGEST_SCOPE:
        raise InvalidInput(
            f"A scope has at most {LONGEST_SCOPE:,} characters.", field="scope_filter"
        )
    try:
        return parse_filter(text).render()
    except InvalidInput as error:
        extra = {k: v for k, v in error.extra.items() if k not in {"field", "value"}}
        raise InvalidInput(error.message, field="scope_filter", value=text, **extra) from error


def checked_ca_bundle(text: str) -> str:
    # A form sends line ends as CR LF; the same certificate must stay the same connection.
    text = "\n".join(line.strip() for line in text.strip().splitlines())
    if not text:
        return ""
    if "-----BEGIN CERTIFICATE-----" not in text or len(text) > LONGEST_CA_BUNDLE:
        raise InvalidInput(
            "Paste one or more certificates in PEM form, -----BEGIN CERTIFICATE----- first.",
            field="ca_bundle",
        )
    if "PRIVATE KEY" in text:
        raise InvalidInput("That holds a private key. Paste certificates only.", field="ca_bundle")
    return text + "\n"


def checked_name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInput(
            f"Give the cluster a name of at most {LONGEST_NAME} characters.", field="name"
        )
    return name


def checked_currency(text: str) -> str:
    code = text.strip().upper()
    if not is_currency(code):
        raise InvalidInput(
            "Say which currency this OpenCost's prices are in, ISO 4217, such as USD or EUR. "
            "OpenCost does not tell.",
            field="currency",
            value=text,
        )
    return code


def checked_slug(text: str) -> str:
    if not re.fullmatch(slug_validator.regex, text):
        raise InvalidInput(str(slug_validator.message), field="slug", value=text)
    return text


def free_slug(name: str, taken: Collection[str]) -> str:
    """A slug for this name that nobody has: “prod-eu”, else “prod-eu-2”."""
    base = slugify(name)[:LONGEST_SLUG].strip("-_").replace("_", "-") or "cluster"
    slug, number = base, 1
    while slug in taken:
        number += 1
        ending = f"-{number}"
        slug = f"{base[: LONGEST_SLUG - len(ending)].rstrip('-')}{ending}"
    return slug


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port
