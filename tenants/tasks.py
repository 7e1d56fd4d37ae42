"""Jobs of the platform itself. Each says in tests/isolation why it works for no single tenant."""

import structlog
from celery import current_app, shared_task

from costinsights.core.tasks import TenantTask
from costinsights.core.tenancy import public_context, tenant_context
from tenants.models import Tenant, TenantStatus

log = structlog.get_logger(__name__)


@shared_task(name="tenants.for_every_tenant")
def for_every_tenant(*, task: str) -> int:
    """Send the job named `task` once for each active tenant. Returns how many were sent.

    Beat knows a few of these ticks and no tenant; the job itself enters its tenant and checks again.
    Raises KeyError for an unknown job and TypeError for one that would run outside of a tenant.
    """
    job = current_app.tasks[task]
    if not isinstance(job, TenantTask):
        raise TypeError(f"{task} is no TenantTask")
    with public_context():
        tenants = list(Tenant.objects.filter(status=TenantStatus.ACTIVE))
    for tenant in tenants:
        with tenant_context(tenant):
            job.delay()
    log.info("sent_for_every_tenant", task=task, tenants=len(tenants))
    return len(tenants)
