"""Idempotency-Key among 32 threads, and while the web process is killed in the middle of the work."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from psycopg import sql

from costinsights.accounts.models import ApiToken, IdempotentRequest, Role, User
from costinsights.core.tenancy import tenant_context
from costinsights.local.ports import LOOPBACK, free_port
from costinsights.local.programs import answers
from tenants.models import Tenant
from tests.accounts.people import sign_in
from tests.database import admin_connection
from tests.factories.accounts import UserFactory
from tests.figures import count

TOKENS = "/api/v1/tokens/"
THREADS = 32
CSRF_SECRET = "c" * 32
pytestmark = [pytest.mark.slow, pytest.mark.processes]


@pytest.fixture
def owner(transactional_db: None, acme: Tenant) -> User:
    return UserFactory.create(role=Role.OWNER)


@pytest.fixture
def cookies(owner: User, acme: Tenant, client_of: Any) -> Any:
    client: Client = client_of(acme)
    sign_in(client, owner)
    session = client.session
    session["_csrftoken"] = CSRF_SECRET  # what a page with a form would have put there
    session.save()
    return client


@pytest.mark.parametrize("round_", range(4))
def test_of_thirty_two_threads_with_one_key_one_has_the_effect(
    acme: Tenant, cookies: Client, client_of: Any, settings: Any, round_: int
) -> None:
    settings.API_RATE = "1000000/min"
    start = threading.Barrier(THREADS)

    def send(number: int) -> tuple[int, bytes, int]:
        client: Client = client_of(acme)
        client.cookies = cookies.cookies
        start.wait(60)
        waits = 0
        while True:
            answer = client.post(
                TOKENS,
                {"name": "x"},
                content_type="application/json",
                HTTP_IDEMPOTENCY_KEY=f"round-{round_}",
            )
            if answer.status_code != 409:
                connection.close()
                return answer.status_code, answer.content, waits
            assert answer.json()["code"] == "idempotency_key_in_use"
            waits += 1

    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(send, range(THREADS)))

    assert {(status, body) for status, body, _ in results} == {(201, results[0][1])}
    assert (ApiToken.objects.count(), IdempotentRequest.objects.count()) == (1, 1)
    count("idempotent requests sent", THREADS + sum(waits for _, _, waits in results))


class Web:
    """A web server of its own processes on a free port."""

    def __init__(self) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(  # noqa: S603  # our own program
            [
                sys.executable, "-m", "gunicorn", "costinsights.wsgi", "--bind", f"{LOOPBACK}:{self.port}",
                "--worker-class", "gthread", "--workers", "1", "--threads", "4", "--no-control-socket",
            ],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "costinsights.settings"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        while not answers(self.port, "/livez"):
            assert self.process.poll() is None, "the web server did not start"

    def kill(self) -> None:
        """SIGKILL for the server and its workers at once."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def web() -> Iterator[list[Web]]:
    started: list[Web] = []
    yield started
    for server in started:
        server.kill()


def send(web: Web, client: Client, key: str) -> tuple[int, dict[str, Any], bool]:
    """POST /tokens/ over the network, with the browser's session. Returns status, body, replayed."""
    connected = http.client.HTTPConnection(LOOPBACK, web.port, timeout=60)
    [cookie] = client.cookies.values()
    headers = {
        "Host": "acme.localhost",
        "Cookie": f"{cookie.key}={cookie.value}",
        "X-CSRFToken": CSRF_SECRET,
        "Content-Type": "application/json",
        "Idempotency-Key": key,
    }
    connected.request("POST", TOKENS, json.dumps({"name": "x"}), headers)
    answer = connected.getresponse()
    body = json.loads(answer.read())
    connected.close()
    return answer.status, body, answer.getheader("Idempotency-Replayed") == "true"


def wait_for_blocked_insert(admin: Any, request: "Future[Any]") -> None:
    """Until the web process has made the token and waits to keep its answer."""
    while not admin.execute(
        "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock' "
        "AND query LIKE 'INSERT INTO \"accounts_idempotentrequest\"%%'",
        [connection.settings_dict["NAME"]],
    ).fetchall():
        assert not request.done(), request.result()


def test_a_killed_web_process_leaves_neither_effect_nor_lock(
    acme: Tenant, cookies: Client, web: list[Web]
) -> None:
    """Killed between the effect and the commit; afterwards the key works, and the effect is there once."""
    web.append(Web())
    name = connection.settings_dict["NAME"]
    table = sql.Identifier(acme.schema_name, "accounts_idempotentrequest")
    with admin_connection(name) as holder, admin_connection(name) as admin:
        with holder.transaction(), ThreadPoolExecutor(1) as pool:
            holder.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(table))
            cut_off = pool.submit(send, web[0], cookies, "key")
            wait_for_blocked_insert(admin, cut_off)
            web[0].kill()
            with pytest.raises((OSError, http.client.HTTPException)):
                cut_off.result()
        with tenant_context(acme):
            assert ApiToken.objects.count() == 0

    web.append(Web())
    status, made, replayed = send(web[1], cookies, "key")
    while status == 409:  # until Postgres has noticed that the killed process is gone
        status, made, replayed = send(web[1], cookies, "key")
    assert (status, replayed) == (201, False)
    assert send(web[1], cookies, "key") == (201, made, True)
    assert [token.key_id for token in ApiToken.objects.all()] == [made["key_id"]]
