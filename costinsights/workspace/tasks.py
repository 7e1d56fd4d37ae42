"""Jobs of this app, found here by Celery."""

from costinsights.workspace.audit.tasks import check_audit_log, check_platform_audit_log
from costinsights.workspace.plan.tasks import measure_usage, tell_trial_ends
from costinsights.workspace.support.tasks import tell_owners_of_support

__all__ = [
    "check_audit_log",
    "check_platform_audit_log",
    "measure_usage",
    "tell_owners_of_support",
    "tell_trial_ends",
]
