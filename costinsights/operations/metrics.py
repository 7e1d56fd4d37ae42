"""Numbers for Prometheus. No label carries a tenant, an address of a page, or anything a user typed."""

import platform as machine
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from redis.exceptions import RedisError

from costinsights.core import readiness
from costinsights.core.tenancy import public_context, tenant_connection
from costinsights.operations import heartbeat, job_counts, redis
from tenants.models import JobFailure, Plan, Tenant, TenantStatus

log = structlog.get_logger(__name__)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_STATE_NUMBER = {"ok": 1.0, "degraded": 0.5, "failed": 0.0}

if settings.METRICS_DIRECTORY:
    Path(settings.METRICS_DIRECTORY).mkdir(parents=True, exist_ok=True)
REGISTRY = CollectorRegistry()
_requests = Histogram(
    "costinsights_request_seconds",
    "Time from first middleware to answer, by route name and class of status.",
    ["method", "route", "status"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
_pool = Gauge(
    "costinsights_database_pool_connections",
    "Connections of the web processes' pools, and requests waiting for one.",
    ["state"],
    registry=REGISTRY,
    multiprocess_mode="livesum",
)


def request_done(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request."""
    _requests.labels(method, route, f"{status // 100}xx").observe(seconds)
    _note_pool()


def _note_pool() -> None:
    pool = tenant_connection.pool
    if pool is None:
        return
    stats = pool.get_stats()
    size, idle = stats.get("pool_size", 0), stats.get("pool_available", 0)
    _pool.labels("used").set(size - idle)
    _pool.labels("idle").set(idle)
    _pool.labels("waiting").set(stats.get("requests_waiting", 0))


def exposition() -> tuple[bytes, str]:
    """The text Prometheus reads, over all processes of this web server, and its content type."""
    if settings.METRICS_DIRECTORY:
        registry = CollectorRegistry()
        collector: Any = multiprocess.MultiProcessCollector  # no types
        collector(registry, path=settings.METRICS_DIRECTORY)
        return generate_latest(registry) + generate_latest(_platform()), CONTENT_TYPE_LATEST
    return generate_latest(REGISTRY) + generate_latest(_platform()), CONTENT_TYPE_LATEST


@lru_cache(maxsize=1)
def _platform() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(PlatformCollector())
    return registry


class PlatformCollector:
    """What is asked at each scrape, the same from whichever process answers it."""

    def describe(self) -> list[Metric]:
        """Nothing is collected when the collector is registered: that would ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield _build()
        yield from _readiness()
        for part in (_jobs, _heartbeats):
            try:
                yield from part()
            except RedisError as error:
                log.warning("metrics_incomplete", part=part.__name__, error=type(error).__name__)
        try:
            with public_context():
                yield from _tenants()
        except DatabaseError as error:
            log.warning("metrics_incomplete", part="tenants", error=type(error).__name__)


def _build() -> Metric:
    family = GaugeMetricFamily(
        "costinsights_build_info", "The release that answers.", labels=["version", "python"]
    )
    family.add_metric([settings.VERSION, machine.python_version()], 1)
    return family


def _readiness() -> Iterator[Metric]:
    report = readiness.report()
    family = GaugeMetricFamily(
        "costinsights_ready", "A readiness check: 1 ok, 0.5 degraded, 0 failed.", labels=["check"]
    )
    for name, finding in sorted(report.findings.items()):
        family.add_metric([name], _STATE_NUMBER[finding.state])
    yield family


def _jobs() -> Iterator[Metric]:
    done = CounterMetricFamily(
        "costinsights_jobs", "Jobs that ended, by task and outcome.", labels=["task", "outcome"]
    )
    seconds = SummaryMetricFamily("costinsights_job_seconds", "How long jobs ran.", labels=["task"])
    totals: dict[str, list[float]] = {}
    for task, outcome, count, spent in job_counts.totals():
        done.add_metric([task, outcome], count)
        total = totals.setdefault(task, [0.0, 0.0])
        total[0] += count
        total[1] += spent
    for task, (count, spent) in sorted(totals.items()):
        seconds.add_metric([task], int(count), spent)
    yield done
    yield seconds
    waiting = GaugeMetricFamily(
        "costinsights_job_queue_length", "Messages no worker has taken yet.", labels=["queue"]
    )
    for queue, length in redis.queue_lengths().items():
        waiting.add_metric([queue], length)
    yield waiting


def _heartbeats() -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "costinsights_heartbeat_age_seconds",
        "Since beat, or any worker, was last heard of. Absent: never.",
        labels=["process"],
    )
    for who in ("beat", "worker"):
        seconds = heartbeat.age(who)
        if seconds is not None:
            family.add_metric([who], seconds)
    yield family


def _tenants() -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "costinsights_tenants", "Tenants by plan and state.", labels=["plan", "status"]
    )
    counted = {
        (plan, status): number
        for plan, status, number in Tenant.objects.order_by()
        .values_list("plan", "status")
        .annotate(Count("pk"))
    }
    for plan in Plan.values:
        for status in TenantStatus.values:
            family.add_metric([plan, status], counted.get((plan, status), 0))
    yield family
    waiting = JobFailure.objects.filter(retried_at=None, dismissed_at=None).count()
    yield GaugeMetricFamily(
        "costinsights_failed_jobs", "Failed jobs that nobody has dealt with yet.", value=waiting
    )
