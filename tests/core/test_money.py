"""Money is exact, and splits lose nothing."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costinsights.core.money import (
    MAX_MICROS,
    AmountOutOfRange,
    amount_text,
    convert,
    convert_parts,
    decimal_from_micros,
    micros_from_number,
    split,
)

amounts = st.integers(-MAX_MICROS, MAX_MICROS)
weights = st.lists(st.integers(0, 10**15), min_size=1, max_size=40).filter(any)


@given(amounts, weights)
def test_the_parts_of_a_split_add_up_to_the_whole(amount: int, parts: list[int]) -> None:
    assert sum(split(amount, parts)) == amount


@given(amounts, weights)
def test_no_part_is_off_its_exact_share_by_a_whole_micro_unit(
    amount: int, parts: list[int]
) -> None:
    total = sum(parts)
    for given_part, weight in zip(split(amount, parts), parts, strict=True):
        assert abs(given_part * total - amount * weight) < total


@given(amounts, weights)
def test_a_weight_of_zero_gets_nothing(amount: int, parts: list[int]) -> None:
    assert all(
        part == 0 for part, weight in zip(split(amount, parts), parts, strict=True) if not weight
    )


def test_weights_that_are_all_zero_are_refused_rather_than_losing_money() -> None:
    with pytest.raises(ValueError, match="not all zero"):
        split(100, [0, 0])


@given(st.integers(-(10**11), 10**11))
def test_five_decimals_of_a_float_survive_exactly(hundred_thousandths: int) -> None:
    assert micros_from_number(hundred_thousandths / 100_000) == hundred_thousandths * 10


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), float("-inf"), 1e300, Decimal("NaN")]
)
def test_what_is_no_amount_is_refused(value: float | Decimal) -> None:
    with pytest.raises(AmountOutOfRange):
        micros_from_number(value)


@given(amounts)
def test_text_and_decimal_say_the_same_amount(micros: int) -> None:
    assert Decimal(amount_text(micros)) == decimal_from_micros(micros)


@given(
    st.lists(st.integers(-(10**11), 10**11), max_size=12),
    st.decimals("0.0000001", "1000", places=7),
)
def test_converted_parts_are_the_converted_whole(parts: list[int], rate: Decimal) -> None:
    found = convert_parts(parts, rate)
    assert sum(found) == convert(sum(parts), rate)
    for part, amount in zip(parts, found, strict=True):
        assert abs(Fraction(amount) - part * Fraction(rate)) < 1


def test_of_parts_with_equal_remainders_the_earlier_is_rounded_up() -> None:
    assert convert_parts([1, 0, 2, -1], Decimal("1.5")) == [2, 0, 3, -2]
    assert convert_parts([2, 1, 1], Decimal("0.5"), whole=2) == [1, 1, 0]
