"""/livez and /readyz: any host, any state of the servers behind, nothing for strangers."""

import socket
import threading
import time
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from costinsights.core import readiness
from costinsights.core.readiness import Finding, State
from costinsights.operations import conditions, heartbeat, redis
from costinsights.operations.tasks import beat_heart

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _checks_as_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins with the checks of the platform and no remembered answer."""
    monkeypatch.setattr(readiness, "_checks", {})
    monkeypatch.setattr(conditions, "_migrated_at", [])
    heartbeats = [redis.HEARTBEAT_KEY + who for who in ("beat", "worker")]
    redis.server().delete(*heartbeats, *redis.QUEUE_KEYS.values())
    conditions.register_all()


@pytest.fixture
def alive() -> None:
    heartbeat.note("beat")
    heartbeat.note("worker")


def ask(path: str = "/readyz", host: str = "10.0.0.7:8000", **extra: Any) -> Any:
    return Client().get(path, HTTP_HOST=host, **extra)


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "nobody.example", "acme.localhost", "bad host"])
@pytest.mark.parametrize("path", ["/livez", "/healthz", "/readyz"])
def test_a_probe_is_answered_on_any_host(alive: None, host: str, path: str) -> None:
    assert ask(path, host).status_code == 200


def test_live_asks_nothing_of_anybody(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert ask("/livez").content == b"ok"


def test_everything_in_order_is_ready(alive: None) -> None:
    answer = ask()
    assert answer.json()["state"] == "ok", answer.json()
    assert set(answer.json()["checks"]) == {"database", "redis", "migrations", "beat", "worker"}


def test_a_silent_beat_degrades_and_the_strict_form_says_503(alive: None, settings: Any) -> None:
    settings.METRICS_TOKEN = "operator"
    redis.server().delete(redis.HEARTBEAT_KEY + "beat")
    assert (ask().status_code, ask().json()["state"]) == (200, "degraded")
    strict = ask("/readyz?strict", HTTP_AUTHORIZATION="Bearer operator")
    assert strict.status_code == 503
    assert strict.json()["checks"]["beat"]["words"] == "beat has not been heard of yet"


def test_a_heartbeat_grows_old(alive: None, monkeypatch: pytest.MonkeyPatch) -> None:
    now = redis.server_time()
    monkeypatch.setattr(redis, "server_time", lambda: now + 61)
    assert conditions.heard_of("worker").state == State.DEGRADED


def test_sending_the_tick_is_beats_sign_and_doing_it_a_workers() -> None:
    beat_heart.delay()
    assert heartbeat.age("beat") is not None
    assert heartbeat.age("worker") is None
    assert redis.queue_lengths()["celery"] == 1
    beat_heart()
    assert heartbeat.age("worker") is not None


def test_strangers_learn_states_and_no_words(alive: None) -> None:
    readiness.register("outbox", lambda: Finding(State.DEGRADED, "7 alerts wait at db.internal"))
    assert ask().json()["checks"]["outbox"] == "degraded"
    assert b"db.internal" not in ask().content


def test_a_missing_migration_takes_the_process_out(
    alive: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = conditions.migrations_on_disk()
    monkeypatch.setattr(conditions, "migrations_on_disk", lambda: known | {("costs", "9999_new")})
    answer = ask()
    assert (answer.status_code, answer.json()["checks"]["migrations"]) == (503, "failed")


def test_a_database_that_hangs_does_not_hang_the_probe(
    alive: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    readiness.register(
        "database", lambda: Finding(State.OK) if release.wait(30) else _late(), essential=True
    )
    started = time.monotonic()
    answers = [ask() for _ in range(2)]
    release.set()
    assert [answer.status_code for answer in answers] == [503, 503]
    assert time.monotonic() - started < 2 * readiness.DEADLINE_SECONDS + 2
    assert sum(t.name == "readiness-database" for t in threading.enumerate()) <= 1


def _late() -> Finding:
    raise AssertionError("the probe waited for the database")


def test_a_check_that_raises_is_named_by_its_class_only(alive: None, settings: Any) -> None:
    settings.METRICS_TOKEN = "operator"

    def secretive() -> Finding:
        raise ValueError("password=hunter2")

    readiness.register("planner", secretive)
    answer = ask(HTTP_AUTHORIZATION="Bearer operator")
    assert answer.json()["checks"]["planner"] == {
        "state": "degraded",
        "words": "raised ValueError",
    }


def test_redis_away_is_not_ready(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.REDIS_URL = f"redis://127.0.0.1:{unused.getsockname()[1]}/0"
        answer = ask()
    assert (answer.status_code, answer.json()["checks"]["redis"]) == (503, "failed")


def test_only_reading_is_allowed() -> None:
    assert Client().post("/readyz", HTTP_HOST="localhost").status_code == 405


def test_a_probe_opens_no_transaction_of_its_own(alive: None) -> None:
    assert ask().status_code == 200
    assert connection.schema_name == "public"  # type: ignore[attr-defined]  # of our backend
