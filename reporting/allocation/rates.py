"""The internal rate card: from list cost to what a cost centre is charged, exact to the micro-unit."""

from collections.abc import Sequence

import msgspec

from reporting.allocation.types import COMPONENTS, AllocatedLine, Bucket, RateLine

# percent_micros of one whole: 100 % at 1,000,000 to the percent.
_WHOLE = 100_000_000


class RateCard:
    """Looks up the rate of each component for a cost centre; the narrower line wins.

    In this order: the centre and the component, the centre, the component, everything. Of two equal lines the
    later one counts.
    """

    def __init__(self, lines: Sequence[RateLine]) -> None:
        self._percents = {(line.center, line.component): line.percent_micros for line in lines}
        self._by_center: dict[str, tuple[int, ...]] = {}

    def rates(self, center: str) -> tuple[int, ...]:
        """One per component, in `RateLine.percent_micros`."""
        if center not in self._by_center:
            self._by_center[center] = tuple(self._rate(center, one) for one in COMPONENTS)
        return self._by_center[center]

    def _rate(self, center: str, component: str) -> int:
        for key in ((center, component), (center, ""), ("", component), ("", "")):
            if key in self._percents:
                return self._percents[key]
        return 0

    def applied(self, line: AllocatedLine) -> AllocatedLine:
        """The line with its discount and markup; only what a cost centre pays has any.

        What makes a component dearer is markup and what makes it cheaper is discount, so a markup on a credit,
        which makes the credit larger, is a discount.
        """
        if not self._percents or line.bucket is not Bucket.CENTER:
            return line
        discount = markup = 0
        for cost, rate in zip(line.costs, self.rates(line.center), strict=True):
            if cost and rate:
                change = half_even(cost * rate, _WHOLE)
                if change > 0:
                    markup += change
                else:
                    discount -= change
        if not discount and not markup:
            return line
        return msgspec.structs.replace(line, discount=discount, markup=markup)


def half_even(numerator: int, denominator: int) -> int:
    """The quotient to the nearest whole number, a half to the even one. The denominator is positive."""
    whole, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and whole % 2):
        whole += 1
    return whole
