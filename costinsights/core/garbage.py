"""Memory: doing without the cycle collector for a moment, and a limit that raises instead of killing."""

import gc
import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for cycles inside. For making very many objects that hold none: each search looks at all of them.

    What threads do beside it is collected a little later, too.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def limit_memory(megabytes: int) -> None:
    """From now on this process raises MemoryError where it would hold more. A lower limit stays."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = megabytes * 1024 * 1024
    if most == resource.RLIM_INFINITY or wanted < most:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))
