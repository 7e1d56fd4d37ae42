"""What happens around every tenant's job: registered by apps that the core does not know."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any


class JobSkipped(Exception):  # no error: the job has nothing to do for this tenant now
    """Raised on entering, it keeps the job from running. It is logged, and counts as done."""

    def __init__(self, reason: str, **details: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = details


AroundJob = Callable[[Any], AbstractContextManager[None]]
_around: list[AroundJob] = []


def register_around_jobs(around: AroundJob) -> None:
    """Have `around(task)` entered inside the tenant before each job, and left after it."""
    if around not in _around:
        _around.append(around)


def around_job(task: Any) -> list[AbstractContextManager[None]]:
    """What to enter for this job, in the order of registration."""
    return [around(task) for around in _around]
