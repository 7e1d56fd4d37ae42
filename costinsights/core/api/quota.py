"""How many API calls a workspace may make on one UTC day, counted in Redis."""

import datetime as dt
import math
from typing import Any

from django.core.cache import cache
from django.utils import timezone
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from costinsights.core.api.throttling import Rate, Standing, note
from costinsights.core.limits import limit_of
from costinsights.core.tenancy import on_public_schema

KIND = "api_calls_per_day"
# The last day is still there when the hour's measurement comes after midnight.
KEPT_FOR = dt.timedelta(days=2)


class DailyQuotaReached(Throttled):
    """Every call of the day is made; the next day begins at midnight UTC."""

    default_code = "daily_quota_reached"

    def __init__(self, *, limit: int, used: int, wait: float) -> None:
        super().__init__(
            wait=wait,
            detail=f"The plan includes {limit:,} API calls a day, and today's are made. "
            "The next day begins at midnight UTC.",
        )
        self.extra = {"kind": KIND, "limit": limit, "used": used}


class DailyQuota(BaseThrottle):
    """Counts every call that is let in to the workspace's API and refuses those above the plan's number.

    A refused call counts too, so that the number says what was wanted.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        if on_public_schema():
            return True
        now = timezone.now()
        used = count_call(now)
        limit = limit_of(KIND)
        if limit is None:
            return True
        wait, allowed = _seconds_to_midnight(now), used <= limit
        rate = Rate("day", limit, 86_400)
        note(request._request, Standing(rate, allowed, max(0, limit - used), math.ceil(wait)))
        if not allowed:
            raise DailyQuotaReached(limit=limit, used=used, wait=wait)
        return True


def count_call(at: dt.datetime) -> int:
    """Add one to the calls of the day of `at`; returns how many there are now."""
    counted: int = cache.count(_key(at.date()), timeout=int(KEPT_FOR.total_seconds()))  # type: ignore[attr-defined]  # core.cache
    return counted


def calls_on(day: dt.date) -> int:
    """How many calls the tenant of now made on this UTC day, as far as Redis knows."""
    return int(cache.get(_key(day)) or 0)


def _key(day: dt.date) -> str:
    return f"api-calls:{day.isoformat()}"


def _seconds_to_midnight(now: dt.datetime) -> float:
    midnight = dt.datetime.combine(now.date() + dt.timedelta(days=1), dt.time(), dt.UTC)
    return (midnight - now).total_seconds()
