"""Exact money: whole micro-units of a currency (10^-6), as `int`.

OpenCost sends floats rounded to five decimals; a micro-unit holds those exactly. Addition of ints
is associative, so every roll-up of the same rows gives the same number to the last digit.
"""

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

MICROS_PER_UNIT = 1_000_000
_MICRO = Decimal("0.000001")

# A bigint column holds 9.2 x 10^18; single amounts stay a million times below, so that sums fit.
MAX_MICROS = 9_000_000_000_000 * MICROS_PER_UNIT // 1_000


class AmountOutOfRange(ValueError):
    """An amount that is not a number or too large to be money."""


def micros_from_number(value: float | int | Decimal) -> int:
    """Convert an amount in whole currency units into micro-units, rounding half to even.

    A float is taken at its shortest decimal form, the digits its sender printed: 0.1 becomes
    100000, not 100000.0000000000055. Raises AmountOutOfRange for NaN, infinities and amounts past
    MAX_MICROS.
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            raise AmountOutOfRange(f"{value!r} is not an amount of money")
        value = Decimal(repr(value))
    elif isinstance(value, int):
        value = Decimal(value)
    if not value.is_finite() or abs(value) * MICROS_PER_UNIT > MAX_MICROS:
        raise AmountOutOfRange(f"{value} is not an amount of money we can hold")
    return int((value * MICROS_PER_UNIT).to_integral_value(rounding=ROUND_HALF_EVEN))


def decimal_from_micros(micros: int) -> Decimal:
    """The amount in currency units with six decimals: 1234567 -> Decimal('1.234567')."""
    return Decimal(micros).scaleb(-6).quantize(_MICRO)


def amount_text(micros: int) -> str:
    """The amount as the API and the exports write it: plain decimal text, '-0.5' as '-0.500000'."""
    sign = "-" if micros < 0 else ""
    units, rest = divmod(abs(micros), MICROS_PER_UNIT)
    return f"{sign}{units}.{rest:06d}"


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Split `amount` in proportion to `weights` by largest remainder: the parts add up to `amount`.

    Weights are non-negative and not all zero (ValueError otherwise: the caller states its
    fall-back). Ties go to the earlier weight, so the result is a pure function of its input.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be non-negative and not all zero")
    magnitude = abs(amount)
    parts = [magnitude * weight // total for weight in weights]
    missing = magnitude - sum(parts)
    if missing:
        remainders = [magnitude * weight % total for weight in weights]
        # Reversed sorting keeps equals in their order too.
        by_remainder = sorted(range(len(weights)), key=remainders.__getitem__, reverse=True)
        for index in by_remainder[:missing]:
            parts[index] += 1
    return parts if amount >= 0 else [-part for part in parts]


def convert(micros: int, rate: Decimal) -> int:
    """An amount in another currency, at `rate` units of it for one: exact, then rounded half to even.

    Decimal's own context plays no part: the product is taken over whole numbers. Raises
    AmountOutOfRange when the result could not be stored, and ValueError for a rate that is not positive.
    """
    if not rate.is_finite() or rate <= 0:
        raise ValueError(f"{rate} is no exchange rate")
    numerator, denominator = rate.as_integer_ratio()
    whole, rest = divmod(micros * numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and whole % 2):
        whole += 1
    if abs(whole) > MAX_MICROS:
        raise AmountOutOfRange(f"{micros} x {rate} is more money than we can hold")
    return whole


def convert_parts(parts: Sequence[int], rate: Decimal, *, whole: int | None = None) -> list[int]:
    """Each part in another currency, so that together they are exactly `whole`: what their sum converts to.

    Every part is its exact product rounded down or up; by largest remainder, ties to the earlier. `whole` may be
    given where it is itself a part of something that was split: their exact sum, rounded down or up. Raises as
    `convert`.
    """
    target = convert(sum(parts), rate) if whole is None else whole
    numerator, denominator = rate.as_integer_ratio()
    found, remainders = [], []
    for part in parts:
        amount, rest = divmod(part * numerator, denominator)
        if abs(amount) > MAX_MICROS:
            raise AmountOutOfRange(f"{part} x {rate} is more money than we can hold")
        found.append(amount)
        remainders.append(rest)
    missing = target - sum(found)
    if missing:
        for place in sorted(range(len(parts)), key=lambda place: -remainders[place])[:missing]:
            found[place] += 1
    return found
