"""Where to go after signing in."""

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme


def safe_next(request: HttpRequest) -> str:
    """The page the visitor came for, if it is a path of this very host, else the start page."""
    wanted = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    return wanted if is_own_path(wanted) else resolve_url(settings.LOGIN_REDIRECT_URL)


def is_own_path(url: str) -> bool:
    """Whether a browser takes `url` for an absolute path on the host it is on.

    Stricter than Django: it must begin with one slash, and hold no backslash and no character that a
    browser drops, because either turns `/\\evil` or `/<tab>/evil` into another host.
    """
    return (
        url.startswith("/")
        and not url.startswith("//")
        and "\\" not in url
        and url.isprintable()
        and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    )
