"""Back the whole installation up."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from costinsights.core.errors import ApplicationError
from costinsights.operations.backup import back_up


class Command(BaseCommand):
    help = "Dump the whole database with pg_dump into a new folder, with the names of its roles."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, help="where the folder of this backup is made")
        parser.add_argument(
            "--binaries", type=Path, help="the directory of pg_dump, if not on the path"
        )
        parser.add_argument("--jobs", type=int, default=2, help="tables dumped at once")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            folder = back_up(
                options["directory"],
                at=timezone.now(),
                binaries=options["binaries"],
                jobs=options["jobs"],
            )
        except ApplicationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Complete: {folder}")
