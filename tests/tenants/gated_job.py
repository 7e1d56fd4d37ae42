"""A job behind a switch, for a real worker to run or to skip."""

from celery import shared_task
from django.core.cache import cache

from costinsights.core.tasks import TenantTask
from tenants.features import Feature


@shared_task(base=TenantTask, name="tests.leave_a_mark", feature=Feature.CURRENT_COSTS)
def leave_a_mark(*, mark: str) -> None:
    cache.set(f"mark:{mark}", "left", timeout=60)
