"""Remove a tenant with everything it stored."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from tenants.management.tenant_command import TenantLifeCommand
from tenants.models import Tenant
from tenants.services import delete_tenant


class Command(TenantLifeCommand):
    """Ours stands before django-tenants' command of the same name, which would leave the role behind."""

    help = "Delete a tenant: its schema with all rows, its database role and its domains. Final."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--confirm",
            required=True,
            metavar="SLUG",
            help="the slug once more: there is no way back",
        )

    def change(self, tenant: Tenant, **options: Any) -> str:
        if options["confirm"] != tenant.slug:
            raise CommandError(f"--confirm must repeat “{tenant.slug}”. Nothing was deleted.")
        delete_tenant(tenant)
        return f"{tenant.name} is deleted."
