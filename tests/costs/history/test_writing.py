"""What is stored is what was read: exactly, once, whatever the order and however often."""

from random import Random

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costinsights.costs.history.facts import window_facts
from costinsights.costs.history.models import Grain, Snapshot, SnapshotRevision, SnapshotState
from costinsights.costs.history.writer import Written, write_window
from costinsights.costs.models import Cluster, CostDay
from costinsights.opencost.rows import AllocatedCost
from tenants.models import Tenant
from tests.costs.history.books import KEYS, column_sums, day, every_row, opened, reading, stored
from tests.costs.rows import cost_row, row_lists
from tests.factories.costs import ClusterFactory


@pytest.fixture
def cluster(acme: Tenant) -> Cluster:
    return ClusterFactory.create()


def test_the_store_holds_what_the_ledger_says(cluster: Cluster) -> None:
    rows = [cost_row(cpu_cost=10), cost_row(namespace="web", ram_cost=5, minutes=1440.0)]
    assert stored(cluster, day(0).start, rows) is Written.STORED
    snapshot = Snapshot.objects.get()
    assert (snapshot.total, snapshot.rows, snapshot.state) == (15, 2, SnapshotState.OK)
    assert column_sums("costs_costday")[8] == 15


def test_containers_of_one_workload_on_one_node_are_one_fact(cluster: Cluster) -> None:
    rows = [cost_row(pod=f"api-{number}", cpu_cost=number) for number in range(5)]
    stored(cluster, day(0).start, rows)
    assert CostDay.objects.get().cpu_cost == 10


def test_reading_the_same_again_changes_nothing(cluster: Cluster) -> None:
    rows = [cost_row(cpu_cost=10), cost_row(namespace="web", cpu_cost=3)]
    stored(cluster, day(0).start, rows)
    before = every_row()
    assert stored(cluster, day(0).start, rows[::-1]) is Written.UNCHANGED
    assert every_row() == before
    assert not SnapshotRevision.objects.exists()


def test_a_restated_window_keeps_its_previous_total(cluster: Cluster) -> None:
    stored(cluster, day(0).start, [cost_row(cpu_cost=10)])
    assert stored(cluster, day(0).start, [cost_row(cpu_cost=12)]) is Written.RESTATED
    assert SnapshotRevision.objects.get().total == 10
    assert Snapshot.objects.get().revision == 2
    assert column_sums("costs_nodemonth")[8] == 12


def test_an_empty_answer_never_overwrites_what_is_stored(cluster: Cluster) -> None:
    stored(cluster, day(0).start, [cost_row(cpu_cost=10)])
    assert stored(cluster, day(0).start, []) is Written.KEPT
    assert Snapshot.objects.get().state == SnapshotState.PARTIAL
    assert column_sums("costs_groupday")[8] == 10


def test_a_window_without_costs_is_empty_and_not_zero(cluster: Cluster) -> None:
    assert stored(cluster, day(0).start, []) is Written.EMPTY
    assert Snapshot.objects.get().state == SnapshotState.EMPTY


def test_whoever_lost_the_lease_writes_nothing(cluster: Cluster) -> None:
    snapshot = opened(cluster, day(0).start)
    Snapshot.objects.update(attempt=1)
    facts = window_facts([cost_row(cpu_cost=1)], KEYS)
    assert write_window(snapshot, facts, reading(), attempt=0) is Written.FENCED
    assert not CostDay.objects.exists()


def test_the_database_refuses_a_fact_that_does_not_add_up(cluster: Cluster) -> None:
    stored(cluster, day(0).start, [cost_row(cpu_cost=10)])
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE costs_costday SET total_cost = total_cost + 1")


def test_labels_are_kept_as_they_were_at_the_time(cluster: Cluster) -> None:
    stored(cluster, day(0).start, [cost_row(labels={"team": "blue", "pod_hash": "x"}, cpu_cost=1)])
    stored(cluster, day(1).start, [cost_row(labels={"team": "red"}, cpu_cost=1)])
    days = {row.day: row.label_set.labels for row in CostDay.objects.select_related("label_set")}
    assert list(days.values()) == [{"team": "blue"}, {"team": "red"}]


def test_hours_and_days_are_books_of_their_own(cluster: Cluster) -> None:
    stored(cluster, day(0).start, [cost_row(cpu_cost=24)])
    stored(cluster, day(0).start, [cost_row(cpu_cost=1, minutes=60.0)], grain=Grain.HOUR)
    assert column_sums("costs_costhour")[8] == 1
    assert column_sums("costs_grouphour")[8] == 1
    assert column_sums("costs_nodemonth")[8] == 24


@settings(
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    windows=st.lists(st.tuples(st.integers(0, 5), row_lists()), min_size=1, max_size=6),
    order=st.randoms(use_true_random=False),
)
def test_any_windows_in_any_order_end_in_the_same_books(
    acme: Tenant, windows: list[tuple[int, list[AllocatedCost]]], order: Random
) -> None:
    with transaction.atomic():
        first, second = ClusterFactory.create(), ClusterFactory.create()
        for number, rows in windows:
            stored(first, day(number).start, rows)
        # The other store sees each window's last reading that was not empty, once, in any order.
        last = {number: rows for number, rows in windows if rows}
        replayed = list(last.items())
        order.shuffle(replayed)
        for number, rows in replayed:
            stored(second, day(number).start, rows)
        ledger = sum(Snapshot.objects.values_list("total", flat=True))
        for table in ("costs_costday", "costs_groupday", "costs_nodemonth"):
            assert column_sums(table)[8] == ledger
        assert column_sums("costs_costday") == column_sums("costs_nodemonth")
        for rows_of_both in (every_row()[name] for name in ("day", "group", "month")):
            mine = [row[1:] for row in rows_of_both if row[0] == first.pk]
            theirs = [row[1:] for row in rows_of_both if row[0] == second.pk]
            assert mine == theirs
        transaction.set_rollback(True)
