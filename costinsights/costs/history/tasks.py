"""The wake-ups of stored history. What is due stands in the ledger; a job that never runs loses nothing."""

import time
from datetime import timedelta

import structlog
from celery import shared_task
from django.utils import timezone

from costinsights.core.tasks import TenantTask
from costinsights.core.tenancy import current_tenant
from costinsights.costs.history import ledger
from costinsights.costs.history.ingest import ingest_next
from costinsights.costs.history.planner import note_planned
from costinsights.costs.history.retention import forget_old_windows
from costinsights.costs.models import Cluster
from tenants.limits import retention_days_of

# Below the time limit of a job, with room for the exchange that is under way when it is over.
WORKS_FOR = timedelta(seconds=200)
_log = structlog.get_logger(__name__)


@shared_task(base=TenantTask, name="costs.keep_history")
def keep_history() -> int:
    """Plan what is due for every cluster and read it, for as long as a job may work. Returns windows read.

    Any number of these may run side by side: windows are claimed one by one.
    """
    ends = time.monotonic() + WORKS_FOR.total_seconds()
    read = read_when_planned = 0
    plan_all()
    while time.monotonic() < ends:
        if ingest_next() is not None:
            read += 1
        elif read == read_when_planned or not plan_all():
            return read
        else:  # a backfill has walked on, now that its last days were read
            read_when_planned = read
    keep_history.delay()  # more is due: another job goes on, and other tenants get their turn first
    return read


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
    return forget_old_windows(now=now, retention_days=retention_days_of(current_tenant(), now))
