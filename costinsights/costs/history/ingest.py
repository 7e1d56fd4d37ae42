"""Reading one window: claim, ask outside of any transaction, write in one."""

import datetime as dt
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.utils import timezone

from costinsights.core.errors import ApplicationError, ExchangeError
from costinsights.core.periods import ChargePeriod
from costinsights.costs.access import fetch_order, outbound_policy
from costinsights.costs.current.fetch import client_for
from costinsights.costs.current.pieces import Piece
from costinsights.costs.history import breaker, keys, lanes, ledger
from costinsights.costs.history.facts import window_facts
from costinsights.costs.history.in_hand import note_in_hand
from costinsights.costs.history.lanes import Lane
from costinsights.costs.history.leases import lease_kept, out_of_the_way
from costinsights.costs.history.ledger import Claim
from costinsights.costs.history.writer import Reading, Written, write_window
from costinsights.opencost.client import Endpoint, OpenCostClient
from costinsights.opencost.errors import OpenCostError, OpenCostTimedOut, OpenCostUnavailable
from costinsights.opencost.rows import AllocationAnswer

_log = structlog.get_logger(__name__)
Clock = Callable[[], dt.datetime]


HANDED_OVER: Final = "handed_over"  # no failure: the slow lane reads this window


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one claimed window: written, or an error's code, or HANDED_OVER."""

    claim: Claim
    written: Written | None
    error_code: str = ""


def ingest_next(*, clock: Clock = timezone.now, lane: Lane | None = None) -> Outcome | None:
    """Claim the most urgent window and read it. None when nothing is due. Raises nothing of OpenCost's doing."""
    held = ledger.claim(now=clock(), lane=lane)
    if held is None:
        return None
    note_in_hand(timezone.now() + ledger.LEASE)
    with out_of_the_way(
        lambda: breaker.put_aside(held.snapshot, attempt=held.attempt, now=clock())
    ):
        return read_window(held, clock=clock)


def _renewed(held: Claim) -> bool:
    note_in_hand(timezone.now() + ledger.LEASE)
    return ledger.renew(held)


def read_window(held: Claim, *, clock: Clock = timezone.now) -> Outcome:
    """Ask OpenCost for a claimed window and store the answer."""
    snapshot = held.snapshot
    period = ChargePeriod(snapshot.window_start, snapshot.window_end)
    log = _log.bind(cluster=snapshot.cluster.slug, grain=snapshot.grain, window=str(period))
    patience = lanes.patience(snapshot.cluster_id, snapshot.grain, held.lane)
    began = time.monotonic()
    try:
        with lease_kept(lambda: _renewed(held), every_seconds=ledger.LEASE.total_seconds() / 3):
            answer, asked, seconds = _ask(held, period, now=clock(), patience=patience)
        facts = window_facts(answer.rows, keys.stored_keys())
    except ApplicationError as error:
        return _failed(held, error, seconds=time.monotonic() - began, now=clock(), log=log)
    reading = Reading(
        read_at=clock(),
        read_seconds=seconds,
        opencost_version=snapshot.cluster.opencost_version,
        request_sha256=asked,
        response_sha256=answer.body_sha256,
        response_bytes=answer.body_bytes,
        warning=answer.warning,
    )
    written = write_window(snapshot, facts, reading, attempt=held.attempt)
    if written is not Written.FENCED:
        now = clock()
        breaker.note_success(snapshot.cluster_id, now=now)
        lanes.note_pace(snapshot.cluster_id, seconds=seconds, now=now)
        snapshot.cluster.note_ok(now)
        keys.note_keys(answer.rows, day=period.start.date(), grain=snapshot.grain)
    log.info("window_read", written=written, rows=len(facts.facts), seconds=round(seconds, 3))
    return Outcome(held, written)


def _failed(
    held: Claim, error: ApplicationError, *, seconds: float, now: dt.datetime, log: Any
) -> Outcome:
    """Hand the window over when only our patience ended; note the failure otherwise."""
    snapshot = held.snapshot
    exchange = error if isinstance(error, ExchangeError) else None
    has_hung = exchange is not None and lanes.holds_up(exchange, seconds=seconds)
    if has_hung:
        if held.lane is Lane.QUICK and isinstance(error, OpenCostTimedOut):
            lanes.hand_over(snapshot, attempt=held.attempt, now=now)
            log.info("window_handed_over", seconds=round(seconds, 3))
            return Outcome(held, None, HANDED_OVER)
        lanes.use_slow_lane(snapshot.cluster_id, now=now)
    breaker.note_failure(
        snapshot,
        attempt=held.attempt,
        now=now,
        code=error.code,
        message=error.message,
        retry_is_useful=exchange is None or exchange.retry_is_useful,
        has_hung=has_hung,
    )
    snapshot.cluster.note_error(now, code=error.code, message=error.message)
    log.warning("window_failed", code=error.code, seconds=round(seconds, 3))
    return Outcome(held, None, error.code)


def _ask(
    held: Claim, period: ChargePeriod, *, now: dt.datetime, patience: float
) -> tuple[AllocationAnswer, str, float]:
    """The answer, the digest of what was asked, and how long it took."""
    cluster = held.snapshot.cluster
    order = fetch_order(cluster, [Piece(cluster.fingerprint, period)], now=now)
    if held.has_hung and isinstance(order.source, Endpoint):
        _probe(order.source)
    client = client_for(order.source, outbound_policy(seconds=patience))
    began = time.perf_counter()
    answer = client.allocations(period, include_idle=order.include_idle, scope=order.scope)
    seconds = time.perf_counter() - began
    # The fingerprint stands for the address and the scope.
    asked = f"{cluster.fingerprint}|{period}|idle={order.include_idle}"
    return answer, hashlib.sha256(asked.encode()).hexdigest(), seconds


def _probe(source: Endpoint) -> None:
    """The smallest question, to an OpenCost that hung. Raises what says that it still does.

    Any answer will do: a gateway may let nothing else through than allocations.
    """
    try:
        OpenCostClient.open(source, outbound_policy(seconds=lanes.PROBE_SECONDS)).install_info()
    except (OpenCostTimedOut, OpenCostUnavailable):
        raise
    except OpenCostError:
        return
