"""Questions about what the product stands on beside the database: settings, Redis, clocks, mail, names."""

import datetime as dt
import socket
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.mail import get_connection
from django.db import connection
from redis.exceptions import RedisError

from costinsights.operations import heartbeat, redis
from costinsights.operations.doctor.lines import Level, Line, listed
from tenants.models import Domain

LONGEST_CLOCK_DIFFERENCE = 5.0  # seconds


def settings_are_safe() -> Iterator[Line]:
    """Django's own deployment checks and ours."""
    subject = "settings"
    # Left out: one key for all is long by design of .env; TLS ends at the proxy where PUBLIC_SCHEME says so.
    for item in checks.run_checks(include_deployment_checks=True, databases=["default"]):
        if item.is_silenced() or (item.id or "").startswith(("drf_spectacular", "security.W008")):
            continue
        level = Level.PROBLEM if item.level >= checks.ERROR else Level.WARNING
        yield Line(subject, level, f"{item.id}: {' '.join(item.msg.split())}", str(item.hint or ""))
    if settings.DEBUG:
        yield Line(subject, Level.PROBLEM, "DEBUG shows code to visitors", "Set DEBUG=0.")
    if settings.DEMO_MODE:
        yield Line(
            subject,
            Level.WARNING,
            "DEMO_MODE shows public passwords",
            "Set DEMO_MODE=0 outside of a demo.",
        )


def redis_keeps_what_it_is_given() -> Iterator[Line]:
    subject = "redis"
    try:
        server: Any = redis.server()
        info = server.info()
    except RedisError as error:
        yield Line(
            subject,
            Level.PROBLEM,
            f"does not answer: {type(error).__name__}",
            "Start it, or mend REDIS_URL.",
        )
        return
    if info.get("maxmemory_policy") != "noeviction":
        yield Line(
            subject,
            Level.PROBLEM,
            f"it drops keys when full ({info.get('maxmemory_policy')}), and with them jobs",
            "Set maxmemory-policy noeviction.",
        )
    if not info.get("aof_enabled"):
        yield Line(
            subject,
            Level.WARNING,
            "a crash loses the jobs that wait",
            "Set appendonly yes. What is due is planned again from Postgres, later.",
        )
    if int(info.get("maxmemory", 0)) and info["used_memory"] > 0.8 * info["maxmemory"]:
        yield Line(subject, Level.WARNING, "it is over 80 % full", "Raise maxmemory.")


def beat_and_worker_are_alive() -> Iterator[Line]:
    for who in ("beat", "worker"):
        seconds = heartbeat.age(who)
        if seconds is None or seconds > heartbeat.SILENT_AFTER_SECONDS:
            since = "was never heard of" if seconds is None else f"is silent for {seconds:.0f} s"
            yield Line(
                who, Level.PROBLEM, f"it {since}", f"Start `celery -A costinsights.celery {who}`."
            )
    for queue, waiting in redis.queue_lengths().items():
        if waiting > 1000:
            yield Line(
                "queue",
                Level.WARNING,
                f"{waiting} jobs wait in {queue}",
                "Start more workers that take it.",
            )


def clocks_agree() -> Iterator[Line]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
    for name, instant in (("Postgres", theirs.timestamp()), ("Redis", redis.server_time())):
        seconds = abs(_now().timestamp() - instant)
        if seconds > LONGEST_CLOCK_DIFFERENCE:
            yield Line(
                "clocks",
                Level.PROBLEM,
                f"this machine and {name} differ by {seconds:.0f} s",
                "Keep both with a time service; periods are UTC.",
            )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def mail_can_be_sent() -> Iterator[Line]:
    if "smtp" not in settings.EMAIL_BACKEND:
        yield Line(
            "mail",
            Level.WARNING,
            "mails go to the log or a file, not to people",
            "Set EMAIL_URL to smtp+tls://user:password@host:587.",
        )
        return
    mailer: Any = get_connection()
    try:
        mailer.open()
        mailer.close()
    except OSError as error:
        yield Line(
            "mail",
            Level.PROBLEM,
            f"the mail server refuses or does not answer: {type(error).__name__}",
            "Check EMAIL_URL: host, port, TLS, user and password.",
        )


def domains_resolve() -> Iterator[Line]:
    """Names that lead nowhere. A loopback platform is somebody's laptop and is not asked about."""
    if settings.BASE_DOMAIN == "localhost" or settings.BASE_DOMAIN.endswith(".localhost"):
        yield Line("domains", Level.OK, "not looked up: this is a local installation")
        return
    hosts = [settings.BASE_DOMAIN, *Domain.objects.values_list("domain", flat=True)[:200]]
    lost = [host for host in hosts if not _resolves(host)]
    if lost:
        yield Line(
            "domains",
            Level.WARNING,
            f"no address for {listed(lost)}",
            f"Point *.{settings.BASE_DOMAIN} and tenants' own domains at the proxy.",
        )


def _resolves(host: str) -> bool:
    try:
        return bool(socket.getaddrinfo(host, None))
    except OSError:
        return False
