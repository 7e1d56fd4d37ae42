"""Asking an identity provider: its address is a tenant's choice, so every request leaves through `SafeSession`."""

import base64
import json
import time
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any
from urllib.parse import quote_plus, urlencode

from django.conf import settings

from costinsights.accounts.single_sign_on.errors import ProviderUnusable
from costinsights.core.http import OutboundError, OutboundPolicy, Reply, SafeSession

DEADLINE_SECONDS = 10.0
LARGEST_ANSWER = 1024 * 1024
_FORM = "application/x-www-form-urlencoded"


def outbound_policy() -> OutboundPolicy:
    """The operator's rules for requests to identity providers."""
    return OutboundPolicy(
        allowed_networks=tuple(
            ip_network(text, strict=False) for text in settings.OUTBOUND_ALLOWED_NETWORKS
        ),
        deadline_seconds=DEADLINE_SECONDS,
        max_body_bytes=LARGEST_ANSWER,
    )


class ProviderLine:
    """A conversation with one provider: however many requests it takes, ten seconds in all.

    Raises ProviderUnusable with `reason` "<what>_failed"; the message names hosts, never credentials.
    """

    def __init__(self, policy: OutboundPolicy) -> None:
        self._policy = policy
        self._ends_at = time.monotonic() + policy.deadline_seconds

    def get_json(self, url: str, *, what: str, bearer: str = "") -> dict[str, Any]:
        """GET a JSON object. `what` names it in errors: discovery, keys, userinfo."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else None
        try:
            session = SafeSession(self._policy, auth_headers=headers)
            reply = session.get(url, deadline_seconds=self._seconds_left)
        except OutboundError as error:
            raise _unusable(error.message, what) from error
        if reply.status != 200:
            raise _unusable(f"It answered with status {reply.status}.", what)
        return _json_object(reply, what)

    def post_form(
        self, url: str, fields: Mapping[str, str], *, basic: tuple[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """POST a form to the token endpoint: the status and the JSON object answered."""
        headers = {"Content-Type": _FORM}
        if basic is not None:
            headers["Authorization"] = _basic(*basic)
        try:
            session = SafeSession(self._policy)
            reply = session.post(
                url,
                body=urlencode(fields).encode(),
                headers=headers,
                deadline_seconds=self._seconds_left,
            )
        except OutboundError as error:
            raise _unusable(error.message, "token") from error
        return reply.status, _json_object(reply, "token")

    @property
    def _seconds_left(self) -> float:
        return max(self._ends_at - time.monotonic(), 0.001)


def _basic(client_id: str, secret: str) -> str:
    """RFC 6749, 2.3.1: both parts are form-encoded first, so that a colon or an umlaut survives."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _json_object(reply: Reply, what: str) -> dict[str, Any]:
    try:
        document = json.loads(reply.body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _unusable("Its answer is no JSON object.", what)
    return document


def _unusable(words: str, what: str) -> ProviderUnusable:
    return ProviderUnusable(
        f"The identity provider could not be asked ({what}). {words}", reason=f"{what}_failed"
    )
