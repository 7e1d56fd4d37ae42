"""How many requests a caller may make: one exact sliding window per caller and rate, kept in Redis.

Every request of the API passes the limiters of `API_LIMITERS` in `costinsights.accounts.door`; a view
may add a narrower rate with a DRF throttle such as `ProbeThrottle`. Whatever was counted stands on the
request, and the answer's RateLimit fields are made from it (docs/content/adr/0012).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from costinsights.core.errors import ApplicationError

_log = structlog.get_logger(__name__)

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
# A window is counted in this many parts: what is remembered per caller stays small, and a request
# counts for at most one part longer than its window, never shorter.
_PARTS: Final = 60
_TAKE: Final = """
local now, parts, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local used, oldest = 0, now
local counts = redis.call('HGETALL', KEYS[1])
for i = 1, #counts, 2 do
  local part, count = tonumber(counts[i]), tonumber(counts[i + 1])
  if part < now - parts then
    redis.call('HDEL', KEYS[1], counts[i])
  else
    used = used + count
    oldest = math.min(oldest, part)
  end
end
if used >= limit then return {0, used, oldest} end
redis.call('HINCRBY', KEYS[1], now, 1)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {1, used + 1, oldest}
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` requests in any `seconds`. `name` tells it from the other rates of an answer."""

    name: str
    limit: int
    seconds: int

    @classmethod
    def parse(cls, name: str, text: str) -> "Rate":
        """From “600/min”: a number per s, min, hour or day. Raises ValueError."""
        number, _, period = text.partition("/")
        seconds = _SECONDS.get(period.strip()[:1])
        limit = int(number) if number.strip().isdecimal() else 0
        if seconds is None or limit < 1:
            raise ValueError(f"{text!r} is no rate; one looks like 600/min")
        return cls(name, limit, seconds)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands after asking for one more request."""

    rate: Rate
    allowed: bool
    remaining: int
    reset_seconds: int  # until the oldest request that counts stops counting


class TooManyRequests(ApplicationError):
    """The caller has used up a rate. `retry_after_seconds` says when asking makes sense again."""

    code = "too_many_requests"
    status = 429
    title = "Too many requests"

    def __init__(self, standing: Standing) -> None:
        wait = standing.reset_seconds
        super().__init__(
            f"That was more than {standing.rate.limit} requests in {standing.rate.seconds} seconds. "
            f"Try again in {wait} s.",
            retry_after_seconds=wait,
        )


Limiter = Callable[[HttpRequest], Standing | None]


def take(rate: Rate, who: str, *, now: float) -> Standing | None:
    """Ask for one more request of `who` at `now` (Unix seconds), and count it if it is allowed.

    One script on the server decides and counts, so no two callers get the last one. None when Redis
    does not answer: the product rather runs without a limit than not at all.
    """
    width = rate.seconds / _PARTS
    part = math.floor(now / width)
    kept_ms = math.ceil((rate.seconds + 2 * width) * 1000)
    key = cache.make_key(f"rate:{rate.name}:{who}")
    try:
        client = cache._cache.get_client(key, write=True)  # type: ignore[attr-defined]  # Django's Redis backend
        allowed, used, oldest = client.eval(_TAKE, 1, key, part, _PARTS, rate.limit, kept_ms)
    except RedisError as error:
        _log.warning("rate_limit_unavailable", rate=rate.name, error=str(error))
        return None
    left = (int(oldest) + _PARTS + 1) * width - now
    return Standing(
        rate=rate,
        allowed=bool(allowed),
        remaining=max(0, rate.limit - int(used)),
        reset_seconds=max(1, math.ceil(left)),
    )


@lru_cache(maxsize=8)
def _api_rate(text: str) -> Rate:
    return Rate.parse("api", text)


def per_caller(request: HttpRequest) -> Standing | None:
    """The limiter of all requests: `API_RATE` for each token, member or unknown address."""
    rate = _api_rate(settings.API_RATE)
    return take(rate, identity_of(request), now=timezone.now().timestamp())


def identity_of(request: HttpRequest) -> str:
    """Who is counted: set by the door once it knows the caller; in its absence, everybody together."""
    return str(getattr(request, "rate_identity", "anybody"))


def note(request: HttpRequest, standing: Standing) -> None:
    """Remember a standing for the RateLimit fields of the answer."""
    request.rate_standings = [*standings_of(request), standing]  # type: ignore[attr-defined]  # ours


def standings_of(request: HttpRequest) -> list[Standing]:
    found: list[Standing] = getattr(request, "rate_standings", [])
    return found


def write_fields(request: HttpRequest, response: HttpResponse) -> None:
    """Say the rates and what is left of them.

    `RateLimit-Policy` and `RateLimit` are the form of the IETF draft since its revision 08, which can name
    several rates. The three older fields, which most clients read, tell the rate with the least left.
    """
    standings = standings_of(request)
    if not standings:
        return
    response["RateLimit-Policy"] = ", ".join(
        f'"{one.rate.name}";q={one.rate.limit};w={one.rate.seconds}' for one in standings
    )
    response["RateLimit"] = ", ".join(
        f'"{one.rate.name}";r={one.remaining};t={one.reset_seconds}' for one in standings
    )
    tightest = min(standings, key=lambda one: (one.allowed, one.remaining))
    response["RateLimit-Limit"] = str(tightest.rate.limit)
    response["RateLimit-Remaining"] = str(tightest.remaining)
    response["RateLimit-Reset"] = str(tightest.reset_seconds)


class ProbeThrottle(BaseThrottle):
    """For endpoints that make us call an address the caller chose: a few a minute, whatever the rate."""

    rate = Rate("probe", 20, 60)

    def __init__(self) -> None:
        self._standing: Standing | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        inner = request._request
        self._standing = take(self.rate, identity_of(inner), now=timezone.now().timestamp())
        if self._standing is None:
            return True
        note(inner, self._standing)
        return self._standing.allowed

    def wait(self) -> float | None:
        return self._standing.reset_seconds if self._standing else None
