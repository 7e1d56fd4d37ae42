"""What the commands over a tenant's life share: finding the row, and refusing in a sentence."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from costinsights.core.actor import acting_as
from costinsights.core.commands import command_actor
from costinsights.core.errors import ApplicationError
from costinsights.core.tenancy import find_tenant
from tenants.models import Tenant


class TenantLifeCommand(BaseCommand):
    """A command about a tenant, not inside it. `change` says what happens and returns what to print."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, metavar="SLUG", help="the workspace's slug")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with acting_as(command_actor(self)):
                tenant: Any = find_tenant(options.pop("tenant"))
                self.stdout.write(self.change(tenant, **options))
        except ApplicationError as error:
            raise CommandError(error.message) from error

    def change(self, tenant: Tenant, **options: Any) -> str:
        raise TypeError(f"{type(self).__module__} defines no change")
