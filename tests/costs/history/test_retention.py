"""What is past its time goes, out of every book at once; what is not stays as it was."""

import datetime as dt

import pytest

from costinsights.core.periods import DAY, HOUR
from costinsights.costs.history import retention
from costinsights.costs.history.facts import window_facts
from costinsights.costs.history.models import Grain, Snapshot, Workload, WorkloadGroup
from costinsights.costs.history.retention import forget_cluster, forget_old_windows
from costinsights.costs.history.verify import verify_history
from costinsights.costs.history.writer import Written, write_window
from costinsights.costs.models import Cluster
from costinsights.costs.services import remove_cluster
from tenants.models import Tenant
from tests.costs.history.books import KEYS, column_sums, every_row, opened, reading, stored
from tests.costs.rows import cost_row
from tests.factories.costs import ClusterFactory

FIRST_OF_MONTH = dt.datetime(2026, 12, 1, 4, 27, tzinfo=dt.UTC)
TODAY = FIRST_OF_MONTH.replace(hour=0, minute=0)
TABLES = ("costday", "costhour", "groupday", "grouphour", "nodemonth")


@pytest.fixture
def cluster(acme: Tenant) -> Cluster:
    return ClusterFactory.create()


def days_back(cluster: Cluster, *numbers: int) -> None:
    for number in numbers:
        stored(cluster, TODAY - number * DAY, [cost_row(cpu_cost=10 ** (number % 5))])


def hours_back(cluster: Cluster, *numbers: int) -> None:
    for number in numbers:
        stored(cluster, TODAY - number * HOUR, [cost_row(cpu_cost=number)], grain=Grain.HOUR)


def windows(cluster: Cluster, grain: Grain) -> list[dt.datetime]:
    found = Snapshot.objects.filter(cluster=cluster, grain=grain).order_by("-window_start")
    return list(found.values_list("window_start", flat=True))


def totals() -> list[int]:
    return [column_sums(f"costs_{table}")[8] for table in TABLES]


def test_days_past_the_plans_retention_go_out_of_every_book(cluster: Cluster) -> None:
    days_back(cluster, 1, 14, 15, 16, 40)
    assert forget_old_windows(now=FIRST_OF_MONTH, retention_days=15) == 2
    assert windows(cluster, Grain.DAY) == [TODAY - number * DAY for number in (1, 14, 15)]
    assert totals() == [10_011, 0, 10_011, 0, 10_011]
    assert verify_history().mismatches == []


def test_hours_are_kept_for_some_weeks_whatever_the_plan(cluster: Cluster) -> None:
    hours_back(cluster, 1, 35 * 24 - 4, 35 * 24 - 3, 36 * 24)
    days_back(cluster, 36)
    assert forget_old_windows(now=FIRST_OF_MONTH, retention_days=400) == 2
    assert windows(cluster, Grain.HOUR) == [TODAY - HOUR, TODAY - (35 * 24 - 4) * HOUR]
    assert windows(cluster, Grain.DAY) == [TODAY - 36 * DAY]
    assert verify_history().mismatches == []


def test_forgetting_many_windows_takes_several_transactions(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "WINDOWS_AT_ONCE", 2)
    days_back(cluster, *range(20, 25))
    assert forget_old_windows(now=FIRST_OF_MONTH, retention_days=15) == 5
    assert totals() == [0] * 5
    assert forget_old_windows(now=FIRST_OF_MONTH, retention_days=15) == 0


def test_windows_that_hold_nothing_go_as_well(cluster: Cluster) -> None:
    opened(cluster, TODAY - 20 * DAY)
    stored(cluster, TODAY - 21 * DAY, [])
    assert forget_old_windows(now=FIRST_OF_MONTH, retention_days=15) == 2
    assert not Snapshot.objects.exists()


def test_once_a_month_names_that_nothing_points_to_go(cluster: Cluster) -> None:
    stored(cluster, TODAY - 20 * DAY, [cost_row(namespace="old"), cost_row(controller="gone")])
    stored(cluster, TODAY - DAY, [cost_row(namespace="shop", controller="api")])
    stored(cluster, TODAY - HOUR, [cost_row(namespace="hourly")], grain=Grain.HOUR)
    before = every_row()["group"]
    forget_old_windows(now=FIRST_OF_MONTH, retention_days=15)
    assert set(WorkloadGroup.objects.values_list("namespace", flat=True)) == {"shop", "hourly"}
    assert set(Workload.objects.values_list("controller", flat=True)) == {"api"}
    assert every_row()["group"] == [row for row in before if row[1] == (TODAY - DAY).date()]


def test_names_stay_on_every_other_day(cluster: Cluster) -> None:
    days_back(cluster, 20)
    forget_old_windows(now=FIRST_OF_MONTH + DAY, retention_days=15)
    assert Workload.objects.exists()


def test_forgetting_one_cluster_leaves_the_others(cluster: Cluster) -> None:
    other = ClusterFactory.create()
    for each in (cluster, other):
        days_back(each, 1, 2)
        hours_back(each, 3)
    forget_cluster(cluster)
    Snapshot.objects.filter(cluster=cluster).delete()
    assert totals() == [110, 3, 110, 3, 110]
    assert verify_history().mismatches == []


def test_a_window_read_while_its_cluster_was_removed_is_not_stored(cluster: Cluster) -> None:
    snapshot = opened(cluster, TODAY - DAY)
    remove_cluster(cluster)
    facts = window_facts([cost_row(cpu_cost=1)], KEYS)
    assert write_window(snapshot, facts, reading(), attempt=0) is Written.FENCED
    assert totals() == [0] * 5


def test_a_window_read_while_it_was_forgotten_is_not_stored(cluster: Cluster) -> None:
    snapshot = opened(cluster, TODAY - 20 * DAY)
    forget_old_windows(now=FIRST_OF_MONTH, retention_days=15)
    facts = window_facts([cost_row(cpu_cost=1)], KEYS)
    assert write_window(snapshot, facts, reading(), attempt=0) is Written.FENCED
    assert totals() == [0] * 5
