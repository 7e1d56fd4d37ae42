"""The operator's commands over stored history, on the sample cluster's costs."""

import datetime as dt
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection

from costinsights.costs.history.models import Grain, Snapshot
from costinsights.costs.models import Cluster
from tenants.models import Tenant
from tests.costs.history.books import day, stored
from tests.costs.rows import cost_row
from tests.factories.costs import ClusterFactory

NOON = dt.datetime(2026, 11, 23, 12, 20, tzinfo=dt.UTC)


@pytest.fixture
def cluster(acme: Tenant) -> Cluster:
    return ClusterFactory.create(is_demo=True, slug="sample")


def ran(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, "--tenant", "acme", stdout=out, stderr=out)
    return out.getvalue()


def test_a_backfill_reads_days_and_says_which(cluster: Cluster) -> None:
    with time_machine.travel(NOON, tick=False):
        said = ran("backfill", "sample", "--days", "3")
    assert "sample" not in said.splitlines()[0]
    assert "2026-11-20 00:00 day:" in said
    assert "done" in said.splitlines()[-1]
    assert "agree" in ran("verify_history")


def test_a_window_is_read_again_on_demand(cluster: Cluster) -> None:
    with time_machine.travel(NOON, tick=False):
        ran("snapshot")
        said = ran("snapshot", "--cluster", "sample", "--window", "2026-11-22")
    assert "sample day 2026-11-22T00: unchanged" in said


def test_gaps_are_listed_with_their_reason(acme: Tenant) -> None:
    cluster = ClusterFactory.create(slug="prod")
    stored(cluster, day(0).start, [cost_row(cpu_cost=1, minutes=1440.0)])
    stored(cluster, day(3).start, [cost_row(cpu_cost=1, minutes=600.0)])
    said = ran("gaps")
    assert "prod day 2026-10-29T00:00Z 2 never planned" in said
    assert "partial" in said


def test_a_book_that_was_tampered_with_is_named(acme: Tenant) -> None:
    cluster = ClusterFactory.create()
    stored(cluster, day(0).start, [cost_row(cpu_cost=5)])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE costs_costday SET cpu_cost = 6, total_cost = 6")
    with pytest.raises(CommandError, match="do not agree"):
        ran("verify_history")


def test_an_unknown_window_is_refused(cluster: Cluster) -> None:
    with pytest.raises(CommandError, match="is no day and no hour"):
        ran("snapshot", "--cluster", "sample", "--window", "yesterday")
    assert not Snapshot.objects.filter(grain=Grain.DAY).exists()
