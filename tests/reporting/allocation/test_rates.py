"""The rate card: which line counts, and what half a micro-unit becomes."""

import pytest

from reporting.allocation.rates import RateCard, half_even
from reporting.allocation.types import Bucket, RateLine
from tests.reporting.allocation.made import CENTERS, allocated, idle, only, share, workload

PERCENT = 1_000_000


def test_the_narrower_line_wins() -> None:
    card = RateCard(
        [
            RateLine("", "", 1),
            RateLine("ram", "", 2),
            RateLine("", "CC100", 3),
            RateLine("cpu", "CC100", 4),
        ]
    )
    cpu, ram, gpu = card.rates("CC100")[:3]
    assert (cpu, ram, gpu) == (4, 3, 3)
    assert card.rates("CC200")[:3] == (1, 2, 1)


def test_a_departments_line_holds_for_all_below_it_until_a_nearer_one() -> None:
    lines = [
        RateLine("cpu", "", 1),
        RateLine("", "ACME", 2),
        RateLine("cpu", "SALES", 3),
        RateLine("ram", "CC100", 4),
    ]
    card = RateCard(lines, CENTERS)
    assert card.rates("CC100")[:3] == (3, 4, 2)
    assert card.rates("CC200")[:3] == (3, 2, 2)
    assert card.rates("CC300")[:3] == (2, 2, 2)


@pytest.mark.parametrize(
    ("numerator", "expected"), [(5, 0), (15, 2), (25, 2), (26, 3), (-5, 0), (-15, -2), (-25, -2)]
)
def test_a_half_goes_to_the_even_number(numerator: int, expected: int) -> None:
    assert half_even(numerator, 10) == expected


def test_markup_and_discount_stand_apart_and_both_are_positive() -> None:
    rates = (RateLine("cpu", "", 10 * PERCENT), RateLine("ram", "", -25 * PERCENT))
    line = only(allocated(workload("shop", cpu=1_000, ram=200), rates=rates).lines, Bucket.CENTER)
    assert (line.list_cost, line.markup, line.discount) == (1_200, 100, 50)
    assert line.effective_cost == 1_250


def test_a_markup_makes_a_credit_larger() -> None:
    rates = (RateLine("", "", 10 * PERCENT),)
    line = only(allocated(workload("shop", cpu=-100), rates=rates).lines, Bucket.CENTER)
    assert (line.markup, line.discount, line.effective_cost) == (0, 10, -110)


def test_shares_have_rates_too_and_what_is_central_has_none() -> None:
    rates = (RateLine("", "", 10 * PERCENT),)
    pools = (share(by_cluster=True),)
    facts = (workload("shop", cpu=100), workload("lost", cpu=100), idle(50))
    allocation = allocated(*facts, idle(50, cluster="stage"), shares=pools, rates=rates)
    markups = {(line.bucket, line.line_type.value): line.markup for line in allocation.lines}
    assert markups == {
        (Bucket.CENTER, "direct"): 10,
        (Bucket.CENTER, "idle"): 5,
        (Bucket.UNMAPPED, "direct"): 0,
        (Bucket.RETAINED, "idle"): 0,
    }
