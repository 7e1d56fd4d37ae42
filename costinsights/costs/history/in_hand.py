"""Which workspaces have a window in somebody's hands, and until when: a killed worker's are taken over within a minute.

The ledger alone decides who may read a window; this only wakes somebody up before the next tick would. It lies in
Redis: without it a window waits for that tick, and nothing is lost.
"""

import datetime as dt
from typing import Any, Final

import structlog
from django.core.cache import caches
from redis.exceptions import RedisError

from costinsights.core.tenancy import current_tenant

KEY: Final = "g:history:in-hand"
_log = structlog.get_logger(__name__)


def note_in_hand(until: dt.datetime) -> None:
    """This workspace has a window leased until then."""
    try:
        _server().zadd(KEY, {str(current_tenant().pk): until.timestamp()})
    except RedisError as error:
        _log.warning("in_hand_not_noted", error=type(error).__name__)


def take_overdue(now: dt.datetime) -> list[int]:
    """The workspaces whose last noted lease is over, each once: whoever is told looks after them."""
    server = _server()
    found = server.zrangebyscore(KEY, "-inf", now.timestamp())
    return [int(pk) for pk in found if server.zrem(KEY, pk)]


def _server() -> Any:
    cache: Any = caches["shared"]
    return cache._cache.get_client(KEY, write=True)  # Django's Redis backend has no sorted sets
