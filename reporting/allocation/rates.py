"""The internal rate card: from list cost to what a cost centre is charged, exact to the micro-unit."""

from collections.abc import Sequence

import msgspec

from reporting.allocation.types import COMPONENTS, AllocatedLine, Bucket, Center, RateLine

# percent_micros of one whole: 100 % at 1,000,000 to the percent.
_WHOLE = 100_000_000


class RateCard:
    """Looks up the rate of each component for a cost centre; the narrower line wins.

    In this order: the centre and the component, the centre; the same for each department above it, the nearest
    first; the component, everything. Of two equal lines the later one counts.
    """

    def __init__(self, lines: Sequence[RateLine], centers: Sequence[Center] = ()) -> None:
        self._above = {center.code: center.ancestors for center in centers}
        self._percents = {(line.center, line.component): line.percent_micros for line in lines}
        self._by_center: dict[str, list[tuple[int, int]]] = {}

    def rates(self, center: str) -> tuple[int, ...]:
        """One per component, in `RateLine.percent_micros`."""
        return tuple(self._rate(center, component) for component in COMPONENTS)

    def _changing(self, center: str) -> list[tuple[int, int]]:
        """Where in the costs a rate changes anything, and the rate."""
        known = self._by_center.get(center)
        if known is None:
            rates = enumerate(self.rates(center))
            known = self._by_center[center] = [(place, rate) for place, rate in rates if rate]
        return known

    def _rate(self, center: str, component: str) -> int:
        for code in (center, *reversed(self._above.get(center, ())), ""):
            for key in ((code, component), (code, "")):
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
        for place, rate in self._changing(line.center):
            if cost := line.costs[place]:
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
