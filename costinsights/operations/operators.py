"""Who may see how the installation does: a token or a network that the operator configured."""

import hmac
import ipaddress

from django.conf import settings
from django.http import HttpRequest


def is_operator(request: HttpRequest) -> bool:
    """Whether the request brings METRICS_TOKEN or comes straight from METRICS_ALLOWED_NETWORKS."""
    return _has_token(request) or _is_near(request)


def _has_token(request: HttpRequest) -> bool:
    token: str = settings.METRICS_TOKEN
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return (
        bool(token)
        and scheme.lower() == "bearer"
        and hmac.compare_digest(given.strip().encode(), token.encode())
    )


def _is_near(request: HttpRequest) -> bool:
    """A forwarded request has the proxy's address, which is near for everybody: it does not count."""
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip")):
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_ALLOWED_NETWORKS)
