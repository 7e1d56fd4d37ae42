"""Cents, yen and fils: sums that a reader can check come out."""

import pytest

from reporting.allocation.rounding import apportion, round_lines
from reporting.allocation.types import AllocatedLine, Bucket, LineType
from tests.reporting.allocation.made import costs

CENT = 10_000


def line(amount: int, center: str = "CC100", bucket: Bucket = Bucket.CENTER) -> AllocatedLine:
    return AllocatedLine(
        bucket=bucket,
        line_type=LineType.DIRECT,
        center=center if bucket is Bucket.CENTER else "",
        costs=costs(cpu=amount),
    )


def test_three_thirds_of_a_cent_are_one_cent_and_the_first_of_equals_gets_it() -> None:
    rounded = round_lines([line(3_334), line(3_334), line(3_332)], 2)
    assert (rounded.effective, rounded.billed) == (CENT, CENT)
    assert rounded.statements[0].billed_lines == [CENT, 0, 0]


def test_the_period_is_rounded_once_and_half_a_cent_goes_to_the_even_one() -> None:
    assert round_lines([line(25_000)], 2).billed == 2 * CENT
    assert round_lines([line(35_000)], 2).billed == 4 * CENT


def test_statements_and_what_stays_central_add_up_to_the_period() -> None:
    lines = [
        line(4_000),
        line(4_000, "CC200"),
        line(4_000, bucket=Bucket.RETAINED),
        line(4_000, bucket=Bucket.UNMAPPED),
        line(4_000, bucket=Bucket.EXCLUDED),
    ]
    rounded = round_lines(lines, 2)
    assert [one.billed for one in rounded.statements] == [CENT, CENT, 0, 0, 0]
    retained = rounded.of(Bucket.RETAINED)
    assert retained is not None
    assert retained.rounding == -4_000
    assert rounded.of(Bucket.CENTER, "CC300") is None


@pytest.mark.parametrize(("digits", "billed"), [(0, 2_000_000), (2, 1_500_000), (3, 1_499_000)])
def test_a_currency_has_none_two_or_three_decimals(digits: int, billed: int) -> None:
    amount = 1_499_000 if digits == 3 else 1_500_000
    assert round_lines([line(amount)], digits).billed == billed


def test_a_credit_is_rounded_down_or_up_like_a_cost() -> None:
    rounded = round_lines([line(-14_000), line(-14_000), line(20_000)], 2)
    assert rounded.billed == -CENT
    assert rounded.statements[0].billed_lines == [-CENT, -2 * CENT, 2 * CENT]


def test_nothing_to_round_is_nothing() -> None:
    rounded = round_lines([], 2)
    assert (rounded.billed, list(rounded.statements)) == (0, [])


def test_a_total_that_is_not_the_sum_is_refused() -> None:
    with pytest.raises(ValueError, match="is not the sum"):
        apportion([CENT, CENT], 4 * CENT, CENT)
    with pytest.raises(ValueError, match="decimals"):
        round_lines([line(1)], 7)
