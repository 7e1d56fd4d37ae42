"""/metrics from a real server: Prometheus' own parser reads it, and no tenant is in it."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from costinsights.core.tenancy import public_context
from costinsights.operations import job_counts, metrics
from tenants.models import JobFailure, Tenant
from tenants.services import create_tenant

TOKEN = "operators-token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
CANARY = "canary-slug-of-a-tenant"


@pytest.fixture
def on(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


def scrape(host: str = "localhost", **extra: Any) -> Any:
    return Client().get("/metrics", HTTP_HOST=host, **extra)


def families(text: str) -> dict[str, Any]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(found: dict[str, Any], name: str, **labels: str) -> float:
    family = found[name]
    (sample,) = [
        sample
        for sample in family.samples
        if labels.items() <= sample.labels.items() and not sample.name.endswith("_created")
    ]
    return float(sample.value)


@pytest.mark.django_db
def test_without_settings_there_are_no_metrics(acme: Tenant) -> None:
    assert scrape().status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "Bearer wrong", "Basic operators-token", "operators-token"])
def test_without_the_token_nothing_is_told(on: None, given: str) -> None:
    answer = scrape(HTTP_AUTHORIZATION=given)
    assert answer.status_code == 401
    assert b"costinsights" not in answer.content


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["acme.localhost", "nobody.example"])
def test_a_tenants_host_has_no_metrics(on: None, acme: Tenant, host: str) -> None:
    assert scrape(host, HTTP_AUTHORIZATION=f"Bearer {TOKEN}").status_code == 404


@pytest.mark.django_db
def test_a_near_network_needs_no_token_unless_forwarded(settings: Any) -> None:
    import ipaddress

    settings.METRICS_ALLOWED_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    assert scrape("127.0.0.1:8000").status_code == 200
    assert scrape("127.0.0.1:8000", HTTP_X_FORWARDED_FOR="127.0.0.1").status_code == 401
    assert scrape("127.0.0.1:8000", REMOTE_ADDR="203.0.113.9").status_code == 401


@pytest.mark.django_db
def test_what_is_counted(on: None, acme: Tenant) -> None:
    Client(HTTP_HOST="acme.localhost").get("/sign-in/")
    job_counts.add("costs.refresh", "success", 1.5)
    job_counts.add("costs.refresh", "failure", 0.5)
    with public_context():
        JobFailure.objects.create(task="costs.refresh", job_id="1", error="OpenCostUnavailable")
        found = families(metrics.exposition()[0].decode())
    assert value(found, "costinsights_jobs", task="costs.refresh", outcome="failure") == 1
    assert value(found, "costinsights_failed_jobs") == 1
    assert value(found, "costinsights_ready", check="redis") == 1
    assert value(found, "costinsights_tenants", plan="enterprise", status="active") == 1
    names = {sample.name for sample in found["costinsights_request_seconds"].samples}
    assert "costinsights_request_seconds_bucket" in names


@pytest.fixture
def server(tmp_path: Path, transactional_db: None) -> Iterator[int]:
    """Gunicorn with two workers that share their numbers; its port."""
    create_tenant(name=CANARY, slug=CANARY)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (tmp_path / "server.log").open("wb")
    process = subprocess.Popen(  # noqa: S603  # our own server on a free port
        [
            sys.executable, "-m", "gunicorn", "costinsights.wsgi", "--bind", f"127.0.0.1:{port}",
            "--workers", "2", "--worker-class", "gthread", "--threads", "2", "--no-control-socket",
            "--config", "python:costinsights.operations.gunicorn",
        ],
        stdout=log,
        stderr=subprocess.STDOUT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "costinsights.settings",
            "METRICS_TOKEN": TOKEN,
            "METRICS_DIRECTORY": str(tmp_path / "metrics"),
            "OTEL_EXPORTER_OTLP_ENDPOINT": "",
            "SENTRY_DSN": "",
        },
    )  # fmt: skip
    try:
        until = time.monotonic() + 90
        while not _answers(port):
            assert time.monotonic() < until, "the server did not start"
            assert process.poll() is None, (tmp_path / "server.log").read_text()
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def _answers(port: int) -> bool:
    try:
        return get(port, "/livez", "127.0.0.1")[0] == 200
    except OSError:
        return False


def get(port: int, path: str, host: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path, headers={"Host": host, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.processes
@pytest.mark.slow
def test_a_real_server_tells_of_all_its_workers_and_of_no_tenant(server: int) -> None:
    for _ in range(30):
        assert get(server, "/api/v1/me", f"{CANARY}.localhost")[0] == 401
    get(server, f"/clusters/{CANARY}/", f"{CANARY}.localhost")
    status, text = get(server, "/metrics", f"127.0.0.1:{server}", BEARER)
    assert status == 200
    found = families(text)
    labels = {"method": "GET", "route": "api-me", "status": "4xx"}
    (count,) = [
        sample.value
        for sample in found["costinsights_request_seconds"].samples
        if sample.name.endswith("_count") and sample.labels == labels
    ]
    assert count == 30
    assert value(found, "costinsights_ready", check="database") == 1
    assert value(found, "costinsights_database_pool_connections", state="waiting") == 0
    assert value(found, "costinsights_build_info") == 1
    assert CANARY not in text
    assert "localhost" not in text
