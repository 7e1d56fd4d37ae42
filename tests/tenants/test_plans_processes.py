"""A change by staff reaches two web processes and a worker that were running all along, within a minute."""

import http.client
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from costinsights.accounts.models import Role
from costinsights.core.tenancy import tenant_context
from costinsights.local.ports import LOOPBACK, free_port
from costinsights.local.processes import wait_until
from costinsights.local.state import PROJECT
from tenants.features import Feature
from tenants.models import FeatureSwitch, Tenant
from tenants.trials import override_feature, remove_override
from tests.database import admin_connection
from tests.factories.accounts import UserFactory, token_of
from tests.figures import count
from tests.tenants.gated_job import leave_a_mark

pytestmark = [
    pytest.mark.processes,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]
A_MINUTE = 60
SWITCH = Feature.CURRENT_COSTS.value


@dataclass
class Fleet:
    """Two web processes and a worker on the test's own database, Redis and queue."""

    tenant: Tenant
    ports: list[int]
    log: Path
    token: str

    def web(self, port: int) -> str:
        """What a web process says now: “open”, or the code of its refusal."""
        web = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
        headers = {"Host": "acme.localhost", "Authorization": f"Bearer {self.token}"}
        web.request("GET", "/api/v1/costs/current", headers=headers)
        answer = web.getresponse()
        body: Any = json.loads(answer.read())
        web.close()
        return "open" if answer.status == 200 else str(body["code"])

    def worker(self) -> str:
        """What the worker does with a job sent now: “open” when it ran, “plan_required” when it was skipped."""
        mark = uuid.uuid4().hex
        with tenant_context(self.tenant):
            job = leave_a_mark.apply_async(kwargs={"mark": mark})
            settled = wait_until(lambda: self.ran(mark) or self.skipped(job.id), seconds=A_MINUTE)
            assert settled, self.log.read_text()[-3000:]
            return "open" if self.ran(mark) else "plan_required"

    def ran(self, mark: str) -> bool:
        return bool(cache.get(f"mark:{mark}") == "left")

    def skipped(self, job: str) -> bool:
        return any(job in line and "job_skipped" in line for line in self._lines())

    def _lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def all_say(self, expected: str, what: str) -> None:
        """Every process says `expected` within a minute; the figure is when the last one did."""
        start = monotonic()
        everybody: list[Callable[[], str]] = [
            *(partial(self.web, port) for port in self.ports),
            self.worker,
        ]
        for one in everybody:
            left = A_MINUTE - (monotonic() - start)
            assert wait_until(partial(_says, one, expected), seconds=left), what
        count(f"milliseconds until three processes saw {what}", int((monotonic() - start) * 1000))


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "costinsights.settings",
        "SWITCH_CACHE_SECONDS": "2",
        "LOG_JSON": "1",
    }
    ports = [free_port(), free_port()]
    log = tmp_path / "worker.log"
    commands = [
        *(["gunicorn", "costinsights.wsgi", "--bind", f"{LOOPBACK}:{port}"] for port in ports),
        [
            *("celery", "-A", "costinsights.celery", "worker", "--pool", "solo", "-l", "INFO"),
            *("-I", "tests.tenants.gated_job", "--without-gossip", "--without-mingle"),
        ],
    ]
    started = []
    with log.open("wb") as output, (tmp_path / "web.log").open("wb") as chatter:
        for command in commands:
            to = output if command[0] == "celery" else chatter
            started.append(
                subprocess.Popen(  # noqa: S603  # our own programs
                    [sys.executable, "-m", *command],
                    cwd=PROJECT,
                    env=environment,
                    stdout=to,
                    stderr=to,
                )
            )
    acme = Tenant.objects.get(slug="acme")
    with tenant_context(acme):
        token = token_of(UserFactory.create(role=Role.OWNER))
    try:
        fleet = Fleet(acme, ports, log, token)
        for port in ports:
            assert wait_until(partial(_answers, port), seconds=A_MINUTE), "no web process"
        yield fleet
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=30)
        by_raw_sql(active=True)


def _says(one: Callable[[], str], expected: str) -> bool:
    return one() == expected


def _answers(port: int) -> bool:
    web = http.client.HTTPConnection(LOOPBACK, port, timeout=1)
    try:
        web.request("GET", "/livez")
        return web.getresponse().status == 200
    except OSError:
        return False
    finally:
        web.close()


def by_raw_sql(*, active: bool) -> None:
    """Past the ORM: no signal, no flush."""
    with admin_connection(connection.settings_dict["NAME"]) as admin:
        admin.execute(
            "UPDATE tenants_featureswitch SET active = %s WHERE name = %s", [active, SWITCH]
        )


def by_orm(*, active: bool) -> None:
    """As the staff's form saves it."""
    switch = FeatureSwitch.objects.get(name=SWITCH)
    switch.active = active
    switch.save()


def by_bulk_update(*, active: bool) -> None:
    FeatureSwitch.objects.filter(name=SWITCH).update(active=active)


def by_exception(*, active: bool) -> None:
    given: dict[str, Any] = {
        "tenant": Tenant.objects.get(slug="acme"),
        "feature": Feature.CURRENT_COSTS,
    }
    if active:
        remove_override(**given, reason="the test is over")
    else:
        override_feature(**given, is_open=False, reason="a test", actor=None, at=timezone.now())


def test_a_change_by_staff_reaches_every_running_process(fleet: Fleet) -> None:
    fleet.all_say("open", "the start")
    for change, how in (
        (by_orm, "a saved switch"),
        (by_bulk_update, "a bulk update"),
        (by_raw_sql, "raw SQL"),
        (by_exception, "an exception for the tenant"),
    ):
        for active in (False, True):
            change(active=active)
            fleet.all_say("open" if active else "plan_required", how)
