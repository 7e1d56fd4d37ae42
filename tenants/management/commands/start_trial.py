"""Open a greater plan to a tenant for a while."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from tenants.management.tenant_command import TenantLifeCommand
from tenants.models import Plan, Tenant
from tenants.trials import SELF_SERVICE_TRIAL, start_trial


class Command(TenantLifeCommand):
    help = "Start a trial of a greater plan. It ends by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--plan", required=True, choices=Plan.values)
        parser.add_argument("--days", type=int, default=SELF_SERVICE_TRIAL.days)
        parser.add_argument("--reason", required=True, help="for the audit log")

    def change(self, tenant: Tenant, **options: Any) -> str:
        start_trial(
            tenant=tenant,
            plan=options["plan"],
            days=options["days"],
            at=timezone.now(),
            reason=options["reason"],
        )
        return (
            f"{tenant.name} has the {Plan(tenant.trial_plan).label} plan on trial until "
            f"{tenant.trial_ends_at:%-d %B %Y, %H:%M} UTC."
        )
