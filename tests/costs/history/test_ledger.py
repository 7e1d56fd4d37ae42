"""Which windows are read, by whom, when; and that nothing is forgotten or read twice at once."""

import datetime as dt
import itertools

import pytest
from django.db import connection

from costinsights.core.periods import DAY, HOUR
from costinsights.costs.history import breaker, ledger
from costinsights.costs.history.facts import window_facts
from costinsights.costs.history.ingest import ingest_next
from costinsights.costs.history.models import (
    BackfillState,
    Grain,
    IngestState,
    Snapshot,
    SnapshotState,
)
from costinsights.costs.history.writer import Written, write_window
from costinsights.costs.models import Cluster
from tenants.models import Tenant
from tests.costs.history.books import KEYS, column_sums, reading
from tests.factories.costs import ClusterFactory

NOON = dt.datetime(2026, 11, 23, 12, 5, tzinfo=dt.UTC)
TODAY = NOON.replace(hour=0, minute=0)


@pytest.fixture
def cluster(acme: Tenant) -> Cluster:
    return ClusterFactory.create()


def windows(grain: Grain) -> list[dt.datetime]:
    return list(
        Snapshot.objects.filter(grain=grain)
        .order_by("window_start")
        .values_list("window_start", flat=True)
    )


def read_everything(now: dt.datetime) -> list[Written | None]:
    """As a worker does, until nothing is due."""
    outcomes = []
    while (outcome := ingest_next(clock=lambda: now)) is not None:
        outcomes.append(outcome.written)
    return outcomes


def failed(held: ledger.Claim, *, code: str, message: str) -> None:
    breaker.note_failure(
        held.snapshot,
        attempt=held.attempt,
        now=NOON,
        code=code,
        message=message,
        retry_is_useful=True,
    )


def test_only_closed_windows_are_planned(cluster: Cluster) -> None:
    ledger.plan(cluster, now=NOON, retention_days=400)
    assert windows(Grain.DAY) == [TODAY - DAY]
    # 11:00 to 12:00 is over, and its samples may still be on their way.
    assert windows(Grain.HOUR)[-1] == TODAY + 10 * HOUR
    ledger.plan(cluster, now=NOON + dt.timedelta(minutes=11), retention_days=400)
    assert windows(Grain.HOUR)[-1] == TODAY + 11 * HOUR


def test_planning_again_plans_nothing(cluster: Cluster) -> None:
    assert ledger.plan(cluster, now=NOON, retention_days=400) > 0
    assert ledger.plan(cluster, now=NOON, retention_days=400) == 0


def test_what_was_missed_while_nobody_planned_is_planned_later(cluster: Cluster) -> None:
    ledger.plan(cluster, now=NOON, retention_days=400)
    ledger.plan(cluster, now=NOON + 9 * DAY, retention_days=400)
    days = windows(Grain.DAY)
    assert days == [TODAY + number * DAY for number in range(-1, 9)]
    hours = windows(Grain.HOUR)
    assert all(later - earlier == HOUR for earlier, later in itertools.pairwise(hours))


def test_a_hole_in_the_ledger_is_filled(cluster: Cluster) -> None:
    ledger.plan(cluster, now=NOON, retention_days=400)
    later = NOON + 9 * DAY
    ledger.plan(cluster, now=later, retention_days=400)
    whole = {grain: windows(grain) for grain in Grain}
    Snapshot.objects.filter(window_start=TODAY + 3 * DAY).delete()  # a day and its first hour
    assert windows(Grain.DAY) != whole[Grain.DAY]
    assert ledger.plan(cluster, now=later, retention_days=400) == 2
    assert {grain: windows(grain) for grain in Grain} == whole


def test_a_planner_whose_clock_is_ahead_keeps_no_window_back(cluster: Cluster) -> None:
    ledger.plan(cluster, now=NOON + DAY, retention_days=400)
    held = ledger.claim(now=NOON)
    assert held is not None
    assert held.snapshot.window_start == TODAY + 10 * HOUR  # the last that was closed by noon


def test_one_cluster_is_asked_one_thing_at_a_time(cluster: Cluster) -> None:
    ledger.plan(cluster, now=NOON, retention_days=400)
    assert ledger.claim(now=NOON) is not None
    assert ledger.claim(now=NOON) is None


def test_another_cluster_is_taken_meanwhile(cluster: Cluster) -> None:
    other = ClusterFactory.create()
    for each in (cluster, other):
        ledger.plan(each, now=NOON, retention_days=400)
    first, second = ledger.claim(now=NOON), ledger.claim(now=NOON)
    assert first is not None
    assert second is not None
    assert {first.snapshot.cluster_id, second.snapshot.cluster_id} == {cluster.pk, other.pk}


def test_a_window_whose_worker_died_is_taken_over(cluster: Cluster) -> None:
    ledger.plan(cluster, now=NOON, retention_days=400)
    dead = ledger.claim(now=NOON)
    assert dead is not None
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE costs_snapshot SET leased_until = clock_timestamp() - interval '1 s'"
        )
    heir = ledger.claim(now=NOON)
    assert heir is not None
    assert heir.snapshot.pk == dead.snapshot.pk
    assert heir.attempt == dead.attempt + 1
    assert not ledger.renew(dead)


def test_asking_again_for_what_is_being_read_is_not_forgotten(cluster: Cluster) -> None:
    ledger.plan(cluster, now=NOON, retention_days=400)
    held = ledger.claim(now=NOON)
    assert held is not None
    window = held.snapshot
    starts = [window.window_start]
    assert ledger.ask_again(cluster, now=NOON, starts=starts, grain=Grain(window.grain)) == 1
    facts = window_facts([], KEYS)
    assert write_window(window, facts, reading(), attempt=held.attempt) is Written.FENCED
    window.refresh_from_db()
    assert window.due_at == NOON


def test_recent_hours_come_before_days_and_days_before_the_past(cluster: Cluster) -> None:
    ledger.start_backfill(cluster, now=NOON, days=30)
    ledger.plan(cluster, now=NOON, retention_days=400)
    first = ledger.claim(now=NOON)
    assert first is not None
    assert (first.snapshot.grain, first.snapshot.window_start) == (Grain.HOUR, TODAY + 10 * HOUR)


def test_failures_are_tried_again_further_and_further_apart() -> None:
    pauses = [breaker.pause_after(tries, retry_is_useful=True) for tries in range(1, 8)]
    minutes = [pause.total_seconds() / 60 for pause in pauses]
    assert 0.8 <= minutes[0] <= 1.2
    assert 12.8 <= minutes[4] <= 19.2
    assert max(minutes) <= 36


def test_a_cluster_that_keeps_failing_is_left_alone_for_a_while(cluster: Cluster) -> None:
    ledger.plan(cluster, now=NOON, retention_days=400)
    for _ in range(breaker.FAILURES_TO_BREAK):
        held = ledger.claim(now=NOON)
        assert held is not None
        failed(held, code="x", message="down")
    assert ledger.claim(now=NOON) is None
    assert ledger.claim(now=NOON + dt.timedelta(minutes=3)) is not None


def test_a_failed_window_says_why_and_keeps_what_it_held(cluster: Cluster) -> None:
    ledger.plan(cluster, now=NOON, retention_days=400)
    held = ledger.claim(now=NOON)
    assert held is not None
    failed(held, code="timed_out", message="Too slow.")
    snapshot = Snapshot.objects.get(pk=held.snapshot.pk)
    assert (snapshot.state, snapshot.error_code) == (SnapshotState.FAILED, "timed_out")


def test_the_last_days_are_read_again_once_a_night(acme: Tenant) -> None:
    cluster = ClusterFactory.create(is_demo=True)
    ledger.plan(cluster, now=NOON, retention_days=400)
    read_everything(NOON)
    tonight = TODAY + DAY + 3 * HOUR
    ledger.plan(cluster, now=tonight, retention_days=400)
    again = Snapshot.objects.filter(grain=Grain.DAY, due_at__isnull=False, revision=1)
    assert [snapshot.window_start for snapshot in again] == [TODAY - DAY]
    read_everything(tonight)
    ledger.plan(cluster, now=tonight, retention_days=400)
    assert not Snapshot.objects.filter(due_at__isnull=False).exists()


def test_a_backfill_walks_back_to_the_first_empty_day(acme: Tenant) -> None:
    cluster = ClusterFactory.create(is_demo=True)
    ledger.plan(cluster, now=NOON, retention_days=400)
    ledger.start_backfill(cluster, now=NOON, days=6)
    for _ in range(10):
        ledger.plan(cluster, now=NOON, retention_days=400)
        read_everything(NOON)
    assert windows(Grain.DAY) == [TODAY - number * DAY for number in range(6, 0, -1)]
    assert IngestState.objects.get().backfill_state == BackfillState.DONE
    assert column_sums("costs_costday")[8] == sum(
        Snapshot.objects.filter(grain=Grain.DAY).values_list("total", flat=True)
    )


def test_a_cancelled_backfill_stops_and_goes_on_later(acme: Tenant) -> None:
    cluster = ClusterFactory.create(is_demo=True)
    ledger.plan(cluster, now=NOON, retention_days=400)
    read_everything(NOON)
    ledger.start_backfill(cluster, now=NOON, days=9)
    ledger.plan(cluster, now=NOON, retention_days=400)
    ledger.cancel_backfill(cluster, now=NOON)
    assert read_everything(NOON) == []
    ledger.start_backfill(cluster, now=NOON, days=4)
    for _ in range(6):
        ledger.plan(cluster, now=NOON, retention_days=400)
        read_everything(NOON)
    assert windows(Grain.DAY)[0] == TODAY - 4 * DAY


def test_an_opencost_that_is_down_leaves_a_reason_on_the_ledger(cluster: Cluster) -> None:
    ledger.plan(cluster, now=NOON, retention_days=400)
    outcome = ingest_next(clock=lambda: NOON)
    assert outcome is not None
    assert outcome.written is None
    snapshot = Snapshot.objects.get(pk=outcome.claim.snapshot.pk)
    assert snapshot.state == SnapshotState.FAILED
    assert snapshot.error_message
