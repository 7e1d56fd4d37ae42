"""`SafeSession`: requests, made safe for URLs that tenants type."""

import http.client
import json as json_module
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from costinsights.core.http.addresses import OutboundPolicy, Resolver, resolve
from costinsights.core.http.bodies import read_body
from costinsights.core.http.errors import OutboundError, RedirectRefused, RequestRefused
from costinsights.core.http.exchange import Exchange, PinnedPoolManager
from costinsights.core.http.failures import named_failure
from costinsights.core.http.tls import ClientCertificate, tls_context

LONGEST_URL = 16_384
_SENT_HEADERS = {
    "User-Agent": "CostInsights/1.0",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: any status outside 3xx, and the body unpacked."""

    status: int
    content_type: str
    body: bytes
    elapsed_seconds: float


def check_url(url: str) -> SplitResult:
    """The parts of a URL we would ask. Raises RequestRefused with the way out.

    Says nothing about the address behind the name: that is checked when the connection opens.
    """
    if len(url) > LONGEST_URL:
        raise RequestRefused("The address is too long.", reason="too_long")
    if not url.isascii() or any(character <= " " or character == "\x7f" for character in url):
        raise RequestRefused(
            "The address holds a space or a character that does not belong in one.",
            reason="characters",
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RequestRefused("This is not an address.", reason="malformed") from None
    if parts.scheme not in ("http", "https"):
        raise RequestRefused("The address must begin with http:// or https://.", reason="scheme")
    if "@" in parts.netloc or "\\" in url:
        raise RequestRefused(
            "Leave user name and password out of the address and enter them as credentials.",
            reason="userinfo",
        )
    if not parts.hostname or port == 0:
        raise RequestRefused("The address names no host.", reason="malformed")
    return parts


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        proper_name = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        if not proper_name or not value.isascii() or not value.isprintable():
            # The value may be a secret: neither it nor the whole header goes into the message.
            raise RequestRefused(
                "A header's name or value holds a line break or a character that cannot be sent.",
                reason="header",
            )
    return dict(headers)


class _PinnedAdapter(HTTPAdapter):
    """Requests' adapter with its pools opened by one exchange and its TLS context ours."""

    def __init__(self, exchange: Exchange, context: ssl.SSLContext) -> None:
        self._exchange = exchange
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *_: Any, **__: Any) -> None:
        self.poolmanager = PinnedPoolManager(self._exchange, self._context)

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Nothing to set: the context verifies, and nothing a caller passes can switch that off."""


class SafeSession:
    """HTTP to one tenant's endpoint; one connection per exchange, safe to use from many threads.

    `client_certificate` is shown to a server that asks for one. `auth_headers` go with every request
    and appear in no log line and no error. `resolver` maps a host and port to address texts.
    """

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        ca_bundle_pem: str | None = None,
        client_certificate: ClientCertificate | None = None,
        auth_headers: Mapping[str, str] | None = None,
        resolver: Resolver = resolve,
    ) -> None:
        self.policy = policy
        self._context = tls_context(ca_bundle_pem, client_certificate)
        self._shows_certificate = client_certificate is not None
        self._auth_headers = _checked_headers(auth_headers or {})
        self._resolver = resolver

    def __repr__(self) -> str:
        return f"<SafeSession {self.policy}>"

    def get(self, url: str, *, deadline_seconds: float | None = None) -> Reply:
        """GET. Raises OutboundError; never later than the deadline (the policy's or a shorter one)."""
        return self._exchange("GET", url, b"", {}, deadline_seconds)

    def post(
        self,
        url: str,
        *,
        body: bytes = b"",
        json: object = None,
        headers: Mapping[str, str] | None = None,
        deadline_seconds: float | None = None,
    ) -> Reply:
        """POST `json` encoded, or `body` as it is, with further headers. Raises OutboundError."""
        sent = {"Content-Type": "application/json"} if json is not None else {}
        if json is not None:
            body = json_module.dumps(json, allow_nan=False).encode()
        return self._exchange(
            "POST", url, body, sent | _checked_headers(headers or {}), deadline_seconds
        )

    def _exchange(
        self, method: str, url: str, body: bytes, headers: dict[str, str], seconds: float | None
    ) -> Reply:
        parts = check_url(url)
        longest = self.policy.deadline_seconds
        seconds = longest if seconds is None else min(seconds, longest)
        started = time.monotonic()
        failure: OutboundError | None = None
        with Exchange(self.policy, self._resolver, seconds) as exchange:
            try:
                status, content_type, answer = self._send(exchange, method, url, body, headers)
            except OutboundError as error:
                failure = error
            except (
                requests.RequestException,
                urllib3.exceptions.HTTPError,
                http.client.HTTPException,
                OSError,
                ValueError,
            ) as error:
                failure = named_failure(
                    error, host=parts.hostname or "", shows_certificate=self._shows_certificate
                )
            # A body without a length ends cleanly when the watchdog cuts it: late is late.
            if exchange.expired:
                failure = exchange.too_late()
        if failure is not None:
            # Raised out here so that the library's error, which carries the request with its
            # credentials, is not chained to ours.
            raise failure
        return Reply(status, content_type, answer, time.monotonic() - started)

    def _send(
        self, exchange: Exchange, method: str, url: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, str, bytes]:
        with requests.Session() as session:
            session.trust_env = False
            session.adapters.clear()
            adapter = _PinnedAdapter(exchange, self._context)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            session.headers.clear()
            session.headers.update(_SENT_HEADERS | self._auth_headers | headers)
            with session.request(
                method,
                url,
                data=body or None,
                timeout=(exchange.seconds_left, exchange.seconds_left),
                allow_redirects=False,
                stream=True,
                proxies={},
            ) as response:
                if 300 <= response.status_code < 400:
                    raise _redirect(response.headers.get("Location", ""))
                content_type = response.headers.get("Content-Type", "")
                return response.status_code, content_type, read_body(response, exchange)


def _redirect(location: str) -> RedirectRefused:
    """Name only the host it points to: a path or query there may hold a session's secrets."""
    try:
        host = urlsplit(location).hostname or ""
    except ValueError:
        host = ""
    where_to = f" to {host}" if host.replace(".", "").replace("-", "").isalnum() else ""
    return RedirectRefused(
        f"The address redirects{where_to}. Enter the address it leads to; a sign-in page cannot be "
        "passed, so give a gateway that takes a token instead.",
        reason="redirect",
    )
