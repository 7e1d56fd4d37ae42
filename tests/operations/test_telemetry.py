"""Error reports and traces: what the real libraries send to a real server, and what they keep."""

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from costinsights.core.tenancy import find_tenant
from tests.operations.telemetry_process import SECRET

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes, pytest.mark.slow]


class Sink(ThreadingHTTPServer):
    """Takes everything and keeps it, unpacked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Take)
        self.taken: list[tuple[str, bytes]] = []


class _Take(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        sink: Any = self.server
        sink.taken.append((self.path, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Silent."""


@pytest.fixture
def sink() -> Iterator[Sink]:
    server = Sink()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def run(**environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.operations.telemetry_process"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "costinsights.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_errors_reach_sentry_with_the_tenant_and_nothing_of_the_visitor(sink: Sink) -> None:
    run(SENTRY_DSN=f"http://key@127.0.0.1:{sink.server_port}/1", SENTRY_ENVIRONMENT="test")
    envelopes = [body for path, body in sink.taken if path.startswith("/api/1/envelope")]
    events = [
        json.loads(line)
        for body in envelopes
        for line in body.splitlines()
        if line.startswith(b"{") and b'"exception"' in line
    ]
    kinds = {event["exception"]["values"][-1]["type"]: event for event in events}
    assert {"ValueError", "LookupError"} <= set(kinds)
    tenant = str(find_tenant("acme").pk)
    assert kinds["ValueError"]["tags"]["tenant"] == kinds["LookupError"]["tags"]["tenant"] == tenant
    assert kinds["ValueError"]["tags"]["request_id"] == "trace-12345"
    assert set(kinds["ValueError"].get("request", {})) <= {"method"}
    everything = b"".join(body for _, body in sink.taken)
    assert SECRET.encode() not in everything
    assert b"203.0.113.7" not in everything
    assert b"acme.localhost" not in everything


def test_spans_of_requests_and_jobs_reach_the_collector(sink: Sink) -> None:
    run(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{sink.server_port}")
    bodies = [body for path, body in sink.taken if path == "/v1/traces"]
    spans = [
        span
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    tenants = {
        span.name: attribute.value.int_value
        for span in spans
        for attribute in span.attributes
        if attribute.key == "tenant.id"
    }
    tenant = find_tenant("acme").pk
    assert {name: pk for name, pk in tenants.items() if pk == tenant} == tenants
    assert any("broken" in name for name in tenants)
    assert any("tests.broken_job" in name for name in tenants)
    assert SECRET.encode() not in b"".join(bodies)


def test_without_settings_nothing_that_sends_is_loaded() -> None:
    code = (
        "import costinsights.wsgi, sys; senders = ('sentry_sdk', 'opentelemetry.exporter', "
        "'opentelemetry.instrumentation'); print([m for m in sys.modules if m.startswith(senders)])"
    )
    done = subprocess.run(  # noqa: S603  # our own text
        [sys.executable, "-c", code],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "costinsights.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"
