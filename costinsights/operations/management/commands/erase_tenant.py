"""Forget a tenant, and prove it."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from costinsights.core.errors import ApplicationError
from costinsights.core.tenancy import find_tenant
from costinsights.operations.erasing import erase_tenant


class Command(BaseCommand):
    help = (
        "Delete a tenant with everything stored and cached of it, look for what is left and print the record. "
        "Final."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the workspace's slug")
        parser.add_argument(
            "--confirm",
            required=True,
            metavar="SLUG",
            help="the slug once more: there is no way back",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["confirm"] != options["slug"]:
            raise CommandError(f"--confirm must repeat “{options['slug']}”. Nothing was deleted.")
        try:
            tenant: Any = find_tenant(options["slug"])
            record = erase_tenant(tenant, at=timezone.now())
        except ApplicationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(json.dumps(record.as_dict(), cls=DjangoJSONEncoder, indent=2))
        if not record.is_complete:
            raise CommandError("Something is left; run this again, or see the record above.")
