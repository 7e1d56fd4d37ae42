"""First and outermost: probes, then the access log line and the metrics of every other request."""

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from costinsights.operations import metrics, probes

log = structlog.get_logger("costinsights.access")

NO_ROUTE = "none"


class ProbesMiddleware:
    """Answers /livez, /readyz and /metrics, whatever the host, before a tenant is looked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return probes.answer(request) or self.get_response(request)


class AccessMiddleware:
    """One log line and one measurement per request: the route's name, never the address or the query,
    which hold ids and one-time secrets."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        status, size = 500, None
        try:
            response = self.get_response(request)
            status = response.status_code
            size = None if response.streaming else len(response.content)
        finally:
            seconds = time.perf_counter() - started
            match = request.resolver_match
            route = (match.view_name or match.route) if match else NO_ROUTE
            method = request.method if request.method in metrics.METHODS else "other"
            tenant = getattr(getattr(request, "tenant", None), "pk", None)
            log.info(
                "request",
                method=method,
                route=route,
                status=status,
                ms=round(seconds * 1000, 1),
                bytes=size,
                **({"tenant": tenant} if tenant is not None else {}),
            )
            metrics.request_done(method or "other", route, status, seconds)
        return response
