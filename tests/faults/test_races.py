"""Sixteen processes race for each window: one result each, whoever was first, last or in between."""

import datetime as dt
import json
import os
import subprocess
import sys

import pytest
from django.db import connection

from costinsights.core.periods import DAY, utc_day
from costinsights.core.tenancy import tenant_context
from costinsights.costs.history.models import Grain, Snapshot
from costinsights.costs.history.verify import verify_history
from costinsights.local.state import PROJECT
from tenants.models import Tenant
from tests.database import admin_connection
from tests.factories.costs import ClusterFactory
from tests.faults.books import compare
from tests.faults.conftest import survived
from tests.faults.figures import Figures
from tests.faults.racing import RACERS
from tests.faults.source import Source

pytestmark = [
    pytest.mark.processes,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]


def test_sixteen_racers_leave_one_result_of_each_window(scale: Figures) -> None:
    now, windows = dt.datetime.now(dt.UTC), scale.raced_windows
    acme = Tenant.objects.get(slug="acme")
    with tenant_context(acme):
        cluster = ClusterFactory.create(slug="raced")
        starts = [utc_day(now) - number * DAY for number in range(windows, 0, -1)]
        Snapshot.objects.bulk_create(
            Snapshot(cluster=cluster, grain=Grain.DAY, window_start=start, due_at=None)
            for start in starts
        )
    outcomes = raced(windows)
    with admin_connection(connection.settings_dict["NAME"]) as admin:
        source = Source(1, workloads=10)
        verdict = compare(admin, acme.schema_name, "raced", source, since=now, grains=("day",))
    with tenant_context(acme):
        verdict.wrong += [mismatch.where for mismatch in verify_history().mismatches]
    survived("sixteen racers on each window", windows, verdict, also=str(outcomes))
    assert outcomes["stored"] == verdict.windows == windows
    assert sum(outcomes.values()) == windows * RACERS
    assert outcomes["fenced"] >= windows // 2 * (RACERS - 1)


def raced(windows: int) -> dict[str, int]:
    """What became of every racer's try."""
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-m", "tests.faults.racing", "acme", str(windows)],
        cwd=PROJECT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "costinsights.settings",
            "DATABASE_POOL_SIZE": "1",
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    outcomes: dict[str, int] = json.loads(done.stdout)
    return outcomes
