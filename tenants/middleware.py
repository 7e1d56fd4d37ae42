"""From host name to tenant: the first thing that happens to a request."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import set_urlconf

from costinsights.core.api.problems import problem_response
from costinsights.core.tenancy import (
    TenantSuspended,
    public_context,
    tenant_connection,
    tenant_context,
)
from tenants.models import Domain, Tenant
from tenants.models.standing import remembered

_HOST = re.compile(
    r"\A(?P<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::(?P<port>[0-9]{1,5}))?\Z"
)
_NOT_FOUND = (
    b"<!doctype html><title>Not found</title><h1>There is no workspace at this address</h1>"
)


class TenantMiddleware:
    """Resolves the tenant by its domain row and speaks for it until the response is made.

    An unknown, malformed or foreign host gets one static 404. The platform's own host gets the public
    URL configuration, the staff host gets administration. A suspended tenant is told so and nothing else happens.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with public_context():
            return self._answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        host = _host_of(request)
        if host is None:
            return HttpResponse(_NOT_FOUND, status=404)
        if host == settings.BASE_DOMAIN:
            return self._on_platform(request, settings.PUBLIC_SCHEMA_URLCONF)
        if host == settings.STAFF_HOST:
            return self._on_platform(request, settings.STAFF_URLCONF)
        domain = Domain.objects.select_related("tenant").filter(domain=host).first()
        if domain is None or domain.tenant.status == "deleting":
            return HttpResponse(_NOT_FOUND, status=404)
        return self._on_tenant(request, domain.tenant)

    def _on_platform(self, request: HttpRequest, urlconf: str) -> HttpResponse:
        # The attribute django-tenants gives a request; its admin templates read the schema from it.
        request.tenant = tenant_connection.tenant  # type: ignore[attr-defined]  # set by a middleware
        request.urlconf = urlconf
        set_urlconf(urlconf)
        return self.get_response(request)

    def _on_tenant(self, request: HttpRequest, tenant: Tenant) -> HttpResponse:
        request.tenant = tenant  # type: ignore[attr-defined]  # as above
        if not tenant.is_active:
            return _suspended(request, tenant)
        with tenant_context(tenant), remembered():
            return self.get_response(request)


def _host_of(request: HttpRequest) -> str | None:
    """The host name in lower case, or None when it is not one we would ever have stored."""
    raw = request.META.get("HTTP_HOST", request.META.get("SERVER_NAME", ""))
    parts = _HOST.match(raw.lower()) if raw.isascii() else None
    if parts is None or not 0 < int(parts["port"] or 80) < 65536:
        return None
    return parts["host"]


def _suspended(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    refusal = TenantSuspended(f"The workspace {tenant.name} is suspended. Ask its owner.")
    if request.path.startswith("/api/"):
        return problem_response(request, refusal)
    page = render_to_string("errors/suspended.html", {"tenant_name": tenant.name})
    return HttpResponse(page, status=refusal.status)
