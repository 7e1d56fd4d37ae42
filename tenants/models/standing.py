"""How a tenant stands with the platform: every switch, its exceptions, the plans' limits, its last usage.

All of it is read together, so that a page or an API call costs one round trip to the cache however many
features it asks about. The cache is the shared one: its keys do not carry the tenant of now, so that a kill
switch reaches every tenant at once, and its entries live for `SWITCH_CACHE_SECONDS`, so that a change by
raw SQL, which flushes nothing, arrives too.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

import structlog
from django.apps import apps
from django.core.cache import caches
from django.db import models
from redis.exceptions import RedisError

from costinsights.core.tenancy import public_context

M = TypeVar("M", bound=models.Model)
Row = dict[str, Any]  # a row's columns: what is cached outlives a release and its model classes

SWITCHES, LIMITS = "standing:switches", "standing:limits"
REMEMBERED_SECONDS = 5.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """What was read together. For the platform itself: no exceptions and no usage."""

    switches: dict[str, Row]
    limits: dict[str, Row]
    overrides: dict[str, Row]
    usage: Row | None


@dataclass(slots=True)
class _Memory:
    """What one request or one job has read already."""

    found: dict[int | None, tuple[float, Standing]]


_memory: ContextVar[_Memory | None] = ContextVar("standing", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Inside the block each tenant's standing is read once, and again after REMEMBERED_SECONDS.

    The middleware opens one around a request, the job base around a job.
    """
    token = _memory.set(_Memory({}))
    try:
        yield
    finally:
        _memory.reset(token)


def standing_of(tenant_id: int | None) -> Standing:
    """How this tenant stands; None for the platform itself."""
    memory = _memory.get()
    if memory is None:
        return _read(tenant_id)
    kept = memory.found.get(tenant_id)
    if kept is None or monotonic() - kept[0] > REMEMBERED_SECONDS:
        kept = (monotonic(), _read(tenant_id))
        memory.found[tenant_id] = kept
    return kept[1]


def forget_platform() -> None:
    """Switches or limits changed: the next question reads them anew, whoever asks."""
    _forget(SWITCHES, LIMITS)


def forget_tenant(tenant_id: int) -> None:
    """A tenant's exceptions or usage changed."""
    _forget(*_tenant_keys(tenant_id))


def _forget(*keys: str) -> None:
    if (memory := _memory.get()) is not None:
        memory.found.clear()
    caches["shared"].delete_many(keys)


def _tenant_keys(tenant_id: int | None) -> tuple[str, ...]:
    if tenant_id is None:
        return ()
    return (f"standing:overrides:{tenant_id}", f"standing:usage:{tenant_id}")


def _read(tenant_id: int | None) -> Standing:
    """From the cache, and from the database what the cache does not have."""
    keys = (SWITCHES, LIMITS, *_tenant_keys(tenant_id))
    try:
        found: dict[str, list[Row]] = caches["shared"].get_many(keys)
    except RedisError:
        # The database is the truth; without the cache each question costs its queries.
        log.warning("switch_cache_unreachable", exc_info=True)
        return _standing(_from_database(keys, tenant_id), tenant_id)
    missing = [key for key in keys if key not in found]
    if missing:
        read = _from_database(missing, tenant_id)
        caches["shared"].set_many(read)
        found |= read
    return _standing(found, tenant_id)


def _standing(found: dict[str, list[Row]], tenant_id: int | None) -> Standing:
    overrides, usage = ([found[key] for key in _tenant_keys(tenant_id)]) or ([], [])
    return Standing(
        switches={row["name"]: row for row in found[SWITCHES]},
        limits={row["plan"]: row for row in found[LIMITS]},
        overrides={row["switch__name"]: row for row in overrides},
        usage=usage[0] if usage else None,
    )


def _from_database(keys: Collection[str], tenant_id: int | None) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    overrides, usage = _tenant_keys(tenant_id) or ("", "")
    with public_context():
        if SWITCHES in keys:
            found[SWITCHES] = list(_model("FeatureSwitch").values())
        if LIMITS in keys:
            found[LIMITS] = list(_model("PlanLimits").values())
        if overrides in keys:
            rows = _model("FeatureOverride").filter(tenant_id=tenant_id)
            found[overrides] = list(rows.values("switch__name", "is_open", "expires_at"))
        if usage in keys:
            rows = _model("TenantUsage").filter(tenant_id=tenant_id).order_by("-day")
            found[usage] = list(rows.values()[:1])
    return found


def _model(name: str) -> Any:
    """A model of this package, which imports this module."""
    return apps.get_model("tenants", name)._default_manager


def of_row(model: type[M], row: Row) -> M:
    """The model's instance for a cached row, which another release may have written."""
    names = {field.attname for field in model._meta.concrete_fields}
    instance = model(**{name: value for name, value in row.items() if name in names})
    instance._state.adding = False
    return instance
