"""Prove that everything closed is still what it was: hashes of lines, statements, sign-offs, and the chain of closes."""

from typing import Any

from django.core.management.base import CommandError

from costinsights.core.commands import TenantCommand
from reporting.models import PeriodClose, Statement
from reporting.statements.verifying import verify_closes, verify_review


class Command(TenantCommand):
    help = (
        "Compute the hashes of every closed statement again. Exit code 1 if anything was changed."
    )

    def handle_tenant(self, **options: Any) -> None:
        problems = 0
        for problem in verify_closes():
            problems += 1
            self.stdout.write(f"{problem.subject}: {problem.text}")
        closed = Statement.objects.filter(revision__gt=0)
        for statement in closed.order_by("pk").iterator():
            for problem in verify_review(statement):
                problems += 1
                self.stdout.write(f"{problem.subject}: {problem.text}")
        if problems:
            raise CommandError(f"{problems} problems. What was closed was changed.")
        self.stdout.write(
            f"{PeriodClose.objects.count()} closes and {closed.count()} statements hold."
        )
