"""One stretch from facts to lines, and the lines of several stretches together.

In this order: share rules take their facts; what is left of the workloads is mapped; what is left of the rest is
kept central; pools are spread over what the mapping found; the rate card is applied. Everything is sorted at
the end, so the order of the facts changes nothing.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from reporting.allocation.mapping import Mapped, Mapper, Part
from reporting.allocation.rates import RateCard
from reporting.allocation.sharing import Direct, Spreader, Takers, added, lines_of
from reporting.allocation.types import (
    AllocatedLine,
    Bucket,
    Center,
    CostFact,
    Costs,
    FactKind,
    LineType,
    MappingRule,
    RateLine,
    ShareRule,
    Stretch,
    StretchAllocation,
    Usage,
)

_NOBODY = Mapped(0, "", "", ())
_SEPARATOR = ", "
# Cost centre, cluster, namespace, controller kind, controller, label, its value, mapping rule.
_Key = tuple[str, str, str, str, str, str, str, int]


def allocate(
    stretch: Stretch,
    facts: Iterable[CostFact],
    *,
    centers: Sequence[Center],
    mapping: Sequence[MappingRule],
    shares: Sequence[ShareRule],
    rates: Sequence[RateLine] = (),
) -> StretchAllocation:
    """Who pays for one stretch. Rules, centres and rates are those that are valid in it.

    Raises InvalidInput for a condition on what facts do not have and ValueError for a mapping rule whose
    targets are no whole.
    """
    takers = Takers(shares)
    mapper = Mapper(mapping, [center.code for center in centers])
    direct = _Book(Bucket.CENTER, LineType.DIRECT)
    unmapped = _Book(Bucket.UNMAPPED, LineType.DIRECT)
    kept = {kind: _Book(Bucket.RETAINED, kept_as(kind)) for kind in FactKind}
    for fact in facts:
        if takers.takes(fact):
            continue
        if fact.kind is not FactKind.WORKLOAD:
            kept[fact.kind].add(fact, _NOBODY, Part("", fact.costs, fact.usage))
            continue
        mapped = mapper.of(fact)
        for part in mapped.parts:
            (direct if part.center else unmapped).add(fact, mapped, part)
    lines = [line for book in (direct, unmapped, *kept.values()) for line in book.lines()]
    spreader = Spreader(stretch, centers, Direct(lines))
    pools = []
    for rule, cluster, taken in takers.pools():
        pool = spreader.spread(rule, cluster, taken)
        pools.append(pool)
        lines.extend(lines_of(pool, _joined(taken.snapshots)))
    card = RateCard(rates, centers)
    lines = [card.applied(line) for line in lines]
    lines.sort(key=sort_key)
    return StretchAllocation(stretch, lines, pools)


def kept_as(kind: FactKind) -> LineType:
    """What kind of line a cost becomes that no share rule takes and that is no workload's."""
    if kind is FactKind.IDLE:
        return LineType.IDLE
    return LineType.OVERHEAD if kind is FactKind.OVERHEAD else LineType.SHARED


def sort_key(line: AllocatedLine) -> tuple[object, ...]:
    """What makes a line itself: lines that agree in all of it are one line."""
    return (
        line.bucket,
        line.center,
        line.line_type,
        line.cluster,
        line.namespace,
        line.controller_kind,
        line.controller,
        line.label_key,
        line.label_value,
        line.mapping_rule,
        line.pool,
    )


def combine(allocations: Sequence[StretchAllocation]) -> list[AllocatedLine]:
    """The lines of several stretches added up by what makes them themselves, sorted.

    A pool is a stretch's own, so shares stay one line per stretch and keep their reason.
    """
    if len(allocations) == 1:
        return list(allocations[0].lines)
    merged: dict[tuple[object, ...], AllocatedLine] = {}
    for allocation in allocations:
        for line in allocation.lines:
            key = sort_key(line)
            known = merged.get(key)
            merged[key] = line if known is None else _added(known, line)
    return [merged[key] for key in sorted(merged)]


def _added(left: AllocatedLine, right: AllocatedLine) -> AllocatedLine:
    return msgspec.structs.replace(
        left,
        costs=added(left.costs, right.costs),
        usage=added(left.usage, right.usage),
        discount=left.discount + right.discount,
        markup=left.markup + right.markup,
        snapshot=_together(left.snapshot, right.snapshot),
    )


def _together(left: str, right: str) -> str:
    if left == right:
        return left
    return _joined({*left.split(_SEPARATOR), *right.split(_SEPARATOR)})


def _joined(snapshots: Iterable[str]) -> str:
    """Each snapshot once, in an order that does not depend on the order of the facts."""
    every = {one for text in snapshots for one in text.split(_SEPARATOR) if one}
    return _SEPARATOR.join(sorted(every))


class _Book:
    """Adds up facts that become the same line: those that differ in labels only, or in what they were read from."""

    def __init__(self, bucket: Bucket, line_type: LineType) -> None:
        self._bucket = bucket
        self._line_type = line_type
        self._entries: dict[_Key, tuple[Costs, Usage, str]] = {}

    def add(self, fact: CostFact, mapped: Mapped, part: Part) -> None:
        key = (
            part.center,
            fact.cluster,
            fact.namespace,
            fact.controller_kind,
            fact.controller,
            mapped.label_key,
            mapped.label_value,
            mapped.rule,
        )
        known = self._entries.get(key)
        if known is None:
            self._entries[key] = (part.costs, part.usage, fact.snapshot)
            return
        self._entries[key] = (
            added(known[0], part.costs),
            added(known[1], part.usage),
            _together(known[2], fact.snapshot),
        )

    def lines(self) -> Iterator[AllocatedLine]:
        for key, (costs, usage, snapshot) in self._entries.items():
            yield AllocatedLine(
                bucket=self._bucket,
                line_type=self._line_type,
                center=key[0],
                cluster=key[1],
                namespace=key[2],
                controller_kind=key[3],
                controller=key[4],
                label_key=key[5],
                label_value=key[6],
                costs=costs,
                usage=usage,
                mapping_rule=key[7],
                snapshot=snapshot,
            )
