"""Jobs: fetching newer current costs while the kept ones are being shown."""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from celery import shared_task
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import KombuError

from costinsights.core.periods import ChargePeriod, instant_text
from costinsights.core.tasks import TenantTask
from costinsights.costs.budgets.tasks import evaluate_budgets, mail_budget_events
from costinsights.costs.current import cache
from costinsights.costs.current.answer import RefreshOrder
from costinsights.costs.current.gather import Holding, refresh
from costinsights.costs.current.pieces import Piece, is_fresh
from costinsights.costs.history.tasks import forget_old_history, keep_history, take_over_history
from costinsights.costs.layers.tasks import keep_layers
from costinsights.costs.models import Cluster
from tenants.features import Feature

__all__ = [
    "enqueue_refreshes",
    "evaluate_budgets",
    "forget_old_history",
    "keep_history",
    "keep_layers",
    "mail_budget_events",
    "refresh_current_costs",
    "take_over_history",
]

QUEUED = "queued"
# How long a job that never came back keeps another one from being sent.
QUEUED_FOR = timedelta(minutes=2)
_log = structlog.get_logger(__name__)


@shared_task(base=TenantTask, feature=Feature.CURRENT_COSTS)
def refresh_current_costs(*, cluster_id: int, fingerprint: str, periods: list[list[str]]) -> int:
    """Ask a cluster's OpenCost again for the days that are past their time. Safe to repeat.

    Does nothing for a cluster that was removed or edited meanwhile, for days somebody else has just
    refreshed, and while another request to the same OpenCost is under way. Returns the number of days asked for.
    """
    now = timezone.now()
    cluster = Cluster.objects.filter(pk=cluster_id).first()
    if cluster is None or cluster.fingerprint != fingerprint:
        return 0
    pieces = [Piece(fingerprint, ChargePeriod.parse(start, end)) for start, end in periods]
    holding = Holding(cluster, pieces, cache.read_states(pieces))
    fresh_for = timedelta(seconds=settings.CURRENT_COSTS_FRESH_SECONDS)
    due = [
        piece
        for piece in pieces
        if (state := holding.states.get(piece)) is None
        or not is_fresh(piece.period, as_of=state.as_of, now=now, fresh_for=fresh_for)
    ]
    try:
        return len(due) if due and refresh(holding, due, now=now) else 0
    finally:
        cache.release(QUEUED, fingerprint)


def enqueue_refreshes(orders: Sequence[RefreshOrder]) -> int:
    """Send a job for each order unless one is on its way. Returns how many were sent.

    A broker that does not answer costs freshness, not the page: it is logged and the next view tries again.
    """
    sent = 0
    for order in orders:
        token = cache.acquire(QUEUED, order.fingerprint, seconds=QUEUED_FOR.total_seconds())
        if token is None:
            continue
        try:
            refresh_current_costs.enqueue_on_commit(
                cluster_id=order.cluster_id,
                fingerprint=order.fingerprint,
                periods=[[instant_text(p.start), instant_text(p.end)] for p in order.periods],
            )
            sent += 1
        except (KombuError, OSError):
            cache.release(QUEUED, order.fingerprint, token)
            _log.warning("refresh_not_enqueued", cluster=order.cluster_id, exc_info=True)
    return sent
