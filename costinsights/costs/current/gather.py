"""Bringing the rows together: what is kept, what must be asked now, and who else is asking.

Runs in the thread that speaks for the tenant and outside of any transaction; only `fetch_all` spreads out.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings

from costinsights.core.errors import ApplicationError
from costinsights.core.periods import ChargePeriod
from costinsights.costs.access import fetch_order, outbound_policy
from costinsights.costs.current import cache
from costinsights.costs.current.fetch import FetchResult, fetch_all
from costinsights.costs.current.pieces import Piece, PieceState, is_fresh, pieces_of
from costinsights.costs.models import Cluster

LOCK = "fetching"
_POLL_SECONDS = 0.1
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Holding:
    """What we have of one cluster for one window."""

    cluster: Cluster
    pieces: list[Piece]
    states: dict[Piece, PieceState]
    failure: cache.Failure | None = None

    @property
    def missing(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece not in self.states]

    def stale(self, now: datetime) -> list[Piece]:
        """Pieces that are there and past their time."""
        fresh_for = timedelta(seconds=settings.CURRENT_COSTS_FRESH_SECONDS)
        return [
            piece
            for piece, state in self.states.items()
            if not is_fresh(piece.period, as_of=state.as_of, now=now, fresh_for=fresh_for)
        ]


def look_up(clusters: Sequence[Cluster], period: ChargePeriod, *, now: datetime) -> list[Holding]:
    """What is kept for these clusters. Asks nobody."""
    holdings = [
        Holding(cluster, pieces_of(period, fingerprint=cluster.fingerprint, now=now), {})
        for cluster in clusters
    ]
    states = cache.read_states(piece for holding in holdings for piece in holding.pieces)
    failures = cache.read_failures(holding.cluster.fingerprint for holding in holdings)
    for holding in holdings:
        holding.states = {piece: states[piece] for piece in holding.pieces if piece in states}
        holding.failure = failures.get(holding.cluster.fingerprint)
    return holdings


def fill_gaps(holdings: Sequence[Holding], *, now: datetime) -> None:
    """Ask for what is missing, once per cluster however many callers want it at the same time.

    A caller that finds a cluster being asked waits for that answer. A cluster that failed a moment ago
    is not asked again. Afterwards each holding has its states or its failure.
    """
    give_up = time.monotonic() + settings.OPENCOST_DEADLINE_SECONDS
    waiting = [holding for holding in holdings if holding.missing and holding.failure is None]
    while waiting:
        locked = _lock(waiting)
        try:
            for holding, _ in locked:
                _read_again(holding)  # the lock's last holder may have filled it
            ours = [h for h, _ in locked if h.missing and h.failure is None]
            ask(ours, {id(h): h.missing for h in ours}, now=now)
        finally:
            for holding, token in locked:
                cache.release(LOCK, holding.cluster.fingerprint, token)
        done = {id(holding) for holding, _ in locked}
        waiting = [h for h in waiting if id(h) not in done]
        if waiting:
            if time.monotonic() > give_up:
                return
            time.sleep(_POLL_SECONDS)
            for holding in waiting:
                _read_again(holding)
            waiting = [h for h in waiting if h.missing and h.failure is None]


def refresh(holding: Holding, pieces: Sequence[Piece], *, now: datetime) -> bool:
    """Ask for these pieces again. False when somebody else is asking this OpenCost."""
    fingerprint = holding.cluster.fingerprint
    token = cache.acquire(LOCK, fingerprint, seconds=_lock_seconds())
    if token is None:
        return False
    try:
        ask([holding], {id(holding): list(pieces)}, now=now)
    finally:
        cache.release(LOCK, fingerprint, token)
    return True


def ask(holdings: Sequence[Holding], wanted: dict[int, list[Piece]], *, now: datetime) -> None:
    """Ask OpenCost for the wanted pieces, keep what it answers, and remember how it went.

    `wanted` goes by the id() of the holding. Pieces are asked newest first: the running day matters most.
    """
    orders, asked = [], []
    for holding in holdings:
        pieces = sorted(wanted[id(holding)], key=lambda piece: piece.period, reverse=True)
        try:
            orders.append(fetch_order(holding.cluster, pieces, now=now))
            asked.append(holding)
        except ApplicationError as error:
            _note_failure(holding, error, now)
    for holding, result in zip(asked, fetch_all(orders, outbound_policy()), strict=True):
        _keep(holding, result, now)


def _keep(holding: Holding, result: FetchResult, now: datetime) -> None:
    for piece, answer in result.answers:
        holding.states[piece] = cache.write_piece(
            piece, answer.rows, as_of=now, digest=answer.body_sha256
        )
    if result.error is not None:
        _note_failure(holding, result.error, now)
        return
    holding.failure = None
    cache.forget_failure(holding.cluster.fingerprint)
    holding.cluster.note_ok(now)


def _note_failure(holding: Holding, error: ApplicationError, now: datetime) -> None:
    holding.failure = cache.Failure(now, error.code, error.message)
    cache.write_failure(holding.cluster.fingerprint, holding.failure)
    holding.cluster.note_error(now, code=error.code, message=error.message)
    _log.warning("opencost_failed", cluster=holding.cluster.slug, code=error.code)


def _lock(holdings: Sequence[Holding]) -> list[tuple[Holding, str]]:
    taken = []
    for holding in holdings:
        token = cache.acquire(LOCK, holding.cluster.fingerprint, seconds=_lock_seconds())
        if token is not None:
            taken.append((holding, token))
    return taken


def _lock_seconds() -> float:
    return float(settings.OPENCOST_DEADLINE_SECONDS) + 30


def _read_again(holding: Holding) -> None:
    holding.states = {**holding.states, **cache.read_states(holding.missing)}
    failures = cache.read_failures([holding.cluster.fingerprint])
    holding.failure = failures.get(holding.cluster.fingerprint)
