"""Trying again: only where it helps, never past the budget."""

from collections.abc import Callable

import pytest

from costinsights.core.http import ConnectionFailed, TlsFailed, with_retries


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def run(attempt: Callable[[float], str], clock: Clock, *, budget: float = 60) -> str:
    return with_retries(
        attempt, budget_seconds=budget, sleep=clock.sleep, clock=clock, jitter=lambda: 0.5
    )


def test_a_passing_failure_is_tried_again_after_growing_pauses() -> None:
    clock, left = Clock(), []

    def attempt(seconds: float) -> str:
        left.append(seconds)
        if len(left) < 3:
            raise ConnectionFailed("down")
        return "up"

    assert run(attempt, clock) == "up"
    assert clock.pauses == [0.375, 0.75]
    assert left == [60, 60 - 0.375, 60 - 1.125]


@pytest.mark.parametrize(("error", "tries"), [(ConnectionFailed("x"), 3), (TlsFailed("x"), 1)])
def test_only_what_a_retry_can_help_is_retried_and_at_most_three_times(
    error: Exception, tries: int
) -> None:
    calls: list[float] = []

    def attempt(seconds: float) -> str:
        calls.append(seconds)
        raise error

    with pytest.raises(type(error)) as caught:
        run(attempt, Clock())
    assert caught.value is error
    assert len(calls) == tries


def test_no_pause_is_begun_that_the_budget_does_not_cover() -> None:
    clock = Clock()

    def attempt(seconds: float) -> str:
        clock.now += 0.8
        raise ConnectionFailed("slow")

    with pytest.raises(ConnectionFailed):
        run(attempt, clock, budget=1)
    assert clock.pauses == []
