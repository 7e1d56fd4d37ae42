"""Asking one OpenCost: a few questions, each one request, each ending in an answer or a named error."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import quote, urlencode

from costinsights.core.http import OutboundError, OutboundPolicy, SafeSession, with_retries
from costinsights.core.periods import ChargePeriod
from costinsights.opencost.endpoint import AuthKind, Endpoint
from costinsights.opencost.errors import (
    NotOpenCost,
    OpenCostAnswerInvalid,
    OpenCostError,
    OpenCostQueryFailed,
    OpenCostTimedOut,
    OpenCostUnavailable,
)
from costinsights.opencost.filters import Filter
from costinsights.opencost.layer_rows import Layer, LayerAnswer
from costinsights.opencost.layer_schema import decode_layer
from costinsights.opencost.replies import check_layer_status, check_status, opencost_error
from costinsights.opencost.rows import AllocationAnswer, ClusterInfo, InstallInfo
from costinsights.opencost.schema import decode_allocations

__all__ = ["FINEST_GRAIN", "AuthKind", "Endpoint", "OpenCost", "OpenCostClient"]

FINEST_GRAIN = ("cluster", "node", "namespace", "pod", "container")
_LAYER_ROUTES = {
    Layer.ASSETS: "/assets",
    Layer.CLOUD: "/cloudCost",
    Layer.CUSTOM: "/customCost/total",
}
# Coarse on purpose: a bill has a line per resource, and the store keeps what questions ask for.
_CLOUD_GRAIN = ("invoiceEntityID", "accountID", "provider", "category", "service")
_NO_ROUTE = b"404 page not found"  # in the words of Go's HTTP server
Answer = TypeVar("Answer")


class OpenCost(Protocol):
    """What the product asks an OpenCost; the client and its verified fake both answer it."""

    def install_info(self) -> InstallInfo: ...

    def cluster_info(self) -> ClusterInfo | None: ...

    def reads_prometheus(self) -> bool: ...

    def allocations(
        self,
        period: ChargePeriod,
        *,
        include_idle: bool = True,
        scope: Filter | None = None,
        aggregate: Sequence[str] = FINEST_GRAIN,
    ) -> AllocationAnswer: ...

    def layer_costs(self, layer: Layer, period: ChargePeriod) -> LayerAnswer: ...


class OpenCostClient:
    """Talks to one endpoint. Every failure is an OpenCostError that says whether to try again.

    Answers that a second try can mend (429, 502, 503, 504, nobody there, timeouts) are asked for up to
    `attempts` times, all within the policy's one deadline.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        session: SafeSession,
        *,
        attempts: int = 3,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._endpoint = endpoint
        self._session = session
        self._attempts = attempts
        self._sleep = sleep

    @classmethod
    def open(cls, endpoint: Endpoint, policy: OutboundPolicy) -> Self:
        """A client with a session of its own. Raises RequestRefused for unusable credentials."""
        return cls(endpoint, endpoint.session(policy))

    def install_info(self) -> InstallInfo:
        """The version, if told. Raises NotOpenCost when the answer is something else's."""

        def decode(status: int, body: bytes) -> InstallInfo:
            document = _json_object(body)
            version = document.get("version")
            if not isinstance(version, str) and "clusterInfo" not in document:
                raise NotOpenCost(
                    "Something answers at this address, but not as OpenCost does.",
                    reason="other_service",
                )
            return InstallInfo(version=version if isinstance(version, str) else "")

        return self._ask("/installInfo", {}, decode)

    def cluster_info(self) -> ClusterInfo | None:
        """The cluster OpenCost runs in; None when this OpenCost has no such route or does not know."""

        def decode(status: int, body: bytes) -> ClusterInfo | None:
            if status == 404:
                return None
            data = _json_object(body).get("data")
            if not isinstance(data, dict):
                return None
            return ClusterInfo(
                id=_text(data, "id"), name=_text(data, "name"), provider=_text(data, "provider")
            )

        return self._ask("/clusterInfo", {}, decode, may_be_missing=True)

    def reads_prometheus(self) -> bool:
        """False when this OpenCost collects metrics itself and has no Prometheus behind it.

        Only then it lacks the routes that are about Prometheus. A 404 in other words than OpenCost's own is
        a gateway's and tells nothing.
        """

        def decode(status: int, body: bytes) -> bool:
            return not (status == 404 and body.strip() == _NO_ROUTE)

        return self._ask("/prometheusConfig", {}, decode, may_be_missing=True)

    def allocations(
        self,
        period: ChargePeriod,
        *,
        include_idle: bool = True,
        scope: Filter | None = None,
        aggregate: Sequence[str] = FINEST_GRAIN,
    ) -> AllocationAnswer:
        """What was allocated over exactly `period`, which must lie on full hours, in one request.

        No rows means that OpenCost has no data for the period, not that it cost nothing.
        """
        if not period.is_aligned:
            raise ValueError(f"OpenCost is asked for full hours only, not {period}")
        parameters = {
            "window": str(period),
            "aggregate": ",".join(aggregate),
            # One step as long as the window: left to itself, OpenCost without Prometheus answers
            # a long window from a single bucket.
            "step": f"{period.minutes // 60}h",
            "accumulate": "false",
            "includeIdle": "true" if include_idle else "false",
        }
        if scope is not None:
            parameters["filter"] = scope.render()
        return self._ask(
            "/allocation/compute",
            parameters,
            lambda status, body: decode_allocations(body, period=period),
        )

    def layer_costs(self, layer: Layer, period: ChargePeriod) -> LayerAnswer:
        """What a layer says of exactly one UTC day. Raises LayerAbsent where this OpenCost does not have it.

        No rows means that OpenCost has no data for the day, not that it cost nothing.
        """
        if not period.is_aligned or period.minutes != 1440 or period.start.hour:
            raise ValueError(f"a layer is asked for full UTC days only, not {period}")

        def asked(parameters: dict[str, str]) -> LayerAnswer:
            return self._ask(
                _LAYER_ROUTES[layer],
                {"window": str(period), **parameters},
                lambda status, body: decode_layer(layer, body, period=period),
                is_layer=True,
            )

        if layer is Layer.ASSETS:
            return asked({})
        if layer is Layer.CUSTOM:
            return asked({"costType": "blended"})
        try:
            return asked({"aggregate": ",".join((*_CLOUD_GRAIN, "regionID"))})
        except OpenCostQueryFailed as error:
            if error.reason != "bad_query":
                raise
        # Older versions refuse a property they do not know.
        return asked({"aggregate": ",".join(_CLOUD_GRAIN)})

    def _ask(
        self,
        route: str,
        parameters: dict[str, str],
        decode: Callable[[int, bytes], Answer],
        *,
        may_be_missing: bool = False,
        is_layer: bool = False,
    ) -> Answer:
        # Quoted in full: a bare + would reach OpenCost as a space, and all after it would be lost.
        query = f"?{urlencode(parameters, quote_via=quote, safe='')}" if parameters else ""
        url = f"{self._endpoint.root}{route}{query}"

        def attempt(seconds: float) -> Answer:
            failure: OpenCostError
            try:
                reply = self._session.get(url, deadline_seconds=seconds)
            except OutboundError as error:
                failure = opencost_error(error)
            else:
                has_credentials = self._endpoint.auth is not AuthKind.NONE
                if is_layer:
                    check_layer_status(reply, has_credentials=has_credentials)
                else:
                    check_status(
                        reply, has_credentials=has_credentials, may_be_missing=may_be_missing
                    )
                return decode(reply.status, reply.body)
            raise failure

        return with_retries(
            attempt,
            budget_seconds=self._session.policy.deadline_seconds,
            attempts=self._attempts,
            is_useful=lambda error: isinstance(error, OpenCostUnavailable | OpenCostTimedOut),
            sleep=self._sleep,
        )


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise OpenCostAnswerInvalid(
            "Something answers at this address, but with no JSON object.", reason="not_json"
        )
    return document


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return value[:500] if isinstance(value, str) else ""
