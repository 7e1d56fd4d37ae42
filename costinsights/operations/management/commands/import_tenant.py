"""Make a tenant from a file that export_tenant wrote."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from costinsights.core.errors import ApplicationError
from costinsights.core.tenancy import absolute_url
from costinsights.operations.importing import import_tenant


class Command(BaseCommand):
    help = "Make a tenant from an archive: all of it with equal hashes, or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="an archive of export_tenant")
        parser.add_argument("--slug", help="another slug than the archive's")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            tenant = import_tenant(options["file"], slug=options["slug"])
        except ApplicationError as error:
            raise CommandError(f"{error.message} Nothing was imported.") from error
        self.stdout.write(
            f"{tenant.name} is at {absolute_url(tenant, '/')}, every row as in the archive."
        )
