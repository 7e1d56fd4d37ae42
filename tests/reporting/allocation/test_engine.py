"""Several stretches of a month: what is the same line is added up, what has its own reason stays apart."""

import datetime as dt

from reporting.allocation.engine import allocate, combine
from reporting.allocation.types import (
    AllocatedLine,
    LineType,
    RateLine,
    Stretch,
    StretchAllocation,
)
from tests.reporting.allocation.made import BY_TEAM, CENTERS, idle, rules, share, workload

FIRST = Stretch(dt.date(2026, 9, 1), dt.date(2026, 9, 11))
SECOND = Stretch(dt.date(2026, 9, 11), dt.date(2026, 10, 1))


def part(stretch: Stretch, percent: int, snapshot: str) -> StretchAllocation:
    """A stretch with a workload, idle cost and a discount."""
    facts = [workload("shop", cpu=100, cpu_used=3, snapshot=snapshot), idle(10)]
    return allocate(
        stretch,
        facts,
        centers=CENTERS,
        mapping=rules(*BY_TEAM),
        shares=(share(by_cluster=True),),
        rates=[RateLine("", "", -percent * 1_000_000)],
    )


def of_type(lines: list[AllocatedLine], line_type: LineType) -> list[AllocatedLine]:
    return [line for line in lines if line.line_type is line_type]


def test_a_workload_is_one_line_with_each_stretchs_own_rate_and_evidence() -> None:
    both = combine([part(FIRST, 10, "w1"), part(SECOND, 20, "w2")])
    (line,) = of_type(both, LineType.DIRECT)
    assert (line.list_cost, line.usage[4], line.discount) == (200, 6, 30)
    assert (line.effective_cost, line.snapshot) == (170, "w1, w2")


def test_a_share_is_a_line_of_each_stretch_and_keeps_its_pool() -> None:
    both = combine([part(FIRST, 0, "w1"), part(SECOND, 0, "w2")])
    assert [line.pool for line in of_type(both, LineType.IDLE)] == [
        "1:prod:2026-09-01",
        "1:prod:2026-09-11",
    ]


def test_one_stretch_is_its_own_month() -> None:
    alone = part(FIRST, 5, "w1")
    assert combine([alone]) == alone.lines
    assert combine([]) == []


def test_an_empty_stretch_allocates_nothing() -> None:
    empty = allocate(FIRST, [], centers=CENTERS, mapping=[], shares=[share()])
    assert (empty.lines, empty.pools) == ([], [])
