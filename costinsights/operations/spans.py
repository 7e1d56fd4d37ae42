"""What leaves of a span: its times, its route or job, its tenant. Loaded with OpenTelemetry only."""

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status

from costinsights.core.log_text import plain, safe

# They hold ids, one-time secrets, or who the visitor is.
_LEFT_OUT = frozenset(
    {
        "http.url",
        "http.target",
        "http.host",
        "http.server_name",
        "http.user_agent",
        "http.client_ip",
        "net.host.name",
        "net.peer.ip",
        "net.peer.name",
        "url.full",
        "url.path",
        "url.query",
        "client.address",
        "server.address",
        "user_agent.original",
        "exception.stacktrace",
    }
)


class _Discreet(SpanExporter):
    """Hands on copies of spans without what is left out."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_copy(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def discreet(exporter: SpanExporter) -> SpanExporter:
    """The same exporter, told less."""
    return _Discreet(exporter)


def _copy(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=plain(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_kept(span.attributes or {}),
        events=[
            Event(event.name, _kept(event.attributes or {}), event.timestamp)
            for event in span.events
        ],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _kept(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: safe(value, name) for name, value in attributes.items() if name not in _LEFT_OUT}
