"""Money from one currency into another."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costinsights.core.money import AmountOutOfRange, convert

AMOUNTS = st.integers(-(10**13), 10**13)
RATES = st.decimals(Decimal("0.0000000001"), Decimal("500"), places=10)


@given(AMOUNTS, RATES)
def test_a_conversion_is_the_exact_product_rounded_half_to_even(micros: int, rate: Decimal) -> None:
    with localcontext() as context:
        context.prec = 60
        exact = (Decimal(micros) * rate).to_integral_value(rounding=ROUND_HALF_EVEN)
    assert convert(micros, rate) == int(exact)


@given(AMOUNTS)
def test_a_rate_of_one_changes_nothing(micros: int) -> None:
    assert convert(micros, Decimal("1.0000000000")) == micros


@pytest.mark.parametrize(("micros", "converted"), [(1, 0), (3, 2), (-1, 0), (-3, -2), (5, 2)])
def test_halves_go_to_the_even_neighbour_on_both_sides_of_zero(micros: int, converted: int) -> None:
    assert convert(micros, Decimal("0.5")) == converted


def test_what_no_column_could_hold_is_refused() -> None:
    with pytest.raises(AmountOutOfRange):
        convert(9_000_000_000_000_000, Decimal(2))


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "Infinity"])
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(ValueError, match="no exchange rate"):
        convert(1, Decimal(rate))
