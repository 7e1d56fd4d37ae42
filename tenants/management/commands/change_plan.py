"""Give a tenant another plan."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from tenants.management.tenant_command import TenantLifeCommand
from tenants.models import GRACE, Plan, Tenant
from tenants.trials import change_plan


class Command(TenantLifeCommand):
    help = "Change a tenant's plan. A downgrade deletes nothing: what it closes stays readable for 30 days."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--plan", required=True, choices=Plan.values)
        parser.add_argument("--reason", required=True, help="for the audit log")

    def change(self, tenant: Tenant, **options: Any) -> str:
        now = timezone.now()
        before = Plan(tenant.plan)
        change_plan(tenant=tenant, plan=options["plan"], at=now, reason=options["reason"])
        said = f"{tenant.name} has the {Plan(tenant.plan).label} plan now."
        if Plan(tenant.plan).rank < before.rank:
            until = now + GRACE
            said += f" What only {before.label} has is read-only until {until:%-d %B %Y}."
        return said
