"""A month's allocation from its books and its rule book: the arithmetic, with the database's rows as input."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from costinsights.core.money import convert
from reporting.allocation.engine import allocate, combine
from reporting.allocation.reconciling import FactTotals, reconcile
from reporting.allocation.rounding import Rounded, round_lines
from reporting.allocation.types import AllocatedLine, Bucket, CostFact, LineType, Pool, Stretch
from reporting.models import Adjustment
from reporting.statements.document import Reconciliation
from reporting.statements.reading import Books
from reporting.statements.rulebook import RuleBook

Progress = Callable[[int, int, str], None]  # done, whole, words


@dataclass(slots=True)
class Computed:
    """Who pays for a month. `labels` name each pool for people, once and uniquely."""

    books: Books
    rules: RuleBook
    stretches: list[Stretch]
    pools: dict[str, Pool]
    rounded: Rounded
    reconciliation: Reconciliation
    adjustments: Sequence[Adjustment]
    facts: int
    labels: dict[str, str] = field(default_factory=dict)


def compute(
    books: Books,
    rules: RuleBook,
    *,
    minor_digits: int,
    adjustments: Sequence[Adjustment] = (),
    overheads: Callable[[Stretch], Sequence[CostFact]] | None = None,
    cloud_bill: int | None = None,
    progress: Progress = lambda *_: None,
) -> Computed:
    """Allocate, round and reconcile. Raises MissingRate, and InvalidInput for a filter that cannot be judged."""
    stretches = rules.stretches(books.start, books.end)
    in_force = rules.in_force(
        stretches, lambda amount, currency: _converted(books, amount, currency)
    )
    totals, allocations, facts = FactTotals(), [], 0
    for place, rules_now in enumerate(in_force):
        stretch = rules_now.stretch
        progress(place, len(stretches) + 1, f"Allocating {stretch.start} to {stretch.end}")
        found = [*books.facts(stretch), *(overheads(stretch) if overheads else ())]
        facts += len(found)
        totals.add(found, rules_now.shares)
        allocations.append(
            allocate(
                stretch,
                found,
                centers=rules_now.centers,
                mapping=rules_now.mapping,
                shares=rules_now.shares,
                rates=rules_now.rates,
            )
        )
    lines = [*combine(allocations), *map(_adjustment_line, adjustments)]
    rounded = round_lines(lines, minor_digits)
    computed = Computed(
        books=books,
        rules=rules,
        stretches=stretches,
        pools={pool.key: pool for one in allocations for pool in one.pools},
        rounded=rounded,
        reconciliation=reconcile(totals, allocations, rounded, cloud_bill=cloud_bill),
        adjustments=adjustments,
        facts=facts,
    )
    computed.labels = _labels(computed)
    return computed


def _converted(books: Books, amount: int, currency: str) -> int:
    """A fixed amount of a month in the statement's currency, at the rate of the month's first day."""
    if not currency or currency == books.currency:
        return amount
    return convert(amount, books.fixed_rate(currency).rate)


def _adjustment_line(row: Adjustment) -> AllocatedLine:
    """No list cost of this month: it is all markup, or discount, of what another month cost."""
    return AllocatedLine(
        bucket=Bucket(row.bucket),
        line_type=LineType.ADJUSTMENT,
        center=row.code if row.bucket == Bucket.CENTER else "",
        cluster=row.cluster,
        namespace=row.namespace,
        controller_kind=row.controller_kind,
        controller=row.controller,
        markup=max(0, row.amount),
        discount=max(0, -row.amount),
        snapshot=f"adjustment {row.pk}",
    )


def _labels(computed: Computed) -> dict[str, str]:
    """`Idle · prod-1`, with its first day where the month has several stretches; never two alike."""
    found: dict[str, str] = {}
    for key, pool in computed.pools.items():
        label = pool.name
        if pool.cluster:
            label += f" · {pool.cluster}"
        if len(computed.stretches) > 1:
            label += f" · from {pool.stretch.start}"
        if label in found.values():
            label += f" · rule {pool.rule}"
        found[key] = label
    return found
