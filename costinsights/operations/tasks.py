"""Jobs of the installation itself; they work for no tenant."""

from celery import shared_task

from costinsights.operations import heartbeat


@shared_task(name=heartbeat.TASK, expires=heartbeat.TICK_SECONDS * 4)
def beat_heart() -> None:
    """A worker did a job that beat had sent."""
    heartbeat.note("worker")
