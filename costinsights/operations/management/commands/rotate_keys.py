"""Seal every stored secret under the newest key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from costinsights.core import crypto
from costinsights.operations.rotation import rotate, values_per_key


class Command(BaseCommand):
    help = (
        "Seal every stored secret anew under the first of FIELD_ENCRYPTION_KEYS. Safe while everything runs, "
        "safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only say how many values each key still has"
        )
        parser.add_argument("--batch", type=int, default=200, help="rows read at once")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            outcome = rotate(batch=options["batch"], said=self._say)
            self.stdout.write(f"{outcome.resealed} values sealed anew.")
            if outcome.unreadable:
                raise CommandError(
                    "\n".join(["Values that no configured key opens:", *outcome.unreadable])
                )
        self._count()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _count(self) -> None:
        counted = values_per_key()
        newest, *older = crypto.configured_key_ids()
        self.stdout.write(f"{newest}: {counted.pop(newest, 0)} values, the key that writes")
        for key in older:
            left = counted.pop(key, 0)
            advice = "still needed" if left else "can be removed"
            self.stdout.write(f"{key}: {left} values, {advice}")
        if counted:
            lost = ", ".join(f"{key}: {number}" for key, number in sorted(counted.items()))
            raise CommandError(f"Values under keys that are not configured: {lost}.")
