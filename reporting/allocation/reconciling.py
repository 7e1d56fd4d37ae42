"""Whether everything arrived: what the clusters cost against what the lines say, as the block that is printed.

Both sides are added up on their own: A and A2 from the facts, D and E from the lines, T from the rounded statements.

    A   cost of the clusters              A2  overhead beyond the allocations, fixed charges
    B   excluded by policy, by name       C   to be recovered = A + A2 − B
    D   direct, shared, idle, overhead    E   kept central and unmapped           F = D + E
    R   what the rate card changes        K   adjustments from earlier periods    G   rounding to minor units
    T   billed, kept central, unmapped    H   difference: C − F, and C + R + K + G − T
    I   the cloud bill for the same scope, where there is one
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reporting.allocation.rounding import Rounded
from reporting.allocation.sharing import added, fixed_costs
from reporting.allocation.types import (
    NO_COSTS,
    AllocatedLine,
    Bucket,
    CostFact,
    Costs,
    FactKind,
    LineType,
    Pool,
    PoolSource,
    ShareRule,
    StretchAllocation,
)
from reporting.statements.document import Reconciliation, ReconciliationLine

_DIRECT_WORDS = {
    LineType.DIRECT: "Direct",
    LineType.SHARED: "Shared",
    LineType.IDLE: "Idle, shared",
    LineType.OVERHEAD: "Overhead, shared",
}
_KEPT_WORDS = {
    LineType.IDLE: "Idle, kept central",
    LineType.OVERHEAD: "Overhead, kept central",
    LineType.SHARED: "Volumes and load balancers without a workload, kept central",
}


@dataclass(slots=True)
class FactTotals:
    """What the facts of a period come to, before anything is done with them. One currency."""

    by_cluster: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    overhead: int = 0
    fixed: int = 0
    costs: Costs = NO_COSTS

    def add(self, facts: Sequence[CostFact], shares: Sequence[ShareRule]) -> None:
        """Count a stretch: its facts and the fixed amounts of its rules."""
        every = [fact.costs for fact in facts]
        for fact, costs in zip(facts, every, strict=True):
            if fact.kind is FactKind.OVERHEAD:
                self.overhead += sum(costs)
            elif fact.kind is FactKind.FIXED:
                self.fixed += sum(costs)
            else:
                self.by_cluster[fact.cluster] += sum(costs)
        for rule in shares:
            if rule.source is PoolSource.FIXED:
                self.fixed += rule.amount
                every.append(fixed_costs(rule.amount))
        self.costs = added(self.costs, column_sums(every))


def column_sums(rows: Iterable[Costs]) -> Costs:
    """The sum of each component."""
    return tuple(map(sum, zip(*rows, strict=True))) or NO_COSTS


def reconcile(
    totals: FactTotals,
    allocations: Sequence[StretchAllocation],
    rounded: Rounded,
    *,
    cloud_bill: int | None = None,
) -> Reconciliation:
    """The block of a period. `difference` is 0 or something was lost: then the period must not be closed.

    `excluded`, `retained` and `unmapped` are list cost, positive where it is a cost. Amounts of the letters are
    what they add to the sum: excluded cost and discounts are negative.
    """
    pools = {pool.key: pool for allocation in allocations for pool in allocation.pools}
    sums = _Sums(rounded, pools)
    clusters = sum(totals.by_cluster.values())
    recovered = clusters + totals.overhead + totals.fixed - sum(sums.excluded.values())
    found = sum(sums.charged.values()) + sum(sums.kept.values()) + sums.unmapped
    changes = -sums.discount + sums.markup + sums.adjustments + sums.rounding
    difference = next(
        filter(
            None,
            (
                recovered - found,
                *(a - b for a, b in zip(totals.costs, sums.costs, strict=True)),
                recovered + changes - sums.billed,
            ),
        ),
        0,
    )
    lines = [
        ("A", "Cost of the clusters", clusters),
        ("A2", "Overhead beyond the allocations", totals.overhead),
        ("A2", "Fixed charges", totals.fixed),
        *(("B", f"Excluded by policy: {name}", -cost) for name, cost in sums.excluded.items()),
        ("C", "To be recovered", recovered),
        *(("D", words, sums.charged[kind]) for kind, words in _DIRECT_WORDS.items()),
        *(("E", label, cost) for label, cost in sums.kept.items()),
        ("E", "Unmapped", sums.unmapped),
        ("F", "Statements, kept central and unmapped, before rates", found),
        ("R", "Discounts of the rate card", -sums.discount),
        ("R", "Markups of the rate card", sums.markup),
        ("K", "Adjustments from earlier periods", sums.adjustments),
        ("G", "Rounding to whole minor units", sums.rounding),
        ("T", "Billed, kept central and unmapped", sums.billed),
        ("H", "Difference", difference),
        *_against_the_bill(cloud_bill, clusters + totals.overhead),
    ]
    return Reconciliation(
        lines=[ReconciliationLine(letter=a, label=b, amount=c) for a, b, c in lines],
        by_cluster=dict(sorted(totals.by_cluster.items())),
        excluded=sums.excluded,
        retained=sum(sums.kept.values()),
        unmapped=sums.unmapped,
        difference=difference,
    )


def _against_the_bill(bill: int | None, ours: int) -> Iterator[tuple[str, str, int]]:
    """The bill is compared with what OpenCost and the infrastructure say, not with what is charged."""
    if bill is not None:
        yield "I", "Cloud bill for the same scope", bill
        yield "I", "Of it not explained by A and overhead", bill - ours


class _Sums:
    """What the lines and the rounded statements come to."""

    def __init__(self, rounded: Rounded, pools: Mapping[str, Pool]) -> None:
        self.charged: dict[LineType, int] = defaultdict(int)
        kept: dict[str, int] = defaultdict(int)
        excluded: dict[str, int] = defaultdict(int)
        self.unmapped = self.discount = self.markup = self.adjustments = 0
        self.rounding = self.billed = 0
        rows: list[Costs] = []
        for statement in rounded.statements:
            if statement.bucket is not Bucket.EXCLUDED:
                self.billed += statement.billed
                self.rounding += sum(statement.billed_lines) - statement.effective
            for line in statement.lines:
                if line.line_type is LineType.ADJUSTMENT:
                    # Of another period: it is billed here and no part of what the clusters cost.
                    if line.bucket is not Bucket.EXCLUDED:
                        self.adjustments += line.effective_cost
                    continue
                rows.append(line.costs)
                self.discount += line.discount
                self.markup += line.markup
                if line.bucket is Bucket.CENTER:
                    self.charged[line.line_type] += line.list_cost
                elif line.bucket is Bucket.UNMAPPED:
                    self.unmapped += line.list_cost
                elif line.bucket is Bucket.RETAINED:
                    kept[_kept_label(line, pools)] += line.list_cost
                else:
                    excluded[pools[line.pool].name] += line.list_cost
        self.kept = dict(sorted(kept.items()))
        self.excluded = dict(sorted(excluded.items()))
        self.costs = column_sums(rows)


def _kept_label(line: AllocatedLine, pools: Mapping[str, Pool]) -> str:
    if line.pool:
        return f"Kept central: {pools[line.pool].name}"
    return _KEPT_WORDS.get(line.line_type, "Kept central")
