"""The job queue. Jobs are wake-ups: what is due and what is done stands in Postgres."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, worker_init, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "costinsights.settings")

app = Celery("costinsights", task_cls="costinsights.core.tasks:PlatformTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A few ticks, no row per tenant: `tenants.for_every_tenant` sends the job named to each of them.
app.conf.beat_schedule = {
    "forget the platform's old rows": {
        "task": "tenants.forget_old_rows",
        "schedule": crontab(hour="3", minute="37"),
    },
    "say that beat and a worker are alive": {"task": "operations.heartbeat", "schedule": 15.0},
    "forget expired sessions": {
        "task": "tenants.for_every_tenant",
        "schedule": crontab(hour="3", minute="17"),
        "kwargs": {"task": "accounts.forget_expired_sessions"},
    },
    # The platform's log first: it is what the others are held to.
    "check the platform's audit log": {
        "task": "workspace.check_platform_audit_log",
        "schedule": crontab(hour="1", minute="37"),
    },
    "check audit logs": {
        "task": "tenants.for_every_tenant",
        "schedule": crontab(hour="1", minute="47"),
        "kwargs": {"task": "workspace.check_audit_log"},
    },
    "announce ending tokens": {
        "task": "tenants.for_every_tenant",
        "schedule": crontab(hour="6", minute="7"),
        "kwargs": {"task": "accounts.announce_ending_tokens"},
    },
    "forget old sign-ups": {
        "task": "workspace.forget_old_sign_ups",
        "schedule": crontab(hour="4", minute="3"),
    },
    "measure usage": {
        "task": "tenants.for_every_tenant",
        "schedule": crontab(minute="23"),
        "kwargs": {"task": "workspace.measure_usage"},
    },
    "tell owners that a trial ends": {
        "task": "tenants.for_every_tenant",
        "schedule": crontab(minute="52"),
        "kwargs": {"task": "workspace.tell_trial_ends"},
    },
    "read what is due": {
        "task": "tenants.for_every_tenant",
        "schedule": crontab(minute="*/5"),
        "kwargs": {"task": "costs.keep_history"},
    },
    # A lease ends 45 s after its worker did: so nobody waits for the tick above.
    "take over from killed workers": {"task": "costs.take_over_history", "schedule": 10.0},
    "read cost layers": {
        "task": "tenants.for_every_tenant",
        "schedule": crontab(minute="*/15"),
        "kwargs": {"task": "costs.keep_layers"},
    },
    # After days close, which they do half an hour after midnight, and whenever older ones were read again.
    "see how budgets stand": {
        "task": "tenants.for_every_tenant",
        "schedule": crontab(minute="8-59/15"),
        "kwargs": {"task": "costs.evaluate_budgets"},
    },
    "look for late data and overdue statements": {
        "task": "tenants.for_every_tenant",
        "schedule": crontab(hour="2", minute="47"),
        "kwargs": {"task": "reporting.look_after_statements"},
    },
    "look after reports": {
        "task": "tenants.for_every_tenant",
        "schedule": crontab(minute="2-59/5"),
        "kwargs": {"task": "reporting.look_after_reports"},
    },
    "forget old history": {
        "task": "tenants.for_every_tenant",
        "schedule": crontab(hour="4", minute="27"),
        "kwargs": {"task": "costs.forget_old_history"},
    },
    "forget old answers": {
        "task": "tenants.for_every_tenant",
        "schedule": crontab(minute="41"),
        "kwargs": {"task": "accounts.forget_old_answers"},
    },
}


@worker_init.connect
@beat_init.connect
def refuse_unsafe_start(**_: object) -> None:
    """A worker or a beat behind a broken wall does not start."""
    from tenants.checks import refuse_unsafe_start as refuse  # needs the apps to be loaded

    refuse()


@worker_process_init.connect
def limit_memory(**_: object) -> None:
    """An answer made to fill the memory ends in an error, not in a process that the kernel kills."""
    from django.conf import settings

    from costinsights.core.garbage import limit_memory as limit

    limit(settings.WORKER_MEMORY_MB)


@worker_process_init.connect
@beat_init.connect
def start_telemetry(**_: object) -> None:
    """In each process that works, after it was forked: what sends reports does so in a thread."""
    from costinsights.operations import telemetry  # needs the apps to be loaded

    telemetry.start()
