"""Fill a new database from a backup."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from costinsights.core.errors import ApplicationError
from costinsights.operations.backup import restore


class Command(BaseCommand):
    help = "Fill the empty database that bootstrap_database made from a backup, roles included."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, help="the folder of one backup")
        parser.add_argument(
            "--binaries", type=Path, help="the directory of pg_restore, if not on the path"
        )
        parser.add_argument("--jobs", type=int, default=2, help="tables restored at once")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = restore(
                options["directory"], binaries=options["binaries"], jobs=options["jobs"]
            )
        except ApplicationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"{len(manifest['roles'])} tenants are back as of {manifest['taken_at']}. "
            "Run migrate_schemas and doctor next."
        )
