"""The wake-up of the cost layers. What is due stands in their ledger; a job that never runs loses nothing."""

import time
from datetime import timedelta
from typing import Final

from celery import shared_task
from django.utils import timezone

from costinsights.core.tasks import WakeUpTask
from costinsights.core.tenancy import current_tenant
from costinsights.costs.layers import ledger
from costinsights.costs.layers.ingest import ingest_next
from costinsights.costs.models import Cluster
from tenants.features import Feature
from tenants.limits import retention_days_of

# One workspace's turn. An exchange that is under way at its end is finished.
TURN: Final = timedelta(seconds=20)


@shared_task(base=WakeUpTask, name="costs.keep_layers", feature=Feature.HISTORY)
def keep_layers() -> int:
    """Plan what is due of every cluster's layers and read it for one turn. Returns days read."""
    ends = time.monotonic() + TURN.total_seconds()
    read = 0
    plan_all()
    while time.monotonic() < ends:
        if ingest_next() is not None:
            read += 1
        elif not plan_all():
            return read
    keep_layers.delay()  # more is due, and other workspaces get their turn first
    return read


def plan_all() -> int:
    """Plan every cluster of the tenant. Returns how many days were put on the ledger."""
    now = timezone.now()
    days = retention_days_of(current_tenant(), now)
    return sum(
        ledger.plan(cluster, now=now, retention_days=days) for cluster in Cluster.objects.all()
    )
