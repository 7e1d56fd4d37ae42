"""The job queue. Jobs are wake-ups: what is due and what is done stands in Postgres."""

import os

from celery import Celery
from celery.signals import beat_init, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "costinsights.settings")

app = Celery("costinsights")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def refuse_unsafe_start(**_: object) -> None:
    """A worker or a beat behind a broken wall does not start."""
    from tenants.checks import refuse_unsafe_start as refuse  # needs the apps to be loaded

    refuse()
