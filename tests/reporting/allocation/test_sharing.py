"""Pools and how they are spread, by tables that one can check by hand."""

import pytest

from reporting.allocation.types import (
    Bucket,
    CostFact,
    Driver,
    FactKind,
    Fallback,
    LineType,
    PoolSource,
    ShareMethod,
    ShareRule,
)
from tests.reporting.allocation.made import (
    CENTERS,
    UNIT,
    allocated,
    amounts,
    central,
    costs,
    idle,
    share,
    workload,
)

# 60, 30 and 10 of 100, by CPU; memory the other way round.
DIRECT = (
    workload("shop", cpu=60 * UNIT, ram=0, cpu_requested=1),
    workload("search", cpu=30 * UNIT, ram=10 * UNIT, cpu_requested=1),
    workload("data", cpu=10 * UNIT, ram=50 * UNIT, cpu_requested=2),
)


def shared(rule: ShareRule) -> dict[str, int]:
    """Who gets what of 90 units of idle cost."""
    return amounts(allocated(*DIRECT, idle(90 * UNIT), shares=(rule,)), LineType.IDLE)


@pytest.mark.parametrize(
    ("driver", "expected"),
    [
        (Driver.CPU_COST, {"CC100": 54, "CC200": 27, "CC300": 9}),
        (Driver.RAM_COST, {"CC200": 15, "CC300": 75}),
        (Driver.CPU_REQUESTED, {"CC100": 22.5, "CC200": 22.5, "CC300": 45}),
    ],
)
def test_a_proportional_share_follows_its_driver(
    driver: Driver, expected: dict[str, float]
) -> None:
    found = shared(share(driver=driver))
    assert found == {code: int(amount * UNIT) for code, amount in expected.items()}


def test_even_shares_are_even_to_the_last_micro_unit() -> None:
    allocation = allocated(*DIRECT, idle(100), shares=(share(method=ShareMethod.EVEN),))
    assert amounts(allocation, LineType.IDLE) == {"CC100": 34, "CC200": 33, "CC300": 33}


def test_a_target_is_everything_below_it() -> None:
    rule = share(method=ShareMethod.EVEN, targets=(("SALES", 0),))
    assert shared(rule) == {"CC100": 45 * UNIT, "CC200": 45 * UNIT}


def test_a_departments_weight_is_even_over_its_centres_and_a_nearer_target_counts() -> None:
    weights = (("SALES", 1), ("TECH", 1))
    halves = shared(share(method=ShareMethod.WEIGHTS, targets=weights))
    assert halves == {"CC100": 22.5 * UNIT, "CC200": 22.5 * UNIT, "CC300": 45 * UNIT}
    nested = shared(share(method=ShareMethod.WEIGHTS, targets=(("ACME", 1), ("CC100", 2))))
    assert nested == {"CC100": 60 * UNIT, "CC200": 15 * UNIT, "CC300": 15 * UNIT}


def test_of_two_departments_above_a_centre_the_nearer_is_its_target() -> None:
    rule = share(method=ShareMethod.WEIGHTS, targets=(("ACME", 1), ("SALES", 2)))
    assert shared(rule) == {"CC100": 30 * UNIT, "CC200": 30 * UNIT, "CC300": 30 * UNIT}


def test_a_weight_without_a_centre_stays_central() -> None:
    rule = share(method=ShareMethod.WEIGHTS, targets=(("CC100", 70), ("GONE", 30)))
    assert shared(rule) == {"CC100": 63 * UNIT, "retained": 27 * UNIT}


@pytest.mark.parametrize(
    ("method", "bucket"), [(ShareMethod.RETAIN, "retained"), (ShareMethod.EXCLUDE, "excluded")]
)
def test_a_pool_may_stay_central_or_be_left_out(method: ShareMethod, bucket: str) -> None:
    assert shared(share(method=method)) == {bucket: 90 * UNIT}


def test_what_no_rule_takes_is_kept_central() -> None:
    facts = [central(kind, 5) for kind in (FactKind.IDLE, FactKind.OVERHEAD, FactKind.UNMOUNTED)]
    lines = allocated(*DIRECT, *facts).lines
    kept = {line.line_type for line in lines if line.bucket is Bucket.RETAINED}
    assert kept == {LineType.IDLE, LineType.OVERHEAD, LineType.SHARED}


def test_each_cluster_spreads_its_own_idle_cost_over_its_own_centres() -> None:
    there = workload("data", cluster="stage", cpu=1)
    rule = share(by_cluster=True, driver=Driver.CPU_COST)
    allocation = allocated(*DIRECT, there, idle(90), idle(7, cluster="stage"), shares=(rule,))
    assert [(pool.cluster, sum(pool.costs)) for pool in allocation.pools] == [
        ("prod", 90),
        ("stage", 7),
    ]
    assert amounts(allocation, LineType.IDLE) == {"CC100": 54, "CC200": 27, "CC300": 9 + 7}


def test_a_cluster_where_nobody_has_direct_cost_keeps_its_pool_central() -> None:
    rule = share(by_cluster=True)
    allocation = allocated(*DIRECT, idle(7, cluster="stage"), shares=(rule,))
    assert amounts(allocation, LineType.IDLE) == {"retained": 7}
    assert allocation.pools[0].used_fallback


@pytest.mark.parametrize(
    ("fallback", "expected"),
    [(Fallback.EVEN, {"CC100": 3, "CC200": 3, "CC300": 3}), (Fallback.RETAIN, {"retained": 9})],
)
def test_a_driver_that_nobody_has_falls_back_as_stated(
    fallback: Fallback, expected: dict[str, int]
) -> None:
    rule = share(driver=Driver.RAM_USED, fallback=fallback)
    allocation = allocated(*DIRECT, idle(9), shares=(rule,))
    (pool,) = allocation.pools
    assert amounts(allocation, LineType.IDLE) == expected
    assert (pool.used_fallback, pool.method.value) == (True, fallback.value)


def test_without_any_centre_everything_stays_visible() -> None:
    allocation = allocated(*DIRECT, idle(9), shares=(share(),), centers=())
    assert amounts(allocation, LineType.IDLE) == {"retained": 9}
    assert amounts(allocation, LineType.DIRECT) == {"unmapped": 160 * UNIT}


def test_a_credit_larger_than_the_cost_counts_as_no_driver_and_is_told() -> None:
    credit = workload("shop", cpu=-61 * UNIT)
    allocation = allocated(*DIRECT, credit, idle(40), shares=(share(driver=Driver.CPU_COST),))
    (pool,) = allocation.pools
    assert amounts(allocation, LineType.IDLE) == {"CC200": 30, "CC300": 10}
    first = pool.shares[0]
    assert (first.center, first.driver_value, first.weight) == ("CC100", -UNIT, 0)


def test_a_pool_that_is_a_credit_is_given_out_like_a_cost() -> None:
    rule = share(driver=Driver.CPU_COST)
    allocation = allocated(*DIRECT, idle(-10), shares=(rule,))
    assert amounts(allocation, LineType.IDLE) == {"CC100": -6, "CC200": -3, "CC300": -1}


def test_a_pool_whose_components_cancel_out_is_given_out_all_the_same() -> None:
    pool = CostFact(kind=FactKind.IDLE, cluster="prod", costs=costs(cpu=9, ram=-9))
    allocation = allocated(*DIRECT, pool, shares=(share(method=ShareMethod.EVEN),))
    assert [line.costs[:2] for line in allocation.lines if line.pool] == [(3, -3)] * 3


def test_the_first_share_rule_takes_a_workload_and_no_mapping_rule_sees_it() -> None:
    tools = workload("shop", namespace="tools", cpu=10)
    first = share(PoolSource.FILTER, ShareMethod.EVEN, 'namespace:"tools"', id=1)
    second = share(PoolSource.FILTER, ShareMethod.EXCLUDE, 'label[team]:"shop"', id=2)
    allocation = allocated(tools, *DIRECT[1:], shares=(first, second))
    assert amounts(allocation, LineType.SHARED) == {"CC200": 5, "CC300": 5}
    assert allocation.pools[0].sources == [("prod", "tools", "web", 10)]


def test_a_filter_pool_leaves_idle_cost_alone() -> None:
    rule = share(PoolSource.FILTER, ShareMethod.EXCLUDE)
    allocation = allocated(idle(5), shares=(rule,))
    assert amounts(allocation, LineType.IDLE) == {"retained": 5}


def test_a_fixed_amount_is_cost_of_its_own_and_belongs_to_no_cluster() -> None:
    rule = share(PoolSource.FIXED, ShareMethod.EVEN, amount=100, by_cluster=True, name="Licences")
    allocation = allocated(*DIRECT, shares=(rule,))
    assert amounts(allocation, LineType.SHARED) == {"CC100": 34, "CC200": 33, "CC300": 33}
    assert allocation.pools[0].key == "1:*:2026-09-01"


def test_unmapped_cost_carries_no_share() -> None:
    lost = workload("lost", cpu=1_000 * UNIT)
    rule = share(driver=Driver.CPU_COST)
    allocation = allocated(*DIRECT, lost, idle(100), shares=(rule,))
    assert amounts(allocation, LineType.IDLE) == {"CC100": 60, "CC200": 30, "CC300": 10}


def test_a_condition_on_idle_cost_chooses_its_cluster() -> None:
    rule = share(PoolSource.IDLE, ShareMethod.EXCLUDE, 'cluster:"stage"')
    allocation = allocated(idle(5), idle(7, cluster="stage"), shares=(rule,), centers=CENTERS)
    assert amounts(allocation, LineType.IDLE) == {"retained": 5, "excluded": 7}
