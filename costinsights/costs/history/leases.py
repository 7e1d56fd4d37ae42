"""Keeping a lease while somebody else takes their time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from costinsights.core.tenancy import TenantLike, current_tenant, tenant_context


@contextmanager
def lease_kept(renew: Callable[[], bool], *, every_seconds: float) -> Iterator[None]:
    """Call `renew` in the background until the block ends or it says that the lease is lost."""
    done = threading.Event()
    keeper = threading.Thread(
        target=_keep,
        args=(current_tenant(), renew, every_seconds, done),
        name="lease",
        daemon=True,
    )
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _keep(
    tenant: TenantLike, renew: Callable[[], bool], every_seconds: float, done: threading.Event
) -> None:
    try:
        while not done.wait(every_seconds):
            with tenant_context(tenant):
                if not renew():
                    return
    finally:
        connection.close()  # of this thread
