"""Stored costs of another currency in the answer's: each window converted as a whole, at its own day's rate.

What is converted is a window (a cluster's stored day or hour): its total, exactly, rounded once. Lines get their
parts of that by largest remainder and components their parts of a line. So the lines of any grouping, the points of
any step and the windows of the ledger add up to the same amount, to the micro-unit.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from costinsights.core.money import AmountOutOfRange, convert, convert_parts
from costinsights.costs.history.models import IDLE_SHARE_COLUMNS, MEASURES
from costinsights.costs.rates import Rate, too_large

INDEX = {name: place for place, name in enumerate(MEASURES)}
TOTAL = INDEX["total_cost"]
SHARES = [(INDEX[column], place) for place, column in enumerate(IDLE_SHARE_COLUMNS)]
_WEIGHTS = (INDEX["cpu_used_cost"], INDEX["ram_used_cost"])


@dataclass(slots=True)
class Cell:
    """What one line has of one stored window: `measures` as in MEASURES, and their flags.

    `line` is the line's place, -1 for whatever is in none. `total` is its amount with the shared idle cost, where
    that is asked for; it is set by the conversion.
    """

    line: int
    cluster_id: int
    at: dt.datetime
    measures: list[int]
    flags: int
    total: int = 0


def converted_cells(
    cells: Iterable[Cell], rate_of: Callable[[int, dt.datetime], Rate], *, share: bool
) -> list[Cell]:
    """The cells in the answer's currency, those of one window after each other. With `share` the shared idle cost is
    a part of what is converted. Raises InvalidInput where a rate makes amounts too large."""
    found: list[Cell] = []
    ordered = sorted(cells, key=lambda cell: (cell.cluster_id, cell.at, cell.line))
    for (cluster_id, at), group in groupby(ordered, key=lambda cell: (cell.cluster_id, cell.at)):
        rate = rate_of(cluster_id, at)
        try:
            found += _window(list(group), rate.rate, share=share)
        except AmountOutOfRange as error:
            raise too_large(rate) from error
    return found


def _window(cells: list[Cell], rate: Decimal, *, share: bool) -> list[Cell]:
    """One window: its total over the lines, then each line's over its components."""
    shown = [_with_shares(cell.measures) if share else cell.measures for cell in cells]
    totals = convert_parts([measures[TOTAL] for measures in shown], rate)
    found = []
    for cell, measures, total in zip(cells, shown, totals, strict=True):
        changed = list(cell.measures)
        changed[:TOTAL] = convert_parts(measures[:TOTAL], rate, whole=total)
        for place, component in SHARES:
            # Beside its own cost, as it is stored: so that both together are what was converted.
            changed[place] = convert(changed[place], rate) if share else 0
            changed[component] -= changed[place]
        changed[TOTAL] = sum(changed[:TOTAL])
        for place in _WEIGHTS:
            changed[place] = convert(changed[place], rate)
        found.append(Cell(cell.line, cell.cluster_id, cell.at, changed, cell.flags, total))
    return found


def _with_shares(measures: list[int]) -> list[int]:
    found = list(measures)
    for place, component in SHARES:
        if found[place]:
            found[component] += found[place]
            found[TOTAL] += found[place]
    return found
