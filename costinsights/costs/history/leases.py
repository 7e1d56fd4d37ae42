"""Keeping a lease while somebody else takes their time, and letting go of it when something of ours breaks."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection
from psycopg.errors import QueryCanceled

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


@contextmanager
def out_of_the_way(put_aside: Callable[[], None]) -> Iterator[None]:
    """Call `put_aside` where an error of ours ends the block: until it is repaired, what is held must not stand in the
    way of everything else. The database's own trouble passes, and the lease ends by itself; but what takes the
    database too long will do so again.
    """
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if isinstance(error.__cause__, QueryCanceled):
            put_aside()
        raise
    except Exception:
        put_aside()
        raise


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
