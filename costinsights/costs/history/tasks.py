"""The wake-ups of stored history. What is due stands in the ledger; a job that never runs loses nothing.

Each works for a moment and goes to the end of the queue if more is due, so that workspaces take turns. The queue `history`
reads what answers quickly, the queue `slow` what does not (`lanes`).
"""

import contextlib
import time
from datetime import timedelta
from typing import Final

import structlog
from celery import shared_task
from django.utils import timezone

from costinsights.core.tasks import PlatformTask, TenantTask, WakeUpTask
from costinsights.core.tenancy import (
    TenantMissing,
    TenantSuspended,
    active_tenant,
    current_tenant,
    tenant_context,
)
from costinsights.costs.history import ledger
from costinsights.costs.history.in_hand import take_overdue
from costinsights.costs.history.ingest import ingest_next
from costinsights.costs.history.lanes import Lane
from costinsights.costs.history.planner import (
    note_planned,
    note_slow_lane_served,
    note_slow_lane_woken,
)
from costinsights.costs.history.retention import forget_old_windows
from costinsights.costs.layers.retention import forget_old_days
from costinsights.costs.models import Cluster
from tenants.limits import retention_days_of

# One workspace's turn. An exchange that is under way at its end is finished.
TURN: Final = timedelta(seconds=20)
_log = structlog.get_logger(__name__)


@shared_task(base=WakeUpTask, name="costs.keep_history")
def keep_history() -> int:
    """Plan what is due for every cluster and read it for one turn. Returns windows read.

    Any number of these may run side by side: windows are claimed one by one.
    """
    ends = time.monotonic() + TURN.total_seconds()
    read = read_when_planned = 0
    plan_all()
    while time.monotonic() < ends:
        if ingest_next(lane=Lane.QUICK) is not None:
            read += 1
        elif read == read_when_planned or not plan_all():
            break
        else:  # a backfill has walked on, now that its last days were read
            read_when_planned = read
    else:
        keep_history.delay()  # more is due, and other workspaces get their turn first
    if ledger.is_due(now=timezone.now(), lane=Lane.SLOW):
        note_slow_lane_woken()
        keep_slow_history.delay()
    return read


@shared_task(base=WakeUpTask, name="costs.keep_slow_history")
def keep_slow_history() -> int:
    """Read one window of a cluster that answers slowly. Returns windows read.

    Planning is left to the quick lane, which is woken when a backfill may walk on.
    """
    note_slow_lane_served()
    if ingest_next(lane=Lane.SLOW) is None:
        return 0
    if ledger.is_due(now=timezone.now(), lane=Lane.SLOW):
        keep_slow_history.delay()
    else:
        keep_history.delay()
    return 1


@shared_task(base=PlatformTask, name="costs.take_over_history")
def take_over_history() -> int:
    """Wake up the workspaces whose worker let go of a window without ending it. Returns how many."""
    woken = 0
    for pk in take_overdue(timezone.now()):
        with contextlib.suppress(TenantMissing, TenantSuspended), tenant_context(active_tenant(pk)):
            if ledger.is_due(now=timezone.now(), lane=Lane.QUICK):
                keep_history.delay()
                woken += 1
    return woken


def plan_all() -> int:
    """Plan every cluster of the tenant. Returns how many windows were put on the ledger."""
    now = timezone.now()
    days = retention_days_of(current_tenant(), now)
    note_planned()
    return sum(
        ledger.plan(cluster, now=now, retention_days=days) for cluster in Cluster.objects.all()
    )


@shared_task(base=TenantTask, name="costs.forget_old_history")
def forget_old_history() -> int:
    """Delete what is past the plan's retention. Returns how many windows went."""
    now = timezone.now()
    days = retention_days_of(current_tenant(), now)
    return forget_old_windows(now=now, retention_days=days) + forget_old_days(
        now=now, retention_days=days
    )
