"""Trying again, only where that can help, and never past the time the caller has."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")
FIRST_PAUSE_SECONDS = 0.5


def _says_useful(error: Exception) -> bool:
    return bool(getattr(error, "retry_is_useful", False))


def with_retries(
    attempt: Callable[[float], Answer],
    *,
    budget_seconds: float,
    attempts: int = 3,
    is_useful: Callable[[Exception], bool] = _says_useful,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    jitter: Callable[[], float] = random.random,
) -> Answer:
    """Call `attempt(seconds left)` up to `attempts` times; the last error is raised as it is.

    Pauses double from half a second, each shortened at random by up to half so that many clients
    do not knock together. No pause is begun that would not leave time for another attempt.
    """
    ends_at = clock() + budget_seconds
    pause = FIRST_PAUSE_SECONDS
    for number in range(1, attempts + 1):
        try:
            return attempt(ends_at - clock())
        except Exception as error:
            wait = pause * (1 - jitter() / 2)
            if number == attempts or not is_useful(error) or clock() + wait >= ends_at:
                raise
        sleep(wait)
        pause *= 2
    raise ValueError("attempts must be at least 1")
