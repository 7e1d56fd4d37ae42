"""Requests per member or token. The cache keys carry the tenant, so counters never meet."""

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle


class TenantThrottle(SimpleRateThrottle):
    """Counts by API token where there is one, else by member, else by address.

    The rate is `DEFAULT_THROTTLE_RATES["tenant"]`; a subclass with a narrower `scope` has its own.
    Counters lie in the default cache, whose keys carry the tenant.
    """

    scope = "tenant"

    def get_cache_key(self, request: Request, view: Any) -> str:
        if (token := getattr(request, "auth", None)) is not None:
            ident = f"token:{token.pk}"
        elif (user := getattr(request, "user", None)) is not None:
            ident = f"member:{user.pk}"
        else:
            ident = f"address:{self.get_ident(request)}"
        return f"throttle:{self.scope}:{ident}"


class ProbeThrottle(TenantThrottle):
    """For endpoints that make us call an address the caller chose: a few a minute, whatever the rate."""

    scope = "probe"
    THROTTLE_RATES = {"probe": "20/min"}  # noqa: RUF012  # DRF declares it so
