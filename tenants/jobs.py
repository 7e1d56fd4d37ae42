"""Jobs that failed for good: written down, tried again by staff, dismissed, forgotten.

Celery tells of the last failure only; a job that will be tried again by itself is not here. The row is
written on the public schema after the job's own transaction is over, so its rollback takes nothing away.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from celery import current_app
from celery.signals import task_failure
from django.db import connection, transaction
from django.utils import timezone

from costinsights.core.audit import record_event
from costinsights.core.errors import ApplicationError, Conflict
from costinsights.core.tasks import TENANT_HEADER, TenantTask
from costinsights.core.tenancy import public_context, tenant_context
from tenants.models import JobFailure, StaffUser, Tenant

KEPT_FOR: Final = dt.timedelta(days=30)
REMOVED: Final = "[removed]"
POSITIONAL: Final = "*"  # where positional arguments are kept; our own jobs take none
LONGEST_TEXT: Final = 300
REFUSED: Final = 403  # a job for a suspended tenant or a closed feature did what it should
_SECRET_LIKE: Final = re.compile(
    r"pass(word|wd|phrase)?|secret|token|credential|authori[sz]ation|cookie|api_?key|private_?key",
    re.IGNORECASE,
)

log = structlog.get_logger(__name__)


@task_failure.connect(dispatch_uid="tenants.jobs.record")
def record(
    sender: Any = None,
    task_id: str | None = None,
    exception: BaseException | None = None,
    args: Any = None,
    kwargs: Any = None,
    **_: Any,
) -> None:
    """Write a failed job down. Never raises: the worker has to go on."""
    if sender is None or task_id is None or exception is None:
        return
    if getattr(exception, "status", None) == REFUSED:
        return
    try:
        _write(sender, task_id, exception, tuple(args or ()), dict(kwargs or {}))
    except Exception as error:  # noqa: BLE001  # whatever goes wrong here must not hide the job's error
        log.warning("job_failure_not_recorded", task=sender.name, error=type(error).__name__)


def _write(
    task: Any, job_id: str, error: BaseException, args: Sequence[Any], kwargs: dict[str, Any]
) -> None:
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()  # what broke the job may have been the connection
    given: dict[str, Any] = {**kwargs, **({POSITIONAL: list(args)} if args else {})}
    with public_context():
        JobFailure.objects.update_or_create(
            job_id=job_id,
            defaults={
                "tenant": Tenant.objects.filter(pk=_tenant_id(task, kwargs)).first(),
                "task": task.name,
                "kwargs": scrubbed(given),
                "error": type(error).__name__,
                "message": error.message if isinstance(error, ApplicationError) else "",
                "failed_at": timezone.now(),
            },
        )


def _tenant_id(task: Any, kwargs: Mapping[str, Any]) -> int | None:
    """From the message's header; a job of the platform may be about a tenant that it names.

    A job killed at its hard time limit is told of by the worker's parent, which has no header.
    """
    header = (task.request.headers or {}).get(TENANT_HEADER)
    found = getattr(task.request, TENANT_HEADER, header) or kwargs.get("tenant_id")
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def scrubbed(value: Any, name: str = "") -> Any:
    """The value as JSON, without what looks like a secret by its name, and cut to a readable length."""
    if _SECRET_LIKE.search(name) and not isinstance(value, int | type(None)):  # ids may stay
        return REMOVED
    if isinstance(value, Mapping):
        return {str(key): scrubbed(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [scrubbed(item) for item in value]
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else REMOVED
    return value if isinstance(value, int | float | bool | type(None)) else REMOVED


def _holds_removed(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_removed, value.values()))
    if isinstance(value, list):
        return any(map(_holds_removed, value))
    return bool(value == REMOVED)


def retry(failure: JobFailure, *, by: StaffUser, at: dt.datetime) -> None:
    """Send the job again, with the same arguments and for the same tenant; once, however often it is asked.

    Raises Conflict when it was retried or dismissed already, and when it cannot be sent: the release
    has no such job, an argument was not kept, the tenant is gone or may not work.
    """
    with public_context(), transaction.atomic():
        open_rows = JobFailure.objects.filter(
            pk=failure.pk, retried_at__isnull=True, dismissed_at__isnull=True
        )
        # The second of two clicks waits here for the first and then finds no open row.
        if not open_rows.update(retried_at=at, retried_by=by):
            raise Conflict("This job was retried or dismissed already.")
        failure.refresh_from_db()
        # Inside the transaction: if the broker is away, the row stays open.
        _send(failure)
        record_event("job.retried", target=failure.task, details={"failure": failure.pk})


def job_named(name: str) -> Any:
    """The job of this name, whichever app it is in; None when the release has no such job.

    A web process has loaded only the jobs that its pages name, so the others are loaded first.
    """
    current_app.loader.import_default_modules()
    return current_app.tasks.get(name)


def _send(failure: JobFailure) -> None:
    job = job_named(failure.task)
    if job is None:
        raise Conflict(f"This release has no job “{failure.task}”.")
    if _holds_removed(failure.kwargs):
        raise Conflict("An argument was not kept because it looked like a secret.")
    kwargs = dict(failure.kwargs)
    args = kwargs.pop(POSITIONAL, [])
    if not isinstance(job, TenantTask):
        job.apply_async(args, kwargs)
        return
    tenant = failure.tenant
    if tenant is None:
        raise Conflict("It is not known for which tenant this job ran.")
    if not tenant.is_active:
        raise Conflict(f"{tenant} is {tenant.get_status_display().lower()}: its jobs are refused.")
    with tenant_context(tenant):
        job.apply_async(args, kwargs)


def dismiss(failure: JobFailure, *, at: dt.datetime) -> None:
    """Take a failure off the list of open ones. Raises Conflict when it was dealt with already."""
    with public_context(), transaction.atomic():
        rows = JobFailure.objects.filter(
            pk=failure.pk, retried_at__isnull=True, dismissed_at__isnull=True
        )
        if not rows.update(dismissed_at=at):
            raise Conflict("This job was retried or dismissed already.")
        record_event("job.dismissed", target=failure.task, details={"failure": failure.pk})


def forget_old(*, at: dt.datetime) -> int:
    """Delete failures older than KEPT_FOR. Returns how many there were."""
    with public_context():
        deleted, _ = JobFailure.objects.filter(failed_at__lt=at - KEPT_FOR).delete()
    return deleted
