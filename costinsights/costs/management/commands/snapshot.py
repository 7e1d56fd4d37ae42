"""Read what is due now, or one window again."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from costinsights.core.commands import TenantCommand
from costinsights.core.errors import ApplicationError
from costinsights.core.money import amount_text
from costinsights.costs.history import ledger
from costinsights.costs.history.ingest import ingest_next
from costinsights.costs.history.models import Grain
from costinsights.costs.history.tasks import plan_all
from costinsights.costs.layers.ingest import ingest_next as ingest_next_layer
from costinsights.costs.layers.tasks import plan_all as plan_layers
from costinsights.costs.selectors import access_cluster


class Command(TenantCommand):
    help = "Plan and read every window that is due, or send one day or hour to be read again."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--cluster", help="with --window: the cluster's slug")
        parser.add_argument("--window", help="a day 2026-01-31 or an hour 2026-01-31T06")

    def handle_tenant(self, **options: Any) -> None:
        if options["window"]:
            self._ask_again(options)
        plan_all()
        read = failed = 0
        while (outcome := ingest_next()) is not None:
            snapshot = outcome.claim.snapshot
            snapshot.refresh_from_db()
            what = outcome.error_code or f"{outcome.written}, {amount_text(snapshot.total)}"
            self.stdout.write(
                f"{snapshot.cluster.slug} {snapshot.grain} {snapshot.window_start:%Y-%m-%dT%H}: {what}"
            )
            read += outcome.written is not None
            failed += outcome.written is None
        self.stdout.write(f"{read} windows read, {failed} failed.")
        self._read_layers()

    def _read_layers(self) -> None:
        """The costs beside allocations; a layer that a source does not have is no failure."""
        while plan_layers():
            while (outcome := ingest_next_layer()) is not None:
                window = outcome.claim.window
                what = outcome.error_code or outcome.written
                self.stdout.write(f"{window.cluster.slug} {window.layer} {window.day}: {what}")

    def _ask_again(self, options: dict[str, Any]) -> None:
        text = options["window"]
        grain = Grain.HOUR if "T" in text else Grain.DAY
        try:
            minutes = ":00Z" if grain == Grain.HOUR else "T00:00Z"
            start = datetime.fromisoformat(text + minutes)
            cluster = access_cluster(options["cluster"] or "")
        except ValueError as error:
            raise CommandError(f"“{text}” is no day and no hour.") from error
        except ApplicationError as error:
            raise CommandError(error.message) from error
        if not ledger.ask_again(cluster, now=timezone.now(), starts=[start], grain=grain):
            raise CommandError("That window is not on the ledger. `gaps` lists what is.")
