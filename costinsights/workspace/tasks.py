"""Jobs of this app, found here by Celery."""

from costinsights.workspace.audit.tasks import check_audit_log, check_platform_audit_log
from costinsights.workspace.plan.tasks import measure_usage, tell_trial_ends
from costinsights.workspace.sign_up.tasks import forget_old_sign_ups, send_sign_up_link
from costinsights.workspace.support.tasks import tell_owners_of_support

__all__ = [
    "check_audit_log",
    "check_platform_audit_log",
    "forget_old_sign_ups",
    "measure_usage",
    "send_sign_up_link",
    "tell_owners_of_support",
    "tell_trial_ends",
]
