"""Let a suspended tenant work again."""

from typing import Any

from tenants.management.tenant_command import TenantLifeCommand
from tenants.models import Tenant
from tenants.services import resume_tenant


class Command(TenantLifeCommand):
    help = "Let a suspended tenant work again."

    def change(self, tenant: Tenant, **options: Any) -> str:
        resume_tenant(tenant)
        return f"{tenant.name} is active."
