"""An OpenCost that hangs takes no time from those that answer: who is read where, and for how long."""

import datetime as dt

import pytest
from django.core.cache import caches
from pytest_django import Settings

from costinsights.core.readiness import State
from costinsights.costs.history import lanes, ledger
from costinsights.costs.history.ingest import HANDED_OVER, Outcome, ingest_next
from costinsights.costs.history.lanes import Lane
from costinsights.costs.history.models import Grain, IngestState, Snapshot, SnapshotState
from costinsights.costs.history.planner import slow_lane_lag
from costinsights.costs.history.tasks import keep_history, keep_slow_history
from costinsights.costs.models import Cluster
from costinsights.operations import redis
from tenants.models import Tenant
from tests.factories.costs import ClusterFactory
from tests.fakes.raw_servers import hangs, serving

NOON = dt.datetime(2026, 11, 23, 12, 5, tzinfo=dt.UTC)
HOUR = NOON.replace(minute=0) - dt.timedelta(hours=2)


@pytest.fixture(autouse=True)
def _impatient(settings: Settings) -> None:
    settings.HISTORY_PATIENCE_SECONDS = 0.2
    settings.OPENCOST_DEADLINE_SECONDS = 0.4


def cluster_with_window(url: str = "http://127.0.0.1:9", *, windows: int = 1) -> Cluster:
    cluster = ClusterFactory.create(opencost_url=url)
    ledger.ingest_state(cluster, now=NOON)
    for number in range(windows):
        start = HOUR - number * dt.timedelta(hours=1)
        Snapshot.objects.create(
            cluster=cluster, grain=Grain.HOUR, window_start=start, due_at=NOON, priority=20
        )
    return cluster


def read(lane: Lane | None) -> Outcome | None:
    return ingest_next(clock=lambda: NOON, lane=lane)


def make_slow(cluster: Cluster) -> None:
    lanes.use_slow_lane(cluster.pk, now=NOON)


def test_a_hanging_opencost_is_handed_over_and_nothing_counts_as_failed(acme: Tenant) -> None:
    with serving(hangs) as server:
        cluster_with_window(server.url())
        outcome = read(Lane.QUICK)
        assert outcome is not None
        assert outcome.error_code == HANDED_OVER
        assert read(Lane.QUICK) is None
    [window] = Snapshot.objects.all()
    assert (window.state, window.tries, window.error_code) == (SnapshotState.PENDING, 0, "")
    assert IngestState.objects.get().failures == 0
    assert ledger.is_due(now=NOON, lane=Lane.SLOW)


def test_in_the_slow_lane_hanging_once_is_enough_to_be_left_alone(acme: Tenant) -> None:
    with serving(hangs) as server:
        make_slow(cluster_with_window(server.url(), windows=2))
        outcome = read(Lane.SLOW)
    assert outcome is not None
    assert outcome.error_code == "opencost_timed_out"
    assert not ledger.is_due(now=NOON, lane=Lane.SLOW)
    state = IngestState.objects.get()
    assert state.closed_until is not None
    assert state.hung_at == NOON


def test_who_hung_is_asked_the_smallest_question_first(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "PROBE_SECONDS", 0.1)
    with serving(hangs) as server:
        cluster = cluster_with_window(server.url())
        IngestState.objects.filter(cluster=cluster).update(slow_since=NOON, hung_at=NOON)
        outcome = read(Lane.SLOW)
        lines = [request.split(b" ")[1] for request in server.requests]
    assert outcome is not None
    assert outcome.error_code == "opencost_timed_out"
    assert lines == [b"/installInfo"]


def test_a_slow_cluster_waits_for_its_lane_only(acme: Tenant) -> None:
    slow, quick = cluster_with_window(), cluster_with_window()
    make_slow(slow)
    first = ledger.claim(now=NOON, lane=Lane.QUICK)
    assert first is not None
    assert first.snapshot.cluster_id == quick.pk
    assert ledger.claim(now=NOON, lane=Lane.QUICK) is None
    other = ledger.claim(now=NOON, lane=Lane.SLOW)
    assert other is not None
    assert other.snapshot.cluster_id == slow.pk


def test_a_workspace_reads_only_so_many_windows_at_once(acme: Tenant, settings: Settings) -> None:
    settings.HISTORY_READS_PER_TENANT = 3
    quick = [cluster_with_window() for _ in range(5)]
    slow = [cluster_with_window() for _ in range(3)]
    for cluster in slow:
        make_slow(cluster)
    assert sum(ledger.claim(now=NOON, lane=Lane.QUICK) is not None for _ in quick) == 3
    assert sum(ledger.claim(now=NOON, lane=Lane.SLOW) is not None for _ in slow) == 1


def test_by_hand_any_cluster_is_read_at_once(acme: Tenant) -> None:
    make_slow(cluster_with_window())
    cluster_with_window()
    assert [ledger.claim(now=NOON) is not None for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("usual", "seconds"),
    [([], 10.0), ([0.2, 0.1], 5.0), ([0.2, 3.0], 12.0), ([2.0, 40.0], 30.0)],
    ids=["unknown", "quick", "sometimes slower", "as long as it may be"],
)
def test_patience_is_a_multiple_of_what_a_cluster_usually_takes(
    acme: Tenant, settings: Settings, usual: list[float], seconds: float
) -> None:
    settings.HISTORY_PATIENCE_SECONDS = 30
    settings.OPENCOST_DEADLINE_SECONDS = 300
    cluster = cluster_with_window(windows=len(usual) or 1)
    for window, taken in zip(Snapshot.objects.order_by("window_start"), usual, strict=False):
        Snapshot.objects.filter(pk=window.pk).update(read_seconds=taken)
    assert lanes.patience(cluster.pk, Grain.HOUR, Lane.QUICK) == seconds
    assert lanes.patience(cluster.pk, Grain.HOUR, Lane.SLOW) == 300


def test_who_answers_quickly_again_comes_back(acme: Tenant, settings: Settings) -> None:
    settings.HISTORY_PATIENCE_SECONDS = 30
    cluster = cluster_with_window()
    state = IngestState.objects.filter(cluster=cluster, slow_since=None)
    lanes.note_pace(cluster.pk, seconds=11, now=NOON)
    assert not state.exists()
    lanes.note_pace(cluster.pk, seconds=9, now=NOON)
    assert state.exists()


def test_quick_hours_do_not_bring_back_a_cluster_with_slow_days(
    acme: Tenant, settings: Settings
) -> None:
    settings.HISTORY_PATIENCE_SECONDS = 30
    cluster = cluster_with_window()
    make_slow(cluster)
    Snapshot.objects.create(
        cluster=cluster, grain=Grain.DAY, window_start=HOUR.replace(hour=0), read_seconds=90
    )
    lanes.note_pace(cluster.pk, seconds=1, now=NOON)
    assert IngestState.objects.get().slow_since == NOON


def waiting(queue: str) -> int:
    return redis.queue_lengths()[queue]


def test_the_quick_lane_wakes_the_slow_one_once(acme: Tenant) -> None:
    with serving(hangs) as server:
        make_slow(ClusterFactory.create(opencost_url=server.url()))
        keep_history()
        IngestState.objects.update(slow_since=NOON)
        keep_history()
        keep_history()
    assert waiting("slow") == 1
    assert waiting("history") == 0


def test_a_slow_reading_goes_to_the_end_of_the_queue_if_more_is_due(acme: Tenant) -> None:
    for cluster in (cluster_with_window(), cluster_with_window()):
        make_slow(cluster)
    assert keep_slow_history() == 1
    assert waiting("slow") == 1


def test_a_slow_lane_that_nobody_reads_shows_in_readyz(acme: Tenant) -> None:
    caches["shared"].set("history:slow-waits-since", 0.0)
    assert slow_lane_lag().state == State.DEGRADED
    keep_slow_history()
    assert slow_lane_lag().state == State.OK
