"""What is missing: windows that failed, wait, are partial or were never planned."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from costinsights.core.commands import TenantCommand
from costinsights.costs.history.models import Grain, Snapshot, SnapshotState
from costinsights.costs.models import Cluster

_TROUBLE = (SnapshotState.FAILED, SnapshotState.PENDING, SnapshotState.PARTIAL)


class Command(TenantCommand):
    help = "List the windows of each cluster that are missing, failed, waiting or partial."

    def handle_tenant(self, **options: Any) -> None:
        found = 0
        for cluster in Cluster.objects.in_order():
            for grain in Grain:
                windows = Snapshot.objects.filter(cluster=cluster, grain=grain)
                for snapshot in windows.filter(state__in=_TROUBLE).order_by("window_start"):
                    why = f": {snapshot.error_message}" if snapshot.error_message else ""
                    self._line(cluster, grain, snapshot.window_start, f"{snapshot.state}{why}")
                    found += 1
                starts = list(
                    windows.order_by("window_start").values_list("window_start", flat=True)
                )
                for before, after in pairwise(starts):
                    missing = round((after - before) / grain.length) - 1
                    if missing:
                        self._line(
                            cluster, grain, before + grain.length, f"{missing} never planned"
                        )
                        found += 1
        self.stdout.write(f"{found} gaps." if found else "No gaps.")

    def _line(self, cluster: Cluster, grain: Grain, start: datetime, what: str) -> None:
        self.stdout.write(f"{cluster.slug} {grain.value} {start:%Y-%m-%dT%H:%M}Z {what}")
