"""Cache keys that carry the tenant, and a Redis cache that cannot wipe its neighbours."""

from typing import Any

from django.core.cache.backends.redis import RedisCache

from costinsights.core.tenancy import on_public_schema, tenant_connection


def tenant_key(key: str, key_prefix: str, version: int) -> str:
    """`t:<tenant id>:…` inside a tenant, `g:public:…` for the platform itself."""
    if on_public_schema():
        return f"g:public:{version}:{key}"
    tenant_id = getattr(tenant_connection.tenant, "pk", None)
    if tenant_id is None:
        raise RuntimeError("a cache key was asked for a schema without a tenant row")
    return f"t:{tenant_id}:{version}:{key}"


def shared_key(key: str, key_prefix: str, version: int) -> str:
    """`g:shared:…`: the same for every tenant, for switches, plans and domains only."""
    return f"g:shared:{version}:{key}"


class SharedServerRedisCache(RedisCache):
    """Redis shared by all tenants and the broker: emptying it as a whole is refused."""

    def count(self, key: str, *, timeout: int) -> int:
        """Add one to a counter that lives for `timeout` seconds from its first count, in one round trip."""
        name = self.make_and_validate_key(key)
        client = self._cache.get_client(name, write=True)
        with client.pipeline() as pipeline:
            pipeline.incr(name)
            pipeline.expire(name, timeout, nx=True)
            counted, _ = pipeline.execute()
        return int(counted)

    def clear(self) -> Any:
        raise RuntimeError("clear() would empty every tenant's cache and the job queue")
