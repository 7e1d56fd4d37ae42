"""Error reports (Sentry) and traces (OpenTelemetry), each loaded only when its setting is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings

from costinsights.core.log_text import safe
from costinsights.core.tenancy import on_public_schema, tenant_connection

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Span, TracerProvider

log = structlog.get_logger(__name__)

# Of a request only this much leaves: addresses and queries hold ids and one-time secrets.
_KEPT_OF_REQUEST = ("method",)
_traces: list["TracerProvider"] = []


def start() -> None:
    """Called once where a server process has started: after a fork, so that its senders' threads live."""
    if settings.SENTRY_DSN:
        start_sentry(settings.SENTRY_DSN)
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        start_traces(settings.OTEL_EXPORTER_OTLP_ENDPOINT)


def tenant_id() -> int | None:
    """The id of the tenant that the current thread works for."""
    return None if on_public_schema() else getattr(tenant_connection.tenant, "pk", None)


# Sentry ----------------------------------------------------------------------------------------


def start_sentry(dsn: str) -> None:
    """Report unhandled errors of requests and jobs."""
    import sentry_sdk  # only where it is used
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.integrations.django import DjangoIntegration

    sentry_sdk.init(
        dsn=dsn,
        release=f"costinsights@{settings.VERSION}",
        environment=settings.SENTRY_ENVIRONMENT,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,  # they hold queries, addresses and log lines
        traces_sample_rate=None,
        server_name="",
        default_integrations=True,
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(transaction_style="url", middleware_spans=False),
            CeleryIntegration(),
        ],
        before_send=before_send,  # type: ignore[arg-type]  # its event is a TypedDict of theirs
        before_send_transaction=lambda *_: None,
    )


def before_send(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
    """What leaves: the error and where it was; the tenant's id and the request's; nobody's data."""
    request = event.pop("request", None) or {}
    for name in ("user", "breadcrumbs", "extra", "modules", "server_name"):
        event.pop(name, None)
    contexts = event.get("contexts", {})
    event["contexts"] = {name: contexts[name] for name in ("runtime", "trace") if name in contexts}
    if request:
        event["request"] = {name: request[name] for name in _KEPT_OF_REQUEST if name in request}
    tags: dict[str, Any] = {**event.get("tags", {})}
    if (tenant := tenant_id()) is not None:
        tags["tenant"] = str(tenant)
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    if request_id:
        tags["request_id"] = request_id
    event["tags"] = tags
    for part in ("exception", "logentry", "message", "transaction", "tags"):
        if part in event:
            event[part] = _scrubbed(event[part])
    return event


def _scrubbed(value: Any) -> Any:
    """Texts at any depth without secrets; stack frames keep their structure."""
    if isinstance(value, dict):
        return {name: _scrubbed(item) for name, item in value.items() if name != "vars"}
    if isinstance(value, list):
        return [_scrubbed(item) for item in value]
    return safe(value)


# OpenTelemetry ---------------------------------------------------------------------------------


def start_traces(endpoint: str) -> None:
    """Send a span of each request and each job by OTLP over HTTP."""
    from opentelemetry import trace  # only where it is used
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from costinsights.operations.spans import discreet

    provider = TracerProvider(
        resource=Resource.create(
            {"service.name": "costinsights", "service.version": settings.VERSION}
        )
    )
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(discreet(exporter)))
    trace.set_tracer_provider(provider)
    _traces.append(provider)
    DjangoInstrumentor().instrument(
        tracer_provider=provider, response_hook=_note_tenant, is_sql_commentor_enabled=False
    )
    celery: Any = CeleryInstrumentor  # no types
    celery().instrument(tracer_provider=provider)


def _note_tenant(span: "Span", request: Any, response: Any) -> None:
    """Called with a request's span before it ends."""
    tenant = getattr(getattr(request, "tenant", None), "pk", None)
    if tenant is not None:
        span.set_attribute("tenant.id", tenant)
    request_id = response.headers.get("X-Request-ID") if response is not None else None
    if request_id:
        span.set_attribute("request.id", request_id)


@contextmanager
def around_job(_: Any) -> Iterator[None]:
    """Entered inside a job's tenant: its span and its error report say whose it is."""
    if tenant := tenant_id():
        if _traces:
            from opentelemetry import trace  # loaded already

            trace.get_current_span().set_attribute("tenant.id", tenant)
        if settings.SENTRY_DSN:
            import sentry_sdk  # loaded already

            sentry_sdk.get_isolation_scope().set_tag("tenant", str(tenant))
    yield


def flush(seconds: float = 5.0) -> None:
    """Send what waits; for the end of a process."""
    for provider in _traces:
        provider.force_flush(int(seconds * 1000))
