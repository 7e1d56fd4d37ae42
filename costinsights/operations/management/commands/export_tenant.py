"""Write one tenant to a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from costinsights.core.errors import ApplicationError
from costinsights.core.tenancy import find_tenant
from costinsights.operations.archive import export_tenant


class Command(BaseCommand):
    help = (
        "Write everything of one tenant to one file, as it is at one moment. Secrets stay sealed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the workspace's slug")
        parser.add_argument("file", type=Path, help="the archive to write; must not exist")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            tenant: Any = find_tenant(options["slug"])
            manifest = export_tenant(tenant, options["file"], at=timezone.now())
        except ApplicationError as error:
            raise CommandError(error.message) from error
        rows = sum(table["rows"] for table in manifest["tables"].values())
        self.stdout.write(
            f"{tenant.name}: {rows} rows of {len(manifest['tables'])} tables in {options['file']}."
        )
