"""Stop a tenant's pages, API and jobs."""

from typing import Any

from tenants.management.tenant_command import TenantLifeCommand
from tenants.models import Tenant
from tenants.services import suspend_tenant


class Command(TenantLifeCommand):
    help = "Suspend a tenant: pages, API and jobs stop at once, its data stay."

    def change(self, tenant: Tenant, **options: Any) -> str:
        suspend_tenant(tenant)
        return f"{tenant.name} is suspended. `resume_tenant` lets it work again."
