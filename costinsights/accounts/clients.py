"""Where a request comes from, as far as it can be known."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str | None:
    """The client's address: the peer's, or what our own proxies saw.

    With PROXY_COUNT = n the n-th last entry of X-Forwarded-For was written by the outermost proxy of
    ours; what stands before it was sent by the client and is believed by nobody.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    proxies: int = settings.AXES_IPWARE_PROXY_COUNT or 0
    if proxies:
        seen = [
            part.strip() for part in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        ]
        if len(seen) >= proxies:
            address = seen[-proxies]
    try:
        return str(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return None


def user_agent(request: HttpRequest) -> str:
    """What the client calls itself, cut to what we store."""
    return str(request.META.get("HTTP_USER_AGENT", ""))[:255]


# In this order: what calls itself several things is the first of them.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_words(agent: str) -> str:
    """A browser's own description in two words: `Firefox on Linux`. It may say anything it likes."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown device"
