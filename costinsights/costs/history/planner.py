"""Whether windows are planned, and whether somebody reads the slow lane: signs of life, for /readyz."""

from typing import Final

from django.core.cache import caches
from django.utils import timezone

from costinsights.core.readiness import Finding, State

KEY: Final = "history:planned-at"
SLOW_KEY: Final = "history:slow-waits-since"
# Planning is due every five minutes; three missed ones are no accident.
LATE_AFTER_SECONDS: Final = 900
_REMEMBERED_SECONDS: Final = 7 * 24 * 3600


def note_planned() -> None:
    """Some workspace's windows have just been planned."""
    caches["shared"].set(KEY, timezone.now().timestamp(), timeout=_REMEMBERED_SECONDS)


def planner_lag() -> Finding:
    """How long ago windows were planned. Says nothing of a fresh installation that has not begun."""
    planned_at = caches["shared"].get(KEY)
    if planned_at is None:
        return Finding(State.OK, "nothing was planned yet")
    age = int(timezone.now().timestamp() - planned_at)
    if age > LATE_AFTER_SECONDS:
        return Finding(
            State.DEGRADED, f"windows were planned {age // 60} minutes ago, every 5 are due"
        )
    return Finding(State.OK, f"windows were planned {age} s ago")


def note_slow_lane_woken() -> None:
    """A window waits for the slow lane; the first that does begins the wait."""
    caches["shared"].add(SLOW_KEY, timezone.now().timestamp(), timeout=_REMEMBERED_SECONDS)


def note_slow_lane_served() -> None:
    """A worker takes messages of the slow lane."""
    caches["shared"].delete(SLOW_KEY)


def slow_lane_lag() -> Finding:
    """How long windows of slow clusters have waited for a worker."""
    since = caches["shared"].get(SLOW_KEY)
    age = 0 if since is None else int(timezone.now().timestamp() - since)
    if age > LATE_AFTER_SECONDS:
        return Finding(
            State.DEGRADED,
            f"slow clusters have waited {age // 60} minutes: no worker takes the queue `slow`",
        )
    return Finding(State.OK, "slow clusters are read")
