"""Create a tenant from the command line."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from costinsights.core.errors import ApplicationError
from costinsights.core.tenancy import absolute_url
from tenants.models import Plan
from tenants.services import create_tenant


class Command(BaseCommand):
    help = "Create a tenant: its schema, its database role and its primary domain."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help="what people call it: “Acme Ltd”")
        parser.add_argument("--slug", required=True, help="its part of the address: acme")
        parser.add_argument("--plan", choices=Plan.values, default=Plan.COMMUNITY.value)
        parser.add_argument("--domain", help="host name, if not <slug>.<base domain>")
        parser.add_argument("--currency", default="USD", help="reporting currency, ISO 4217")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            tenant = create_tenant(
                name=options["name"],
                slug=options["slug"],
                plan=options["plan"],
                domain=options["domain"],
                reporting_currency=options["currency"],
            )
        except ApplicationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{tenant.name} is ready at {absolute_url(tenant, '/')}")
