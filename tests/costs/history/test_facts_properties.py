"""From what was read to what is stored: for any rows, credits, unknown costs and idle included, no micro-unit is lost.

Thousands of cases, so they come from a seeded generator: hypothesis takes fifty times as long to make each.
"""

from random import Random

from costinsights.costs.history.facts import window_facts
from costinsights.costs.history.models import IDLE_SHARE_COLUMNS, MEASURES
from costinsights.opencost.rows import COMPONENTS, AllocatedCost, RowKind
from tests.costs.history.books import KEYS
from tests.costs.rows import CONTROLLERS, KINDS, LABELS, NAMESPACES, cost_row, idle_row
from tests.faults.hostile.scale import scaled
from tests.figures import count

SHARES = [MEASURES.index(name) for name in IDLE_SHARE_COLUMNS]
CASES = scaled(2_000, 1_000_000)
# Nothing, the smallest amount, a credit, an ordinary amount, a thousand million of the currency's units.
AMOUNTS = (0, 1, -4_999_999, 123_456_789, 10**15)


def some_rows(chance: Random) -> list[AllocatedCost]:
    return [_row(chance) for _ in range(chance.randrange(12))]


def _row(chance: Random) -> AllocatedCost:
    large = chance.random() < 0.02
    costs = {
        f"{name}_cost": chance.choice(AMOUNTS) if large else chance.choice(AMOUNTS[:-1])
        for name in COMPONENTS
    }
    if chance.random() < 0.2:
        spared = {f"{name}_cost": costs[f"{name}_cost"] for name in ("cpu", "ram", "gpu")}
        return idle_row(node=chance.choice(("", "node-1")), **spared)
    unknown = chance.choice(((), (), ("load_balancer",), ("cpu", "ram")))
    return cost_row(
        kind=chance.choice((RowKind.WORKLOAD, RowKind.WORKLOAD, RowKind.UNMOUNTED)),
        namespace=chance.choice(NAMESPACES),
        controller_kind=chance.choice(KINDS),
        controller=chance.choice(CONTROLLERS),
        labels=chance.choice(LABELS),
        unknown=unknown,
        **{**costs, **{f"{name}_cost": 0 for name in unknown}},
    )


def test_facts_are_the_rows_whatever_their_order() -> None:
    for seed in range(CASES):
        chance = Random(seed)
        rows = some_rows(chance)
        found = window_facts(rows, KEYS)
        stored = [sum(column) for column in zip(*found.facts.values(), strict=True)] or [0] * 30
        assert [sum(row.cost_of(name) for row in rows) for name in COMPONENTS] == stored[:8], seed
        assert found.total == sum(row.total for row in rows) == stored[8], seed
        assert all(stored[place] == 0 for place in SHARES), seed  # sharing idle makes no money
        chance.shuffle(rows)
        assert window_facts(rows, KEYS).sha256 == found.sha256, seed
    count("windows whose facts were re-added", CASES)
