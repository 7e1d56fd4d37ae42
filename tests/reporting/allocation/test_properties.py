"""Any clusters, rules, cost centres and months: nothing is lost, nothing is made, everything has its reason.

3,300 examples here and 300 in test_matching; `examples` says how to try more.
"""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from reporting.allocation.engine import allocate, combine
from reporting.allocation.explaining import explain
from reporting.allocation.rates import RateCard
from reporting.allocation.reconciling import FactTotals, column_sums, reconcile
from reporting.allocation.rounding import apportion, round_lines
from reporting.allocation.sharing import fixed_costs
from reporting.allocation.types import (
    COMPONENTS,
    NO_COSTS,
    Bucket,
    PoolSource,
    ShareMethod,
    StretchAllocation,
)
from tests.reporting.allocation.examples import (
    AMOUNTS,
    MONTHS,
    STRETCHES,
    Month,
    examples,
)


def run(month: Month, stretch: int = 0) -> StretchAllocation:
    return allocate(
        STRETCHES[stretch],
        month.facts,
        centers=month.centers,
        mapping=month.mapping,
        shares=month.shares,
        rates=month.rates,
    )


def in_two(month: Month) -> tuple[list[StretchAllocation], FactTotals]:
    """A month in two stretches with different rules: the second knows no share rules but the first."""
    half = len(month.facts) // 2
    first = replace(month, facts=month.facts[:half])
    second = replace(
        month,
        facts=month.facts[half:],
        mapping=month.mapping[1:],
        shares=month.shares[:1],
        rates=month.rates[1:],
    )
    totals = FactTotals()
    totals.add(first.facts, first.shares)
    totals.add(second.facts, second.shares)
    return [run(first), run(second, stretch=1)], totals


@examples(800)
@given(MONTHS)
def test_every_component_arrives_to_the_micro_unit(month: Month) -> None:
    fixed = [fixed_costs(it.amount) for it in month.shares if it.source is PoolSource.FIXED]
    whole = column_sums([fact.costs for fact in month.facts] + fixed)
    assert column_sums([line.costs for line in run(month).lines]) == whole


@examples(600)
@given(MONTHS)
def test_a_pool_is_its_shares_and_each_share_is_its_ratio(month: Month) -> None:
    allocation = run(month)
    for pool in allocation.pools:
        assert sum(share.weight for share in pool.shares) == pool.weight_total > 0
        assert column_sums([share.costs for share in pool.shares]) == pool.costs
        assert sum(source[3] for source in pool.sources) == sum(pool.costs)
        for share in pool.shares:
            exact = [Fraction(cost * share.weight, pool.weight_total) for cost in pool.costs]
            assert all(abs(a - b) < 1 for a, b in zip(share.costs, exact, strict=True))


@examples(200)
@given(MONTHS)
def test_usage_of_workloads_that_no_pool_took_arrives_too(month: Month) -> None:
    lines = run(replace(month, shares=[])).lines
    used = [fact.usage for fact in month.facts]
    arrived = [sum(column) for column in zip(*(line.usage for line in lines), strict=True)]
    assert arrived == [sum(column) for column in zip(*used, strict=True)]


@examples(250)
@given(MONTHS, st.integers(0, 99))
def test_the_order_of_facts_and_centres_changes_nothing(month: Month, seed: int) -> None:
    mixed = Random(seed)
    shuffled = replace(
        month,
        facts=mixed.sample(month.facts, len(month.facts)),
        centers=mixed.sample(month.centers, len(month.centers)),
    )
    assert run(shuffled) == run(month)


@examples(600)
@given(MONTHS, st.sampled_from([0, 2, 3]))
def test_a_month_of_two_stretches_reconciles_exactly_and_adds_up_in_minor_units(
    month: Month, digits: int
) -> None:
    allocations, totals = in_two(month)
    lines = combine(allocations)
    rounded = round_lines(lines, digits)
    unit = 10 ** (6 - digits)

    assert reconcile(totals, allocations, rounded).difference == 0
    assert rounded.billed == sum(one.billed for one in rounded.statements)
    assert abs(2 * (rounded.billed - rounded.effective)) <= unit
    for statement in rounded.statements:
        assert sum(statement.billed_lines) == statement.billed
        assert statement.billed % unit == 0
        assert abs(statement.rounding) < unit
        for line, billed in zip(statement.lines, statement.billed_lines, strict=True):
            assert billed % unit == 0
            assert abs(billed - line.effective_cost) < unit


@examples(150)
@given(MONTHS)
def test_lines_of_a_month_are_each_themselves_and_only_centres_have_rates(month: Month) -> None:
    known, card = {center.code for center in month.centers}, RateCard(month.rates, month.centers)
    for line in run(month).lines:
        assert (line.bucket is Bucket.CENTER) == (line.center in known)
        assert min(line.discount, line.markup) >= 0
        rates = card.rates(line.center) if line.bucket is Bucket.CENTER else NO_COSTS
        changes = sum(cost * rate for cost, rate in zip(line.costs, rates, strict=True))
        exact = Fraction(changes, 10**8) + line.list_cost
        assert abs(line.effective_cost - exact) * 2 <= len(COMPONENTS)


@examples(150)
@given(MONTHS)
def test_each_share_has_an_explanation_that_gives_its_amount(month: Month) -> None:
    allocation = run(month)
    pools = {pool.key: pool for pool in allocation.pools}
    for line in allocation.lines:
        why = explain(line, pools)
        if why is None:
            assert not line.weight
        else:
            by_hand = Fraction(why.ratio) * why.pool_total
            assert abs(by_hand - why.amount) <= len(COMPONENTS)


@examples(300)
@given(st.lists(AMOUNTS, min_size=1, max_size=12), st.sampled_from([1, 1_000, 10_000, 10**6]))
def test_apportioning_adds_up_and_leaves_whole_amounts_alone(amounts: list[int], unit: int) -> None:
    total = sum(amounts) // unit * unit
    for whole in {total, total + unit if total != sum(amounts) else total}:
        parts = apportion(amounts, whole, unit)
        assert sum(parts) == whole
        assert all(abs(part - amount) < unit for part, amount in zip(parts, amounts, strict=True))


def test_the_examples_reach_what_could_lose_money() -> None:
    reached: Counter[str] = Counter()

    @examples(250)
    @given(MONTHS)
    def look(month: Month) -> None:
        allocation = run(month)
        for pool in allocation.pools:
            reached[f"fell back to {pool.method}"] += pool.used_fallback
            reached["pool below zero"] += min(pool.costs) < 0
            reached["pool of one cluster"] += bool(pool.cluster)
            reached["driver below zero"] += any(share.driver_value < 0 for share in pool.shares)
            reached["several shares"] += len(pool.shares) > 1
            reached["target without a centre"] += (
                pool.method is ShareMethod.WEIGHTS and pool.shares[-1].bucket is Bucket.RETAINED
            )
        for line in allocation.lines:
            reached[line.bucket] += 1
            reached["gone centre"] += line.bucket is Bucket.UNMAPPED and bool(line.mapping_rule)
        reached["no centre"] += not month.centers

    look()
    wanted = {"pool below zero", "pool of one cluster", "driver below zero", "several shares"}
    wanted |= {"target without a centre", "gone centre", "no centre", *Bucket}
    wanted |= {"fell back to even", "fell back to retain"}
    assert wanted <= {what for what, times in reached.items() if times}
