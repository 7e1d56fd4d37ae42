"""Read older days of a cluster into the store, with progress, here and now or by the workers."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from costinsights.core.commands import TenantCommand
from costinsights.core.errors import ApplicationError
from costinsights.core.money import amount_text
from costinsights.core.tenancy import current_tenant
from costinsights.costs.history import ledger
from costinsights.costs.history.ingest import ingest_next
from costinsights.costs.history.models import BackfillState, IngestState
from costinsights.costs.selectors import access_cluster
from tenants.limits import retention_days_of


class Command(TenantCommand):
    help = "Read a cluster's older days until OpenCost knows no more. Safe to stop and to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("cluster", help="the cluster's slug")
        parser.add_argument("--days", type=int, help="how far back; default: the plan's retention")
        parser.add_argument("--cancel", action="store_true", help="stop a backfill that is running")
        parser.add_argument(
            "--no-wait", action="store_true", help="leave the reading to the workers"
        )

    def handle_tenant(self, **options: Any) -> None:
        now = timezone.now()
        try:
            cluster = access_cluster(options["cluster"])
        except ApplicationError as error:
            raise CommandError(error.message) from error
        if options["cancel"]:
            ledger.cancel_backfill(cluster, now=now)
            self.stdout.write(f"The backfill of {cluster.name} is cancelled. What was read stays.")
            return
        most = retention_days_of(current_tenant(), now)
        days = min(options["days"] or most, most)
        ledger.start_backfill(cluster, now=now, days=days)
        if options["no_wait"]:
            self.stdout.write(f"The workers read {cluster.name} back {days} days.")
            return
        while True:
            ledger.plan(cluster, now=now, retention_days=most)
            outcome = ingest_next()
            if outcome is None:
                if IngestState.objects.get(cluster=cluster).backfill_state == BackfillState.RUNNING:
                    if not ledger.plan(cluster, now=now, retention_days=most):
                        break
                    continue
                break
            snapshot = outcome.claim.snapshot
            snapshot.refresh_from_db()
            what = outcome.error_code or f"{snapshot.rows} rows, {amount_text(snapshot.total)}"
            self.stdout.write(f"{snapshot.window_start:%Y-%m-%d %H:%M} {snapshot.grain}: {what}")
        state = IngestState.objects.get(cluster=cluster)
        self.stdout.write(f"{cluster.name}: {state.get_backfill_state_display().lower()}.")
