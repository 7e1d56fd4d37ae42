"""Add the whole store up again and compare it with the ledger and the roll-ups."""

from typing import Any

from django.core.management.base import CommandError

from costinsights.core.commands import TenantCommand
from costinsights.costs.history.verify import verify_history
from costinsights.costs.layers.verify import verify_layers


class Command(TenantCommand):
    help = "Re-add every stored window and compare facts, ledger and roll-ups, to the micro-unit."

    def handle_tenant(self, **options: Any) -> None:
        verdict, layers = verify_history(), verify_layers()
        mismatches = [*verdict.mismatches, *layers.mismatches]
        for mismatch in mismatches:
            self.stderr.write(f"{mismatch.where}: {mismatch.what}")
        if mismatches:
            raise CommandError(f"{len(mismatches)} windows or months do not agree.")
        self.stdout.write(f"{verdict.windows} windows with {verdict.facts} facts agree.")
        if layers.windows:
            self.stdout.write(
                f"{layers.windows} days of cost layers with {layers.facts} facts agree."
            )
