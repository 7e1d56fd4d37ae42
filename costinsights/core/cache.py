"""Cache keys that carry the tenant, and a Redis cache that cannot wipe its neighbours."""

from typing import Any

from django.core.cache.backends.redis import RedisCache
from django.db import connection
from django_tenants.utils import get_public_schema_name


def tenant_key(key: str, key_prefix: str, version: int) -> str:
    """`t:<tenant id>:…` inside a tenant, `g:public:…` for the platform itself."""
    if connection.schema_name == get_public_schema_name():
        return f"g:public:{version}:{key}"
    tenant_id = getattr(connection.tenant, "pk", None)
    if tenant_id is None:
        raise RuntimeError("a cache key was asked for a schema without a tenant row")
    return f"t:{tenant_id}:{version}:{key}"


def shared_key(key: str, key_prefix: str, version: int) -> str:
    """`g:shared:…`: the same for every tenant, for switches, plans and domains only."""
    return f"g:shared:{version}:{key}"


class SharedServerRedisCache(RedisCache):
    """Redis shared by all tenants and the broker: emptying it as a whole is refused."""

    def clear(self) -> Any:
        raise RuntimeError("clear() would empty every tenant's cache and the job queue")
