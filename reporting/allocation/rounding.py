"""Whole minor units (cents), so that every sum that a reader can check by hand comes out.

The period's total is rounded once, half to even. It is split over the statements and what stays central, and each
statement over its lines, by largest remainder: an amount is rounded down and the missing units go to those that
lost most by it. So no amount is off by a whole minor unit, and one that is whole already stays as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from costinsights.core.money import MICROS_PER_UNIT
from reporting.allocation.rates import half_even
from reporting.allocation.types import AllocatedLine, Bucket


@dataclass(frozen=True, slots=True)
class RoundedStatement:
    """What one cost centre, or one bucket outside of the centres, is billed. Σ `billed_lines` = `billed`.

    `effective` is exact; both are micro-units, `billed` whole minor units of them.
    """

    bucket: Bucket
    center: str
    effective: int
    billed: int
    lines: Sequence[AllocatedLine]
    billed_lines: Sequence[int]

    @property
    def rounding(self) -> int:
        return self.billed - self.effective


@dataclass(frozen=True, slots=True)
class Rounded:
    """A period: Σ `billed` of the statements = `billed`, which is `effective` to the nearest minor unit."""

    effective: int
    billed: int
    statements: Sequence[RoundedStatement]

    def of(self, bucket: Bucket, center: str = "") -> RoundedStatement | None:
        """One statement; None where the period has no such line."""
        for statement in self.statements:
            if statement.bucket is bucket and statement.center == center:
                return statement
        return None


def round_lines(lines: Iterable[AllocatedLine], minor_digits: int) -> Rounded:
    """Round a period's lines, those kept central, unmapped and excluded among them, in their order.

    `minor_digits` is ISO 4217's number of decimals (JPY 0, EUR 2, KWD 3); ValueError for one finer than a micro-unit.
    """
    if not 0 <= minor_digits <= 6:
        raise ValueError(f"{minor_digits} decimals are not between none and a micro-unit's six")
    unit = MICROS_PER_UNIT // 10**minor_digits
    grouped: dict[tuple[Bucket, str], list[AllocatedLine]] = {}
    for line in lines:
        grouped.setdefault((line.bucket, line.center), []).append(line)
    keys = sorted(grouped)
    exact = {key: [line.effective_cost for line in grouped[key]] for key in keys}
    totals = [sum(exact[key]) for key in keys]
    effective = sum(totals)
    billed = half_even(effective, unit) * unit
    statements = []
    for key, total, own in zip(keys, totals, apportion(totals, billed, unit), strict=True):
        bucket, center = key
        billed_lines = apportion(exact[key], own, unit)
        statements.append(RoundedStatement(bucket, center, total, own, grouped[key], billed_lines))
    return Rounded(effective, billed, statements)


def apportion(amounts: Sequence[int], total: int, unit: int) -> list[int]:
    """Each amount as a whole number of units, down or up, so that together they are `total`.

    `total` is the amounts' sum rounded to a unit, down or up: ValueError otherwise. Of equal remainders
    the earlier amount gets the unit.
    """
    rests = [amount % unit for amount in amounts]
    parts = [amount - rest for amount, rest in zip(amounts, rests, strict=True)]
    missing, odd = divmod(total - sum(parts), unit)
    if odd or abs(total - sum(amounts)) >= unit:
        raise ValueError(f"{total} is not the sum of these amounts to the nearest {unit}")
    if missing:
        by_rest = sorted(range(len(amounts)), key=lambda index: -rests[index])
        for index in by_rest[:missing]:
            parts[index] += unit
    return parts
