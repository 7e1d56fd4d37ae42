"""The daily checks of the audit logs."""

from celery import shared_task

from costinsights.core.tasks import TenantTask
from costinsights.workspace.audit import checks


@shared_task(base=TenantTask, name="workspace.check_audit_log")
def check_audit_log() -> bool:
    """Check the tenant's chain. Returns whether it holds."""
    return checks.check_current_tenant().holds


@shared_task(name="workspace.check_platform_audit_log")
def check_platform_audit_log() -> bool:
    """Check the platform's chain. Returns whether it holds."""
    return checks.check_platform().holds
