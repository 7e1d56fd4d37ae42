"""Add the whole store up again and compare it with the ledger and the roll-ups."""

from typing import Any

from django.core.management.base import CommandError

from costinsights.core.commands import TenantCommand
from costinsights.costs.history.verify import verify_history


class Command(TenantCommand):
    help = "Re-add every stored window and compare facts, ledger and roll-ups, to the micro-unit."

    def handle_tenant(self, **options: Any) -> None:
        verdict = verify_history()
        for mismatch in verdict.mismatches:
            self.stderr.write(f"{mismatch.where}: {mismatch.what}")
        if verdict.mismatches:
            raise CommandError(f"{len(verdict.mismatches)} windows or months do not agree.")
        self.stdout.write(f"{verdict.windows} windows with {verdict.facts} facts agree.")
