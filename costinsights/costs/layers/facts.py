"""From decoded layer rows to stored facts: one per item. Whole numbers; unknown stays unknown."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from costinsights.costs.layers.models import AMOUNT_COLUMNS, ITEM_NAMES
from costinsights.opencost.layer_rows import Layer, LayerAnswer, LayerCost

# Behind the amounts stand the quantity and how many rows had no cost.
FACT_COLUMNS = (*AMOUNT_COLUMNS, "quantity", "unknown_rows")
_REST = FACT_COLUMNS.index("other_cost")
_FULL_DAY = 1440


@dataclass(frozen=True, slots=True)
class Item:
    """What a fact is about. `sha256` stands for all of it."""

    names: tuple[str, ...]  # in the order of ITEM_NAMES
    labels: dict[str, str]
    sha256: str


@dataclass(slots=True)
class DayFacts:
    """Everything one day of a layer stores. `facts` maps an item's digest to the values of FACT_COLUMNS."""

    facts: dict[str, list[int | None]] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    total: int = 0
    unknown_rows: int = 0
    minutes_covered: int = _FULL_DAY
    sha256: str = ""


def day_facts(answer: LayerAnswer) -> DayFacts:
    """Add up rows of one item. A sum with an unknown part is what is known of it; the row is counted as unknown."""
    found = DayFacts()
    for row in answer.rows:
        item = _item(row)
        found.items[item.sha256] = item
        values = _values(row)
        held = found.facts.get(item.sha256)
        found.facts[item.sha256] = values if held is None else _added(held, values)
        found.total += row.total or 0
        found.unknown_rows += row.total is None
    if answer.layer is Layer.ASSETS:
        found.minutes_covered = round(max((row.minutes or 0 for row in answer.rows), default=0))
    found.sha256 = _digest(found.facts)
    return found


def _added(held: list[int | None], values: list[int | None]) -> list[int | None]:
    """What is known of both. The rest of an asset's cost is known only where every row knows it: an asset whose parts
    are all known adds up to its total."""
    sums = [
        (one or 0) + (other or 0) if one is not None or other is not None else None
        for one, other in zip(held, values, strict=True)
    ]
    if held[_REST] is None or values[_REST] is None:
        sums[_REST] = None
    return sums


def _values(row: LayerCost) -> list[int | None]:
    amounts = [row.total if name == "total_cost" else getattr(row, name) for name in AMOUNT_COLUMNS]
    return [*amounts, row.quantity, int(row.total is None)]


def _item(row: LayerCost) -> Item:
    names = tuple(getattr(row, name) for name in ITEM_NAMES)
    labels = dict(sorted(row.labels.items()))
    digest = hashlib.sha256(msgspec.json.encode([names, labels]))
    return Item(names, labels, digest.hexdigest())


def _digest(facts: dict[str, list[int | None]]) -> str:
    digest = hashlib.sha256()
    for line in _ordered(facts):
        digest.update(line)
    return digest.hexdigest()


def _ordered(facts: dict[str, list[int | None]]) -> Iterable[bytes]:
    return (msgspec.json.encode([sha, facts[sha]]) for sha in sorted(facts))
