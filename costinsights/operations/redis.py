"""The Redis server as operations see it: the broker's queue, heartbeats, keys of a tenant."""

from functools import lru_cache

from django.conf import settings
from redis import Redis

QUEUE_KEYS = {name: f"g:jobs:{name}" for name in ("celery", "history", "slow")}
HEARTBEAT_KEY = "g:operations:heartbeat:"
_SECONDS = 1.5


@lru_cache(maxsize=1)
def _client(url: str) -> "Redis":
    return Redis.from_url(
        url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, decode_responses=True
    )


def server() -> "Redis":
    """A client that gives up after a moment: operations must answer while Redis hangs."""
    return _client(settings.REDIS_URL)


def server_time() -> float:
    """Redis' own clock, seconds: both ends of a heartbeat are read from it, so no skew counts."""
    seconds, micros = server().time()
    return float(seconds) + float(micros) / 1e6


def queue_lengths() -> dict[str, int]:
    """Messages that no worker has taken yet, by queue."""
    return {name: int(server().llen(key)) for name, key in QUEUE_KEYS.items()}


def keys_of_tenant(pk: int) -> list[str]:
    """Every key of a tenant: `t:<id>:…`."""
    return [str(key) for key in server().scan_iter(match=f"t:{pk}:*", count=1000)]


def forget_tenant(pk: int) -> int:
    """Delete a tenant's keys. Returns how many there were."""
    keys = keys_of_tenant(pk)
    for start in range(0, len(keys), 500):
        server().delete(*keys[start : start + 500])
    return len(keys)
