"""Asking OpenCost: every cluster at the same time, each with one request in flight.

The threads here get everything they need as values and touch neither the database nor the cache: a
thread of its own would not be inside the tenant.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from costinsights.core.errors import ApplicationError
from costinsights.core.http import OutboundPolicy
from costinsights.costs.current.pieces import Piece
from costinsights.opencost.client import OpenCostClient
from costinsights.opencost.endpoint import Endpoint
from costinsights.opencost.filters import Filter
from costinsights.opencost.sample import SampleOpenCost
from costinsights.opencost.schema import AllocationAnswer

MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class FetchOrder:
    """What one cluster's OpenCost is asked for.

    A scoped cluster's idle cost cannot be told apart, and an OpenCost without Prometheus can hang over it:
    neither is asked for it.
    """

    source: Endpoint | SampleOpenCost
    scope: Filter | None
    pieces: Sequence[Piece]
    include_idle: bool


@dataclass(slots=True)
class FetchResult:
    """What came back, in the order asked, until the first error."""

    answers: list[tuple[Piece, AllocationAnswer]] = field(default_factory=list)
    error: ApplicationError | None = None


def fetch_all(orders: Sequence[FetchOrder], policy: OutboundPolicy) -> list[FetchResult]:
    """Run all orders; results in the same order. Never raises for what OpenCost or the network did."""
    if not orders:
        return []
    if len(orders) == 1:
        return [_fetch(orders[0], policy)]
    with ThreadPoolExecutor(
        max_workers=min(MOST_THREADS, len(orders)), thread_name_prefix="opencost"
    ) as threads:
        return list(threads.map(lambda order: _fetch(order, policy), orders))


def client_for(
    source: Endpoint | SampleOpenCost, policy: OutboundPolicy
) -> OpenCostClient | SampleOpenCost:
    """Who answers for this source."""
    if isinstance(source, SampleOpenCost):
        return source
    return OpenCostClient(source, source.session(policy))


def _fetch(order: FetchOrder, policy: OutboundPolicy) -> FetchResult:
    result = FetchResult()
    try:
        client = client_for(order.source, policy)
        for piece in order.pieces:
            answer = client.allocations(
                piece.period, include_idle=order.include_idle, scope=order.scope
            )
            result.answers.append((piece, answer))
    except ApplicationError as error:
        result.error = error
    return result
