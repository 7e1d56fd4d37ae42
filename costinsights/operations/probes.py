"""/livez, /readyz and /metrics: answered before a tenant is looked for, because probes come by address.

Strangers learn the state of each check and nothing else. The words beside it, such as how long beat has
been silent, are for whoever may read the metrics.
"""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from costinsights.core import readiness
from costinsights.core.readiness import State
from costinsights.operations.operators import is_operator

SERVICE_UNAVAILABLE = 503


def live(request: HttpRequest) -> HttpResponse:
    """The process answers. Nothing it needs is asked: a restart would not mend those."""
    return HttpResponse("ok", content_type="text/plain")


def ready(request: HttpRequest) -> HttpResponse:
    """Whether requests should come here: 503 when something essential fails.

    `?strict` makes 503 of a degraded state, too: for a monitor that calls people, not for a balancer.
    """
    report = readiness.report()
    worst = {State.FAILED, State.DEGRADED} if "strict" in request.GET else {State.FAILED}
    shows_words = settings.DEBUG or is_operator(request)
    checks: dict[str, object] = {
        name: {"state": finding.state, "words": finding.words} if shows_words else finding.state
        for name, finding in sorted(report.findings.items())
    }
    return JsonResponse(
        {"state": report.state, "ready": report.state != State.FAILED, "checks": checks},
        status=SERVICE_UNAVAILABLE if report.state in worst else 200,
    )


def metrics(request: HttpRequest) -> HttpResponse:
    """What Prometheus reads. Nobody else gets it."""
    from costinsights.operations.metrics import exposition  # reads its settings when first used

    if not is_operator(request):
        refusal = HttpResponse("Metrics need the operator's token.", status=401)
        refusal["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return refusal
    body, content_type = exposition()
    return HttpResponse(body, content_type=content_type)


_ANYWHERE: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/livez": live,
    "/healthz": live,  # the older name
    "/readyz": ready,
}


def probe_for(request: HttpRequest) -> Callable[[HttpRequest], HttpResponse] | None:
    """The probe at this address, if there is one. Metrics never answer on a tenant's host."""
    if request.path in _ANYWHERE:
        return _ANYWHERE[request.path]
    if request.path == "/metrics" and _metrics_are_on() and _is_platform(request):
        return metrics
    return None


def answer(request: HttpRequest) -> HttpResponse | None:
    """The probe's answer, or None when the request is for somebody else."""
    probe = probe_for(request)
    if probe is None:
        return None
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    response = probe(request)
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _metrics_are_on() -> bool:
    return bool(settings.METRICS_TOKEN or settings.METRICS_ALLOWED_NETWORKS)


def _is_platform(request: HttpRequest) -> bool:
    """The platform's own host, or an address: Prometheus asks each process by its own."""
    raw = str(request.META.get("HTTP_HOST", "")).lower()
    host = raw.partition("]")[0].removeprefix("[") if raw[:1] == "[" else raw.partition(":")[0]
    if host == settings.BASE_DOMAIN:
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
