"""Postgres, workers and Valkey killed while windows are being read: afterwards the store is what OpenCost says.

Every process is real and runs the product's own code; only leases are shorter and ticks are closer (`hurry`).
"""

import random
from itertools import cycle
from threading import Event
from time import monotonic

import pytest

from tests.faults.conftest import survived
from tests.faults.figures import Figures
from tests.faults.hurry import LEASE
from tests.faults.programs import Program, killed
from tests.faults.stage import LONGEST_WAIT, Stage, until

pytestmark = [
    pytest.mark.processes,
    pytest.mark.slow,
    pytest.mark.timeout(3 * LONGEST_WAIT),  # the first test waits for the servers as well
]
TAKEN_OVER_WITHIN = 60.0


@pytest.fixture(scope="module")
def crew(stage: Stage) -> list[Program]:
    """Two workers and a beat that stay for all tests of this file, killed and started again."""
    workers = stage.workers(2)
    stage.beats(1)
    until(lambda: all(worker.is_ready for worker in workers), stage.said)
    return workers


def at_a_bad_moment(stage: Stage, slug: str, chance: random.Random) -> None:
    """Return while a window is in somebody's hands, a little later than it was seen there."""
    stage.revive()
    begins_again = until(lambda: stage.is_settled(slug) or stage.is_reading(slug), stage.said)
    if stage.is_settled(slug):
        stage.restate(slug)
        until(lambda: stage.is_reading(slug), stage.said)
    Event().wait(chance.uniform(0.0, 0.05))
    assert begins_again < TAKEN_OVER_WITHIN


def test_postgres_is_killed_in_the_middle_of_windows(
    stage: Stage, crew: list[Program], scale: Figures
) -> None:
    chance, restarts = random.Random(1), []
    stage.activate("postgres")
    for _ in range(scale.postgres_kills):
        at_a_bad_moment(stage, "postgres", chance)
        restarts.append(stage.kill_postgres())
    stage.settle("postgres")
    slowest = max(restarts)
    survived(
        "Postgres killed",
        scale.postgres_kills,
        stage.verdict("postgres"),
        also=f"ready again after {sorted(restarts)[len(restarts) // 2]:.2f} s, at most {slowest:.2f} s",
    )
    assert slowest <= 10


def test_workers_are_killed_whole_and_in_part(
    stage: Stage, crew: list[Program], scale: Figures
) -> None:
    chance, takeovers = random.Random(2), []
    stage.activate("workers")
    ways = cycle(["child"] * 10 + ["parent"] + ["child"] * 8 + ["group"])
    turns = cycle(crew)
    for _, way, worker in zip(range(scale.worker_kills), ways, turns, strict=False):
        at_a_bad_moment(stage, "workers", chance)
        _kill(stage, crew, worker, way, chance)
        takeovers.append(_taken_over(stage, "workers"))
    stage.settle("workers")
    survived(
        "workers killed",
        scale.worker_kills,
        stage.verdict("workers"),
        also=f"windows taken over after at most {max(takeovers):.1f} s, leases of {LEASE.total_seconds():.0f} s",
    )


def _kill(
    stage: Stage, crew: list[Program], worker: Program, way: str, chance: random.Random
) -> None:
    if way == "child":
        until(lambda: stage.revive() and bool(worker.children()), stage.said)
        killed(chance.choice(worker.children()))
        return
    until(lambda: stage.revive() and all(each.is_ready for each in crew), stage.said)
    if way == "parent":
        worker.kill()
    else:
        worker.kill_group()
    worker.start()


def _taken_over(stage: Stage, slug: str) -> float:
    """Seconds until no window is in the hands of somebody who was alive before."""
    held = stage.asked(
        slug, "SELECT id, attempt FROM costs_snapshot WHERE leased_until IS NOT NULL"
    )
    query = (
        "SELECT 1 FROM costs_snapshot WHERE id = %s AND attempt = %s AND leased_until IS NOT NULL"
    )
    began = monotonic()
    for window, attempt in held:
        until(
            lambda window=window, attempt=attempt: not stage.asked(slug, query, window, attempt),  # type: ignore[misc]  # the loop's values
            stage.said,
            seconds=TAKEN_OVER_WITHIN,
        )
    return monotonic() - began


def test_valkey_is_killed_and_flushed(stage: Stage, crew: list[Program], scale: Figures) -> None:
    chance, before = random.Random(3), stage.revived
    stage.activate("valkey")
    ways = ["kill"] * scale.valkey_kills + ["flush"] * scale.valkey_flushes
    chance.shuffle(ways)
    for way in ways:
        at_a_bad_moment(stage, "valkey", chance)
        stage.kill_valkey() if way == "kill" else stage.flush_valkey()
    stage.settle("valkey")
    survived(
        "Valkey killed or flushed",
        len(ways),
        stage.verdict("valkey"),
        also=f"workers that gave up and were started again: {stage.revived - before}",
    )
    until(lambda: stage.revive() and stage.answering() == len(crew), stage.said)


def test_two_planners_and_two_beats_plan_everything_once(
    stage: Stage, crew: list[Program], scale: Figures
) -> None:
    stage.beats(1)
    stage.activate("planners")
    stage.settle("planners")
    asked = [
        times for source in stage.sources["planners"].values() for times in source.asked.values()
    ]
    survived("two planners, two beats", 0, stage.verdict("planners"))
    assert max(asked) == 1, "a window was asked for twice"
