"""Where an OpenCost is and how it lets us in."""

import base64
from dataclasses import dataclass, field
from enum import StrEnum

from costinsights.core.http import (
    ClientCertificate,
    OutboundPolicy,
    RequestRefused,
    Resolver,
    SafeSession,
    check_url,
)
from costinsights.core.http import resolve as ask_the_system


class AuthKind(StrEnum):
    """How we show who we are to the gateway in front of an OpenCost."""

    NONE = "none"
    BEARER = "bearer"
    BASIC = "basic"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenCost's address, with its path prefix, and its credentials.

    `secret` is the bearer token, the basic password, or the custom header's value; it is left out of
    the representation. `client_certificate` goes with any of them. Raises RequestRefused when the address cannot be used.
    """

    base_url: str
    auth: AuthKind = AuthKind.NONE
    secret: str = field(default="", repr=False)
    username: str = ""
    header_name: str = ""
    ca_bundle_pem: str | None = field(default=None, repr=False)
    client_certificate: ClientCertificate | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        parts = check_url(self.base_url)
        if parts.query or parts.fragment or "?" in self.base_url or "#" in self.base_url:
            raise RequestRefused(
                "Give OpenCost's address without anything after a ? or #.", reason="query"
            )

    @property
    def root(self) -> str:
        """The address without a slash at its end."""
        return self.base_url.rstrip("/")

    @property
    def auth_headers(self) -> dict[str, str]:
        """The headers that carry the credentials."""
        if self.auth is AuthKind.BEARER:
            return {"Authorization": f"Bearer {self.secret}"}
        if self.auth is AuthKind.BASIC:
            pair = base64.b64encode(f"{self.username}:{self.secret}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        if self.auth is AuthKind.HEADER:
            return {self.header_name: self.secret}
        return {}

    def session(
        self, policy: OutboundPolicy, *, resolver: Resolver = ask_the_system
    ) -> SafeSession:
        """A session that may talk to this endpoint. Raises RequestRefused for unusable credentials."""
        return SafeSession(
            policy,
            ca_bundle_pem=self.ca_bundle_pem,
            client_certificate=self.client_certificate,
            auth_headers=self.auth_headers,
            resolver=resolver,
        )
