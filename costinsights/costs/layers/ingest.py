"""Reading one day of one layer: claim, ask outside of any transaction, write in one."""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import structlog
from django.utils import timezone

from costinsights.core.errors import ApplicationError
from costinsights.core.periods import ChargePeriod
from costinsights.costs.access import fetch_order, outbound_policy
from costinsights.costs.current.fetch import client_for
from costinsights.costs.history.leases import lease_kept, out_of_the_way
from costinsights.costs.history.ledger import LEASE
from costinsights.costs.history.writer import Written
from costinsights.costs.layers import ledger
from costinsights.costs.layers.facts import day_facts
from costinsights.costs.layers.ledger import Claim
from costinsights.costs.layers.writer import Reading, write_day
from costinsights.costs.models import Cluster
from costinsights.opencost.errors import LayerAbsent
from costinsights.opencost.layer_rows import LayerAnswer

_log = structlog.get_logger(__name__)
PATIENCE_SECONDS: Final = 60.0
Clock = Callable[[], dt.datetime]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one claimed day: written, absent, or an error's code."""

    claim: Claim
    written: Written | None
    error_code: str = ""


def ingest_next(*, clock: Clock = timezone.now) -> Outcome | None:
    """Claim the most urgent day and read it. None when nothing is due. Raises nothing of OpenCost's doing."""
    held = ledger.claim(now=clock())
    if held is None:
        return None
    with out_of_the_way(lambda: ledger.put_aside(held, now=clock())):
        return read_day(held, clock=clock)


def read_day(held: Claim, *, clock: Clock = timezone.now) -> Outcome:
    """Ask OpenCost for a claimed day and store the answer."""
    window = held.window
    log = _log.bind(cluster=window.cluster.slug, layer=window.layer, day=window.day.isoformat())
    began = time.perf_counter()
    try:
        with lease_kept(lambda: ledger.renew(held), every_seconds=LEASE.total_seconds() / 3):
            answer = _ask(window.cluster, held, now=clock())
    except LayerAbsent as absent:
        ledger.note_absent(held, absent, now=clock())
        log.info("layer_absent", reason=absent.reason)
        return Outcome(held, None, absent.code)
    except ApplicationError as error:
        ledger.note_failure(held, now=clock(), code=error.code, message=error.message)
        log.warning("layer_day_failed", code=error.code)
        return Outcome(held, None, error.code)
    facts = day_facts(answer)
    reading = Reading(
        read_at=clock(),
        read_seconds=time.perf_counter() - began,
        opencost_version=window.cluster.opencost_version,
        response_sha256=answer.body_sha256,
        response_bytes=answer.body_bytes,
        warning=answer.warning,
    )
    written = write_day(window, facts, reading, attempt=held.attempt)
    if written is not Written.FENCED:
        ledger.note_present(held.layer, window.cluster_id, now=clock())
    log.info("layer_day_read", written=written, rows=len(facts.facts))
    return Outcome(held, written)


def _ask(cluster: Cluster, held: Claim, *, now: dt.datetime) -> LayerAnswer:
    """One request. A cluster with a scope sees a part of its OpenCost, and layers cannot be cut to it."""
    if cluster.scope_filter:
        raise LayerAbsent(
            "This connection is limited to a scope, and these costs cannot be: they are not asked for.",
            reason="scoped",
        )
    order = fetch_order(cluster, [], now=now)
    start = dt.datetime.combine(held.window.day, dt.time(), dt.UTC)
    policy = outbound_policy()
    # A layer is worth less waiting than allocations are.
    policy = replace(policy, deadline_seconds=min(policy.deadline_seconds, PATIENCE_SECONDS))
    return client_for(order.source, policy).layer_costs(
        held.layer, ChargePeriod(start, start + dt.timedelta(days=1))
    )
