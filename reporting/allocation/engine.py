"""One stretch from facts to lines, and the lines of several stretches together.

In this order: share rules take their facts; what is left of the workloads is mapped; what is left of the rest is
kept central; pools are spread over what the mapping found; the rate card is applied. Everything is sorted at
the end, so the order of the facts changes nothing.
"""

from collections.abc import Iterable, Sequence

import msgspec

from reporting.allocation.mapping import Mapper
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

# What kind of line a cost becomes that no share rule takes and that is no workload's.
_KEPT_TYPES = {FactKind.IDLE: LineType.IDLE, FactKind.OVERHEAD: LineType.OVERHEAD}
_SEPARATOR = ", "
_Payer = tuple[str, str, str]  # bucket, line type, code of the cost centre
_Names = tuple[str, str, str, str]  # cluster, namespace, controller kind, controller
_Reason = tuple[str, str, int]  # label, its value, mapping rule


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
    book = _Book()
    for fact in facts:
        if takers.takes(fact):
            continue
        if fact.kind is FactKind.WORKLOAD:
            mapped = mapper.of(fact)
            for part in mapped.parts:
                book.add(
                    fact,
                    ("center" if part.center else "unmapped", "direct", part.center),
                    (mapped.label_key, mapped.label_value, mapped.rule),
                    part.costs,
                    part.usage,
                )
        else:
            kept_as = _KEPT_TYPES.get(fact.kind, LineType.SHARED).value
            book.add(fact, ("retained", kept_as, ""), ("", "", 0), fact.costs, fact.usage)
    lines = book.lines()
    spreader = Spreader(stretch, centers, Direct(lines))
    pools = []
    for rule, cluster, taken in takers.pools():
        pool = spreader.spread(rule, cluster, taken)
        pools.append(pool)
        lines.extend(lines_of(pool, _joined(taken.snapshots)))
    card = RateCard(rates)
    lines = [card.applied(line) for line in lines]
    lines.sort(key=sort_key)
    return StretchAllocation(stretch, lines, pools)


def sort_key(line: AllocatedLine) -> tuple[object, ...]:
    """What makes a line itself: lines that agree in all of it are one line."""
    return (
        line.bucket.value,
        line.center,
        line.line_type.value,
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

    def __init__(self) -> None:
        self._entries: dict[tuple[_Payer, _Names, _Reason], tuple[Costs, Usage, str]] = {}

    def add(
        self, fact: CostFact, payer: _Payer, reason: _Reason, costs: Costs, usage: Usage
    ) -> None:
        names = (fact.cluster, fact.namespace, fact.controller_kind, fact.controller)
        key = (payer, names, reason)
        known = self._entries.get(key)
        if known is None:
            self._entries[key] = (costs, usage, fact.snapshot)
            return
        self._entries[key] = (
            added(known[0], costs),
            added(known[1], usage),
            _together(known[2], fact.snapshot),
        )

    def lines(self) -> list[AllocatedLine]:
        lines = []
        for (payer, names, reason), (costs, usage, snapshot) in self._entries.items():
            bucket, line_type, center = payer
            cluster, namespace, controller_kind, controller = names
            label_key, label_value, rule = reason
            lines.append(
                AllocatedLine(
                    bucket=Bucket(bucket),
                    line_type=LineType(line_type),
                    center=center,
                    cluster=cluster,
                    namespace=namespace,
                    controller_kind=controller_kind,
                    controller=controller,
                    label_key=label_key,
                    label_value=label_value,
                    costs=costs,
                    usage=usage,
                    mapping_rule=rule,
                    snapshot=snapshot,
                )
            )
        return lines
