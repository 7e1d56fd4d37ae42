"""Limits that somebody above sets: how many members, how many API calls a day.

`tenants` knows the plans and registers itself here when the apps are ready; apps beside it (`accounts`) and
below it ask through these functions. Without a registered source nothing is limited.
"""

from collections.abc import Callable
from typing import Protocol


class LimitSource(Protocol):
    """Who knows the limits of the tenant of now."""

    def limit_of(self, kind: str) -> int | None: ...

    def require_room(self, kind: str, used: int | Callable[[], int]) -> None: ...


_sources: list[LimitSource] = []


def register_limits(source: LimitSource) -> None:
    """Name the one who knows the limits, once, when the apps are ready."""
    _sources[:] = [source]


def limit_of(kind: str) -> int | None:
    """How many of `kind` the tenant of now may have; None for no limit.

    Kinds: `clusters`, `workloads`, `members`, `api_calls_per_day`, `storage_bytes`.
    """
    return _sources[0].limit_of(kind) if _sources else None


def require_room(kind: str, used: int | Callable[[], int]) -> None:
    """Raises `limit_reached` (403) when the tenant of now has no place for one more of `kind`.

    `used` is how many there are, or a function that counts them. With a function, and inside the transaction
    that adds the new one, the last place is given once: others wait until that transaction ends.
    """
    if _sources:
        _sources[0].require_room(kind, used)
