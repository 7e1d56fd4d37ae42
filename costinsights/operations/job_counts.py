"""How jobs went, counted in Redis: workers have no port to scrape, so the web process tells for them."""

from collections.abc import Iterator
from typing import Any

from costinsights.operations import redis

_KEY = "g:operations:jobs"


def add(task: str, outcome: str, seconds: float) -> None:
    """Count one job that ended."""
    with redis.server().pipeline(transaction=False) as pipe:
        pipe.hincrby(_KEY, f"{task}|{outcome}|count", 1)
        pipe.hincrbyfloat(_KEY, f"{task}|{outcome}|seconds", seconds)
        pipe.execute()


def totals() -> Iterator[tuple[str, str, float, float]]:
    """Task, outcome, how many, seconds in all."""
    stored: Any = redis.server().hgetall(_KEY)
    for name in sorted(stored):
        task, outcome, what = name.split("|")
        if what == "count":
            seconds = float(stored.get(f"{task}|{outcome}|seconds", 0))
            yield task, outcome, float(stored[name]), seconds
