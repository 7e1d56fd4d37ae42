"""Keeping numbers current: the job, its lock, and what is kept for how long."""

import datetime as dt
import threading
from typing import Any

import pytest
import time_machine

from costinsights.core.periods import DAY, ChargePeriod
from costinsights.costs import tasks
from costinsights.costs.current import cache
from costinsights.costs.current.answer import SourceState
from costinsights.costs.current.gather import LOCK
from costinsights.costs.current.pieces import is_fresh
from costinsights.costs.current.query import CurrentCostQuery
from costinsights.costs.models import Cluster
from costinsights.costs.read_scope import EVERYTHING
from costinsights.costs.selectors import current_costs
from costinsights.local.demo_opencost import DemoServer, Fault
from tests.costs.conftest import NOW

FRESH_FOR = dt.timedelta(seconds=60)


def ask(now: dt.datetime, wait: bool = True, **parameters: str) -> Any:
    return current_costs(
        CurrentCostQuery.parse(parameters, now=now, scope=EVERYTHING), now=now, wait=wait
    )


def run(costs: Any) -> int:
    """What the worker does with the answer's orders."""
    (order,) = costs.refreshes
    periods = [[str(p).split(",")[0], str(p).split(",")[1]] for p in order.periods]
    done = tasks.refresh_current_costs(
        cluster_id=order.cluster_id, fingerprint=order.fingerprint, periods=periods
    )
    return int(done)


def test_the_job_makes_a_stale_answer_fresh(
    prod: Cluster, demo: DemoServer, clock: time_machine.Traveller
) -> None:
    ask(NOW)
    clock.shift(600)
    later = NOW + dt.timedelta(seconds=600)

    assert run(ask(later)) == 1

    assert ask(later).sources[0].state == SourceState.FRESH
    assert ask(later).refreshes == []


def test_the_job_does_nothing_for_an_edited_cluster(
    prod: Cluster, demo: DemoServer, clock: time_machine.Traveller
) -> None:
    ask(NOW)
    clock.shift(600)
    stale = ask(NOW + dt.timedelta(seconds=600))
    asked = len(demo.requests)
    Cluster.objects.filter(pk=prod.pk).update(opencost_url=demo.url("staging-us-1"))

    assert run(stale) == 0
    assert len(demo.requests) == asked


def test_one_request_is_in_flight_for_an_opencost(
    prod: Cluster, demo: DemoServer, clock: time_machine.Traveller
) -> None:
    ask(NOW)
    clock.shift(600)
    stale = ask(NOW + dt.timedelta(seconds=600))
    cache.acquire(LOCK, prod.fingerprint, seconds=60)
    asked = len(demo.requests)

    assert run(stale) == 0
    assert len(demo.requests) == asked


def test_a_refresh_is_enqueued_once_while_it_is_on_its_way(
    prod: Cluster,
    demo: DemoServer,
    clock: time_machine.Traveller,
    django_capture_on_commit_callbacks: Any,
) -> None:
    ask(NOW)
    clock.shift(600)
    stale = ask(NOW + dt.timedelta(seconds=600))

    with django_capture_on_commit_callbacks() as callbacks:
        sent = [tasks.enqueue_refreshes(stale.refreshes) for _ in range(3)]

    assert sent == [1, 0, 0]
    assert len(callbacks) == 1


def test_a_failed_refresh_keeps_the_last_good_answer_and_its_reason(
    prod: Cluster, demo: DemoServer, clock: time_machine.Traveller
) -> None:
    before = ask(NOW)
    clock.shift(600)
    later = NOW + dt.timedelta(seconds=600)
    demo.fault = Fault.DOWN

    run(ask(later))

    after = ask(later)
    assert after.totals == before.totals
    assert after.sources[0].state == SourceState.STALE
    assert after.sources[0].code == "opencost_unavailable"
    assert after.as_of == NOW


def test_a_failing_opencost_is_not_asked_twice_in_a_row(
    prod: Cluster, demo: DemoServer, clock: time_machine.Traveller
) -> None:
    demo.fault = Fault.DOWN
    ask(NOW)
    asked = len(demo.requests)

    again = ask(NOW, aggregate="pod")

    assert len(demo.requests) == asked
    assert again.sources[0].state == SourceState.FAILED


def test_without_waiting_nobody_is_asked(prod: Cluster, demo: DemoServer) -> None:
    costs = ask(NOW, wait=False)

    assert costs.is_pending
    assert not demo.requests


def test_lost_rows_are_asked_for_again(prod: Cluster, demo: DemoServer) -> None:
    first = ask(NOW)
    client = cache.cache._cache.get_client()  # type: ignore[attr-defined]  # redis backend
    for key in client.scan_iter("*:rows:*"):
        client.delete(key)

    second = ask(NOW, aggregate="pod")

    assert second.totals.total == first.totals.total


def test_only_days_that_miss_are_asked_for(prod: Cluster, demo: DemoServer) -> None:
    ask(NOW, window="yesterday")
    asked = len(demo.requests)

    ask(NOW, window="7d")

    assert len(demo.requests) - asked == 6


@pytest.mark.parametrize(
    ("asked_after_end", "age", "fresh"),
    [
        (dt.timedelta(hours=-3), dt.timedelta(seconds=59), True),
        (dt.timedelta(hours=-3), dt.timedelta(seconds=61), False),
        (dt.timedelta(minutes=10), dt.timedelta(seconds=61), False),
        (dt.timedelta(hours=2), dt.timedelta(minutes=59), True),
        (dt.timedelta(hours=2), dt.timedelta(minutes=61), False),
        (dt.timedelta(days=4), dt.timedelta(days=2), True),
    ],
)
def test_a_day_keeps_the_longer_the_longer_it_is_over(
    asked_after_end: dt.timedelta, age: dt.timedelta, fresh: bool
) -> None:
    day = ChargePeriod(NOW.replace(hour=0, minute=0), NOW.replace(hour=0, minute=0) + DAY)
    as_of = day.end + asked_after_end

    assert is_fresh(day, as_of=as_of, now=as_of + age, fresh_for=FRESH_FOR) is fresh


def test_a_caller_waits_for_the_answer_another_one_is_fetching(
    prod: Cluster, demo: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = cache.acquire(LOCK, prod.fingerprint, seconds=60)
    waits: list[float] = []

    def other_one_finishes(seconds: float) -> None:
        waits.append(seconds)
        cache.release(LOCK, prod.fingerprint, token)

    monkeypatch.setattr("costinsights.costs.current.gather.time.sleep", other_one_finishes)

    assert ask(NOW).sources[0].state == SourceState.FRESH
    assert len(waits) == 1


def test_an_unreadable_secret_fails_its_cluster_only(
    prod: Cluster, staging: Cluster, demo: DemoServer
) -> None:
    Cluster.objects.filter(pk=prod.pk).update(auth_kind="bearer", sealed_secret="v1.gone.AAAA")

    states = {source.cluster: source for source in ask(NOW).sources}

    assert states["prod"].code == "stored_secret_unreadable"
    assert states["staging"].state == SourceState.FRESH


def test_clusters_are_asked_at_the_same_time(
    prod: Cluster, staging: Cluster, demo: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(2, timeout=20)
    answer = demo.answer

    def answered_together(path: str, query: str) -> Any:
        together.wait()
        return answer(path, query)

    monkeypatch.setattr(demo, "answer", answered_together)

    assert [source.state for source in ask(NOW).sources] == [SourceState.FRESH] * 2
