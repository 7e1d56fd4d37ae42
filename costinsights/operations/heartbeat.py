"""Beat and worker say that they are alive: beat by sending a job, the worker by doing it."""

import structlog
from celery.signals import before_task_publish
from redis.exceptions import RedisError

from costinsights.operations import redis

log = structlog.get_logger(__name__)

TASK = "operations.heartbeat"
TICK_SECONDS = 15.0
# Three missed ticks and some patience: silence is noticed within 90 seconds.
SILENT_AFTER_SECONDS = 60.0
_KEPT_SECONDS = 30 * 24 * 3600


@before_task_publish.connect(sender=TASK)
def _sent(**_: object) -> None:
    """Runs in beat, which is the only one that sends this job."""
    try:
        note("beat")
    except RedisError as error:
        log.warning("heartbeat_not_noted", error=type(error).__name__)


def note(who: str) -> None:
    """Remember that `who` is alive now."""
    redis.server().set(redis.HEARTBEAT_KEY + who, redis.server_time(), ex=_KEPT_SECONDS)


def age(who: str) -> float | None:
    """Seconds since `who` was last heard of; None when it never was."""
    at = redis.server().get(redis.HEARTBEAT_KEY + who)
    return None if at is None else max(0.0, redis.server_time() - float(str(at)))
