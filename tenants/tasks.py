"""Jobs of the platform itself. Each says in tests/isolation why it works for no single tenant."""

import structlog
from celery import current_app, shared_task
from django.utils import timezone

from costinsights.core.tasks import TenantTask
from costinsights.core.tenancy import public_context, tenant_context
from tenants import jobs, services
from tenants.models import StaffSession, Tenant, TenantStatus

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


@shared_task(name="tenants.delete_tenant")
def delete_tenant(*, tenant_id: int) -> bool:
    """Remove a tenant that is marked for deletion. Returns whether there was one; safe to repeat."""
    with public_context():
        tenant = Tenant.objects.filter(pk=tenant_id, status=TenantStatus.DELETING).first()
    if tenant is None:
        return False
    services.delete_tenant(tenant)
    log.info("tenant_deleted", tenant=tenant_id)
    return True


@shared_task(name="tenants.forget_old_rows")
def forget_old_rows() -> int:
    """Delete old job failures and staff sessions whose time is over. Returns how many rows went."""
    now = timezone.now()
    with public_context():
        sessions, _ = StaffSession.objects.filter(expire_date__lt=now).delete()
    return sessions + jobs.forget_old(at=now)
