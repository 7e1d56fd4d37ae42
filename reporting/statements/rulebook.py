"""All rules of a month as plain values: read from the tables, frozen in a close, read back from there.

The allocation of a closed month is repeated from its frozen rule book, never from the rules of now: so a difference
is always the data's.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec

from costinsights.core.money import MICROS_PER_UNIT, split
from costinsights.opencost.filters import Filter, parse_filter
from reporting.allocation.types import (
    Center,
    Driver,
    Fallback,
    MappingRule,
    PoolSource,
    RateLine,
    ShareMethod,
    ShareRule,
    Stretch,
)
from reporting.models import CostCenter, RateCardVersion
from reporting.models import MappingRule as MappingRow
from reporting.models import ShareRule as ShareRow
from reporting.statements.document import canonical


class BookedCenter(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the tree as it was."""

    code: str
    name: str
    level: str
    parent: str
    owner_name: str
    owner_email: str
    gl_account: str
    valid_from: dt.date | None
    valid_to: dt.date | None


class BookedMapping(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping rule as it was; targets are codes and parts per million."""

    id: int
    name: str
    filter: str
    targets: list[tuple[str, int]]
    valid_from: dt.date | None
    valid_to: dt.date | None


class BookedShare(msgspec.Struct, frozen=True, kw_only=True):
    """A share rule as it was. `fixed_amount` is micro-units a month."""

    id: int
    name: str
    source: str
    filter: str
    fixed_amount: int
    fixed_currency: str
    method: str
    driver: str
    fallback: str
    by_cluster: bool
    targets: list[tuple[str, int]]
    valid_from: dt.date | None
    valid_to: dt.date | None


class BookedRates(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the rate card; lines are component, code and percent (text, exact)."""

    name: str
    valid_from: dt.date
    lines: list[tuple[str, str, str]]


class RulesInForce(msgspec.Struct, frozen=True, kw_only=True):
    """What the allocation takes for one stretch."""

    stretch: Stretch
    centers: list[Center]
    mapping: list[MappingRule]
    shares: list[ShareRule]
    rates: list[RateLine]


class RuleBook(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides who pays, in the order in which it is asked."""

    centers: list[BookedCenter]
    mapping: list[BookedMapping]
    shares: list[BookedShare]
    rates: list[BookedRates]

    @classmethod
    def load(cls) -> "RuleBook":
        """The rules of now."""
        centers = {row.pk: row for row in CostCenter.objects.all()}
        return cls(
            centers=[
                BookedCenter(
                    code=row.code,
                    name=row.name,
                    level=row.level,
                    parent=centers[row.parent_id].code if row.parent_id else "",
                    owner_name=row.owner_name,
                    owner_email=row.owner_email,
                    gl_account=row.gl_account,
                    valid_from=row.valid_from,
                    valid_to=row.valid_to,
                )
                for row in centers.values()
            ],
            mapping=[
                BookedMapping(
                    id=row.pk,
                    name=row.name,
                    filter=row.filter,
                    targets=[
                        (centers[one.center_id].code, one.weight) for one in row.targets.all()
                    ],
                    valid_from=row.valid_from,
                    valid_to=row.valid_to,
                )
                for row in MappingRow.objects.filter(is_active=True).prefetch_related("targets")
            ],
            shares=[
                BookedShare(
                    id=row.pk,
                    name=row.name,
                    source=row.source,
                    filter=row.filter,
                    fixed_amount=row.fixed_amount,
                    fixed_currency=row.fixed_currency,
                    method=row.method,
                    driver=row.driver,
                    fallback=row.fallback,
                    by_cluster=row.by_cluster,
                    targets=[
                        (centers[one.center_id].code, one.weight) for one in row.targets.all()
                    ],
                    valid_from=row.valid_from,
                    valid_to=row.valid_to,
                )
                for row in ShareRow.objects.filter(is_active=True).prefetch_related("targets")
            ],
            rates=[
                BookedRates(
                    name=row.name,
                    valid_from=row.valid_from,
                    lines=[
                        (
                            line.component,
                            centers[line.center_id].code if line.center_id else "",
                            str(line.percent),
                        )
                        for line in row.lines.all()
                    ],
                )
                for row in RateCardVersion.objects.prefetch_related("lines").order_by("valid_from")
            ],
        )

    @property
    def sha256(self) -> str:
        return hashlib.sha256(canonical(self)).hexdigest()

    def plain(self) -> dict[str, Any]:
        """As JSON carries it."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found

    @classmethod
    def frozen(cls, value: Any) -> "RuleBook":
        """Back from `plain`. Raises msgspec.ValidationError."""
        return msgspec.convert(value, cls)

    # What is in force when --------------------------------------------------------------------------

    def stretches(self, start: dt.date, end: dt.date) -> list[Stretch]:
        """[start, end) cut wherever a rule, a rate or a cost centre begins or ends."""
        cuts = {start, end}
        dated: list[BookedCenter | BookedMapping | BookedShare] = [
            *self.centers,
            *self.mapping,
            *self.shares,
        ]
        for one in dated:
            cuts |= {day for day in (one.valid_from, one.valid_to) if day and start < day < end}
        cuts |= {rates.valid_from for rates in self.rates if start < rates.valid_from < end}
        days = sorted(cuts)
        return [Stretch(*pair) for pair in pairwise(days)]

    def in_force(
        self, stretches: list[Stretch], converted: Callable[[int, str], int]
    ) -> list[RulesInForce]:
        """The rules of each stretch of a month. `converted` turns a fixed amount's currency into the statement's.

        A fixed amount is spread over the days on which its rule is in force, out of the whole month's: to the
        micro-unit, by largest remainder.
        """
        portions = {
            rule.id: split(
                converted(rule.fixed_amount, rule.fixed_currency), [one.days for one in stretches]
            )
            for rule in self.shares
            if rule.source == PoolSource.FIXED
        }
        return [
            RulesInForce(
                stretch=stretch,
                centers=self._centers(stretch),
                mapping=[
                    MappingRule(rule.id, rule.name, _parsed(rule.filter), tuple(rule.targets))
                    for rule in self.mapping
                    if _holds(rule, stretch)
                ],
                shares=[
                    _share(rule, portions.get(rule.id, [0] * len(stretches))[place])
                    for rule in self.shares
                    if _holds(rule, stretch)
                ],
                rates=self._rates(stretch),
            )
            for place, stretch in enumerate(stretches)
        ]

    def _centers(self, stretch: Stretch) -> list[Center]:
        """Cost centres that may be charged, in the order of their codes."""
        return [
            Center(one.code, one.name, tuple(self.path(one.code)))
            for one in sorted(self.centers, key=lambda one: one.code)
            if one.level == "cost_center" and _holds(one, stretch)
        ]

    def _rates(self, stretch: Stretch) -> list[RateLine]:
        known = [rates for rates in self.rates if rates.valid_from <= stretch.start]
        if not known:
            return []
        return [
            RateLine(component, center, _percent_micros(percent))
            for component, center, percent in known[-1].lines
        ]

    def path(self, code: str) -> list[str]:
        """The codes above a node, from the top."""
        above = {one.code: one.parent for one in self.centers}
        found: list[str] = []
        at = above.get(code, "")
        while at and at not in found:
            found.append(at)
            at = above.get(at, "")
        return found[::-1]

    def center(self, code: str) -> BookedCenter | None:
        return next((one for one in self.centers if one.code == code), None)


def _holds(rule: BookedCenter | BookedMapping | BookedShare, stretch: Stretch) -> bool:
    begun = rule.valid_from is None or rule.valid_from <= stretch.start
    return begun and (rule.valid_to is None or rule.valid_to > stretch.start)


def _parsed(text: str) -> Filter | None:
    return parse_filter(text) if text.strip() else None


def _percent_micros(percent: str) -> int:
    return int(Decimal(percent) * MICROS_PER_UNIT)


def _share(rule: BookedShare, amount: int) -> ShareRule:
    return ShareRule(
        id=rule.id,
        name=rule.name,
        source=PoolSource(rule.source),
        method=ShareMethod(rule.method),
        condition=_parsed(rule.filter),
        driver=Driver(rule.driver),
        fallback=Fallback(rule.fallback),
        targets=tuple(rule.targets),
        by_cluster=rule.by_cluster,
        amount=amount,
    )


def filters_of(book: RuleBook) -> Iterable[str]:
    """Every filter text of the book."""
    yield from (rule.filter for rule in book.mapping if rule.filter)
    yield from (rule.filter for rule in book.shares if rule.filter)
