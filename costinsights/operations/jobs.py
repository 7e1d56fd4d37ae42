"""What happens around every job: its log context, its counts. Connected once, when the app is ready."""

import time
from typing import Any

import structlog
from celery import signals
from redis.exceptions import RedisError

from costinsights.operations import job_counts

log = structlog.get_logger("costinsights.jobs")

REQUEST_ID_HEADER = "costinsights_request_id"
_started: dict[str, float] = {}
_outcome: dict[str, str] = {}


def listen() -> None:
    """Connect the receivers below. Safe to repeat."""
    signals.before_task_publish.connect(hand_on_request_id, dispatch_uid="hand on request id")
    signals.task_prerun.connect(began, dispatch_uid="job began")
    signals.task_success.connect(succeeded, dispatch_uid="job succeeded")
    signals.task_retry.connect(will_retry, dispatch_uid="job will retry")
    signals.task_failure.connect(failed, dispatch_uid="job failed")
    signals.task_postrun.connect(ended, dispatch_uid="job ended")


def hand_on_request_id(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """A job's lines carry the id of the request, or of the job, that sent it."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    if headers is not None and request_id:
        headers[REQUEST_ID_HEADER] = request_id


def began(task_id: str, task: Any, **_: Any) -> None:
    _started[task_id] = time.monotonic()
    if task.request.is_eager or task.request.called_directly:
        return  # inside somebody else's context
    given = getattr(task.request, REQUEST_ID_HEADER, None)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        request_id=given if isinstance(given, str) else task_id, job=task.name, job_id=task_id
    )


def succeeded(sender: Any, **_: Any) -> None:
    _outcome[sender.request.id] = "success"


def will_retry(request: Any, **_: Any) -> None:
    _outcome[request.id] = "retry"


def failed(task_id: str, **_: Any) -> None:
    _outcome[task_id] = "failure"


def ended(sender: Any, task_id: str, **_: Any) -> None:
    seconds = time.monotonic() - _started.pop(task_id, time.monotonic())
    outcome = _outcome.pop(task_id, "other")
    log.info("job", outcome=outcome, ms=round(seconds * 1000, 1))
    try:
        job_counts.add(sender.name, outcome, seconds)
    except RedisError as error:
        log.warning("job_not_counted", error=type(error).__name__)
    if not (sender.request.is_eager or sender.request.called_directly):
        structlog.contextvars.clear_contextvars()
