"""The reconciliation of a month that one can check by hand, and what makes it refuse."""

from dataclasses import replace

import msgspec
import pytest

from reporting.allocation.reconciling import FactTotals, reconcile
from reporting.allocation.rounding import Rounded, round_lines
from reporting.allocation.types import (
    AllocatedLine,
    Bucket,
    CostFact,
    FactKind,
    LineType,
    PoolSource,
    RateLine,
    ShareMethod,
    ShareRule,
    StretchAllocation,
)
from reporting.statements.document import Reconciliation
from tests.reporting.allocation.made import (
    UNIT,
    allocated,
    central,
    idle,
    share,
    workload,
)

# The example of the method page: 10,000 in all, of which 120 are excluded and 480 stay central.
FACTS = (
    workload("shop", cpu=4_000 * UNIT, ram=600 * UNIT),
    workload("search", cpu=1_500 * UNIT, ram=1_000 * UNIT),
    workload("lost", cpu=100 * UNIT),
    workload("shop", namespace="platform", cpu=1_400 * UNIT),
    workload("shop", namespace="sandbox", cpu=120 * UNIT),
    idle(900 * UNIT),
    idle(380 * UNIT, cluster="stage"),
)
SHARES = (
    share(PoolSource.FILTER, ShareMethod.EXCLUDE, 'namespace:"sandbox"', id=1, name="Sandbox"),
    share(PoolSource.FILTER, ShareMethod.EVEN, 'namespace:"platform"', id=2, name="Platform"),
    share(PoolSource.IDLE, ShareMethod.PROPORTIONAL, 'cluster:"prod"', id=3, name="Idle"),
)


def block(
    facts: tuple[CostFact, ...] = FACTS,
    shares: tuple[ShareRule, ...] = SHARES,
    rates: tuple[RateLine, ...] = (),
    extra: tuple[AllocatedLine, ...] = (),
    cloud_bill: int | None = None,
) -> Reconciliation:
    totals = FactTotals()
    totals.add(facts, shares)
    allocation = allocated(*facts, shares=shares, rates=rates)
    rounded = round_lines([*allocation.lines, *extra], 2)
    return reconcile(totals, [allocation], rounded, cloud_bill=cloud_bill)


def units(found: Reconciliation) -> list[tuple[str, str, float]]:
    return [(line.letter, line.label, line.amount / UNIT) for line in found.lines if line.amount]


def test_the_block_of_a_month_by_hand() -> None:
    data = workload("data", cpu=0)
    found = block((*FACTS, data))
    assert units(found) == [
        ("A", "Cost of the clusters", 10_000),
        ("B", "Excluded by policy: Sandbox", -120),
        ("C", "To be recovered", 9_880),
        ("D", "Direct", 7_100),
        ("D", "Shared", 1_400),
        ("D", "Idle, shared", 900),
        ("E", "Idle, kept central", 380),
        ("E", "Unmapped", 100),
        ("F", "Statements, kept central and unmapped, before rates", 9_880),
        ("T", "Billed, kept central and unmapped", 9_880),
    ]
    assert (found.difference, found.by_cluster) == (0, {"prod": 9_620 * UNIT, "stage": 380 * UNIT})
    assert (found.retained, found.unmapped, found.excluded) == (
        380 * UNIT,
        100 * UNIT,
        {"Sandbox": 120 * UNIT},
    )


def test_rates_overhead_fixed_charges_and_rounding_have_lines_of_their_own() -> None:
    facts = (workload("shop", cpu=100 * UNIT, ram=40 * UNIT), central(FactKind.OVERHEAD, 3_333))
    fixed = share(PoolSource.FIXED, ShareMethod.EVEN, amount=10 * UNIT, name="Licences")
    rates = (RateLine("cpu", "", 10_000_000), RateLine("ram", "", -50_000_000))
    assert units(block(facts, (fixed,), rates)) == [
        ("A", "Cost of the clusters", 140),
        ("A2", "Overhead beyond the allocations", 0.003333),
        ("A2", "Fixed charges", 10),
        ("C", "To be recovered", 150.003333),
        ("D", "Direct", 140),
        ("D", "Shared", 10),
        ("E", "Overhead, kept central", 0.003333),
        ("F", "Statements, kept central and unmapped, before rates", 150.003333),
        ("R", "Discounts of the rate card", -20),
        ("R", "Markups of the rate card", 10),
        ("G", "Rounding to whole minor units", -0.003333),
        ("T", "Billed, kept central and unmapped", 140),
    ]


def test_an_adjustment_of_an_earlier_period_is_billed_and_no_part_of_the_clusters_cost() -> None:
    late = AllocatedLine(
        bucket=Bucket.CENTER,
        line_type=LineType.ADJUSTMENT,
        center="CC100",
        discount=5 * UNIT,
    )
    found = block(extra=(late,))
    amounts = {(line.letter, line.label): line.amount for line in found.lines}
    assert found.difference == 0
    assert amounts["K", "Adjustments from earlier periods"] == -5 * UNIT
    assert amounts["T", "Billed, kept central and unmapped"] == 9_875 * UNIT


def test_the_cloud_bill_stands_beside_with_what_it_does_not_explain() -> None:
    found = block(cloud_bill=10_240 * UNIT)
    assert units(found)[-2:] == [
        ("I", "Cloud bill for the same scope", 10_240),
        ("I", "Of it not explained by A and overhead", 240),
    ]


def broken(allocation: StretchAllocation, what: str) -> Rounded:
    """The same month with something wrong with one of its lines."""
    lines = list(allocation.lines)
    if what == "a line is lost":
        lines.pop()
    elif what == "a line is twice there":
        lines.append(lines[0])
    else:
        cpu, ram, *others = lines[0].costs
        lines[0] = msgspec.structs.replace(lines[0], costs=(cpu + 1, ram - 1, *others))
    return round_lines(lines, 2)


@pytest.mark.parametrize(
    "what", ["a line is lost", "a line is twice there", "a micro-unit changes its component"]
)
def test_whatever_goes_wrong_is_a_difference(what: str) -> None:
    totals = FactTotals()
    totals.add(FACTS, SHARES)
    allocation = allocated(*FACTS, shares=SHARES)
    rounded = broken(allocation, what)
    assert reconcile(totals, [allocation], rounded).difference != 0


def test_a_statement_that_bills_other_than_its_lines_is_a_difference() -> None:
    totals = FactTotals()
    totals.add(FACTS, SHARES)
    allocation = allocated(*FACTS, shares=SHARES)
    rounded = round_lines(allocation.lines, 2)
    first, *others = rounded.statements
    wrong = replace(rounded, statements=[replace(first, billed=first.billed + 10_000), *others])
    assert reconcile(totals, [allocation], wrong).difference == -10_000
