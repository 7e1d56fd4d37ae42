"""The base of every job that works for a tenant.

The tenant travels as an id in a message header, and the call itself looks the row up and enters the
tenant. A job whose tenant is missing, gone or suspended raises before its body runs: libraries that
switch in a signal receiver fail open, because Celery swallows what receivers raise.

In the audit log a job acts under its own name, on behalf of whoever sent it.

A job may say `feature = Feature.X`: for a tenant whose plan does not have it open, it is skipped.
"""

from contextlib import ExitStack
from typing import Any

import structlog
from celery import Task
from django.core.cache import caches
from django.db import close_old_connections, transaction

from costinsights.core.actor import Actor, ActorKind, acting_as, current_actor
from costinsights.core.jobs import JobSkipped, around_job
from costinsights.core.tenancy import (
    TenantMissing,
    active_tenant,
    current_tenant,
    tenant_context,
)

TENANT_HEADER = "costinsights_tenant_id"
SENDER_HEADER = "costinsights_on_behalf_of"
_ON_BEHALF_OF = " on behalf of "
_WAITS_SECONDS = 240
log = structlog.get_logger(__name__)


class PlatformTask(Task):  # type: ignore[type-arg]  # as below
    """A job of the platform: the base of every job that names no other."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with acting_as(_actor_of(self)):
            return super().__call__(*args, **kwargs)


class TenantTask(Task):  # type: ignore[type-arg]  # celery-types: generic only in its stubs
    """A job that runs inside one tenant, on its first run and on every retry."""

    abstract = True

    def apply_async(  # type: ignore[override]  # the options are Celery's, passed through
        self, args: Any = None, kwargs: Any = None, **options: Any
    ) -> Any:
        """Send the job for the tenant the caller speaks for. Raises NoTenant outside of one."""
        headers = dict(options.pop("headers", None) or {})
        headers[TENANT_HEADER] = current_tenant().pk
        if sender := _sender():
            headers[SENDER_HEADER] = sender
        return super().apply_async(args, kwargs, headers=headers, **options)

    def enqueue_on_commit(self, **kwargs: Any) -> None:
        """Send the job once the surrounding transaction has committed, for the tenant of now."""
        tenant, sender = current_tenant(), current_actor()

        def send() -> None:
            with acting_as(sender), tenant_context(tenant):
                self.delay(**kwargs)

        transaction.on_commit(send)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        tenant_id = _tenant_id_of(self.request)
        try:
            with (
                acting_as(_actor_of(self)),
                tenant_context(active_tenant(tenant_id)),
                ExitStack() as stack,
            ):
                try:
                    for around in around_job(self):
                        stack.enter_context(around)
                except JobSkipped as skipped:
                    log.info(
                        "job_skipped",
                        task=self.name,
                        job=self.request.id,
                        reason=skipped.reason,
                        **skipped.details,
                    )
                    return None
                return super().__call__(*args, **kwargs)
        finally:
            if not self.request.called_directly and not self.request.is_eager:
                close_old_connections()


class WakeUpTask(TenantTask):
    """A job that finds out by itself what is due: while one of a tenant waits in the queue, no second is sent.

    A message that was lost keeps the next one away for less than the five minutes between two ticks.
    """

    abstract = True

    def apply_async(  # type: ignore[override]  # as in TenantTask
        self, args: Any = None, kwargs: Any = None, **options: Any
    ) -> Any:
        """Send the job unless one waits. None when it does."""
        if not caches["shared"].add(self._waits(current_tenant().pk), 1, timeout=_WAITS_SECONDS):
            return None
        return super().apply_async(args, kwargs, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self.request.called_directly:
            caches["shared"].delete(self._waits(_tenant_id_of(self.request)))
        return super().__call__(*args, **kwargs)

    def _waits(self, tenant_id: int) -> str:
        return f"waits:{self.name}:{tenant_id}"


def _sender() -> str:
    """Who sends a job, as people read it; nobody when the clock does. A job passes on who sent it."""
    actor = current_actor()
    if actor.kind == ActorKind.SYSTEM:
        return actor.label.partition(_ON_BEHALF_OF)[2]
    return actor.label


def _actor_of(task: "PlatformTask | TenantTask") -> Actor:
    """The job; a direct call in code keeps the caller's name."""
    request: Any = task.request
    if request.called_directly:
        return current_actor()
    sender = getattr(request, SENDER_HEADER, None) or (request.headers or {}).get(SENDER_HEADER)
    label = f"job {task.name}" + (f"{_ON_BEHALF_OF}{sender}" if sender else "")
    return Actor(ActorKind.SYSTEM, identifier=task.name[:64], label=label)


def _tenant_id_of(request: Any) -> int:
    """The tenant's id from the message; a direct call in code keeps the caller's tenant."""
    if request.called_directly:
        return current_tenant().pk
    header = getattr(request, TENANT_HEADER, None)
    if header is None:
        header = (request.headers or {}).get(TENANT_HEADER)
    if isinstance(header, bool) or not isinstance(header, int):
        raise TenantMissing("The job names no workspace, so it is refused.", tenant=header)
    return header
