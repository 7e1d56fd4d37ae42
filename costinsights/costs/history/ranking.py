"""Where there are many keys: their totals first, then everything else of the few lines that are shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from costinsights.costs.current.rows import Sums
from costinsights.costs.history.conversion import SHARES, TOTAL, Cell, converted_cells
from costinsights.costs.history.lines import Answering, Line, LineKey, add_measures, line_of
from costinsights.costs.history.models import MEASURES
from costinsights.costs.history.source import Source
from costinsights.costs.history.steps import Steps
from costinsights.costs.parameters import IdleMode
from costinsights.opencost.rows import RowKind

# Up to so many sums of lines by step it is cheaper to read the rows once and to fetch more of them.
_READ_ONCE_UP_TO = 4_000
_Sum = tuple[list[int], int]  # measures and flags


@dataclass(slots=True)
class Ranked:
    """The lines to show, and what all others add up to. `series` has (place of the line, step, total) where the
    points are known already, -1 for the others."""

    shown: list[Line]
    idle: list[Line]
    others: Sums | None
    others_count: int
    series: list[tuple[int, Any, int]] | None = None

    @property
    def lines(self) -> list[Line]:
        return [*self.shown, *self.idle]


def in_order(asked: Answering) -> Ranked:
    """The lines of a question whose every line is added up."""
    lines = sorted(
        (line for line in asked.lines.values() if not line.is_idle),
        key=lambda line: (-line.sums.total, line.key),
    )
    idle = [line for line in asked.lines.values() if line.is_idle]
    shown, rest = lines[: asked.query.limit], lines[asked.query.limit :]
    others = None
    if rest:
        others = Sums()
        for line in rest:
            others.merge(line.sums)
    return Ranked(shown, idle, others, len(rest))


def ranked_first(asked: Answering) -> Ranked:
    """Find the lines to show by their totals, and add up only those. Raises InvalidInput."""
    ranked = _by_totals(asked)
    asked.lines = {(line.key, line.is_idle): line for line in ranked.lines}
    if not asked.foreign:
        # A window's idle cost takes part in its conversion; where nothing is converted it can go at once.
        asked.leave_idle_out()
        ranked.idle = [line for line in ranked.idle if (line.key, True) in asked.lines]
    _add_up(asked, ranked)
    if asked.foreign:
        asked.leave_idle_out()
        _drop_idle(asked, ranked)
    return ranked


def _drop_idle(asked: Answering, ranked: Ranked) -> None:
    """Only what is left of the idle lines, and the points of those alone."""
    if asked.query.idle is IdleMode.HIDE and ranked.series is not None:
        ranked.series = [point for point in ranked.series if point[0] < len(ranked.shown)]
    elif asked.query.idle is IdleMode.SHARE and ranked.series is not None:
        places: dict[int, int] = {}
        for place, line in enumerate(ranked.lines):
            if (line.key, line.is_idle) in asked.lines:
                places[place] = len(places)
        ranked.series = [
            (places.get(place, place), at, total)
            for place, at, total in ranked.series
            if place < 0 or place in places
        ]
    ranked.idle = [line for line in ranked.idle if (line.key, True) in asked.lines]


def _by_totals(asked: Answering) -> Ranked:
    """The lines to show in their order, and all idle ones, by their totals alone."""
    limit = asked.query.limit
    best, count = asked.everyone.best(
        limit, share_idle=asked.shares_idle, worth=asked.participants.worth()
    )
    shown: list[Line] = []
    idle: dict[LineKey, Line] = {}
    for found in best:
        if found.is_idle:
            for raw in found.raws:
                line, _ = line_of(idle, asked.source, raw)
            line.sums.total += found.total
            continue
        key, _ = asked.source.keys.key_of(found.raws[0])
        kind = RowKind.UNMOUNTED if found.is_unmounted else RowKind.WORKLOAD
        line = Line(key, kind, found.raws)
        line.sums.total = found.total
        shown.append(line)
    shown.sort(key=lambda line: (-line.sums.total, line.key))
    return Ranked(shown[:limit], list(idle.values()), None, max(0, count - limit))


def _add_up(asked: Answering, ranked: Ranked) -> None:
    """All measures of the lines to show and of the others together, and their points where that costs little."""
    lines = ranked.lines
    for line in lines:
        line.sums = Sums()
    ranked.others = Sums() if ranked.others_count else None
    # What all lines add up to is known without grouping: then only the lines shown are read here.
    asked.whole = asked.source.whole() if ranked.others_count else None
    steps = sum(1 for _ in Steps(asked.query.period, asked.query.step))
    if (len(lines) + 1) * steps <= _READ_ONCE_UP_TO:
        found = _read_once(asked, ranked)
    else:
        raws = [line.raws for line in lines]
        found = asked.source.sums_of(raws, only=asked.whole is not None)
        if asked.whole is not None:
            found[-1] = _less(_together(asked.whole.sums_of([]).values()), found.values())
    _count_in(asked, ranked, found)
    for source in asked.foreign:
        _add_windows(asked, ranked, source)


def _read_once(asked: Answering, ranked: Ranked) -> dict[int, _Sum]:
    """Sums and points from one reading of the rows."""
    step, raws = asked.query.step, [line.raws for line in ranked.lines]
    shared = SHARES if asked.shares_idle else ()
    found: dict[int, _Sum] = {}
    series: list[tuple[int, Any, int]] = []

    def count(place: int, at: Any, measures: list[int], flags: int) -> None:
        held = found.get(place)
        found[place] = (measures, flags) if held is None else _together([held, (measures, flags)])
        series.append((place, at, measures[TOTAL] + sum(measures[share] for share, _ in shared)))

    beside = []
    for place, at, measures, flags in asked.source.sums_by_step(
        step, raws, only=asked.whole is not None
    ):
        count(place, at, measures, flags)
        beside.append((at, measures))
    if asked.whole is not None:
        for _, at, measures, flags in asked.whole.sums_by_step(step, []):
            count(-1, at, measures, flags)
        for at, measures in beside:
            count(-1, at, [-value for value in measures], 0)
    ranked.series = series
    return found


def _together(sums: Iterable[_Sum]) -> _Sum:
    total, flags = [0] * len(MEASURES), 0
    for values, bits in sums:
        total = [held + value for held, value in zip(total, values, strict=True)]
        flags |= bits
    return total, flags


def _less(whole: _Sum, lines: Iterable[_Sum]) -> _Sum:
    """What is left of everything beside some lines. Flags are those of everything."""
    shown, _ = _together(lines)
    return [held - value for held, value in zip(whole[0], shown, strict=True)], whole[1]


def _count_in(asked: Answering, ranked: Ranked, found: dict[int, _Sum]) -> None:
    share = asked.shares_idle
    for place, line in enumerate(ranked.lines):
        if place in found:
            add_measures(line.sums, *found[place], line.row_kind, share=share)
    if ranked.others is not None and -1 in found:
        add_measures(ranked.others, *found[-1], RowKind.WORKLOAD, share=share)


def _add_windows(asked: Answering, ranked: Ranked, source: Source) -> None:
    """What clusters in another currency add, each of their windows converted."""
    lines, share = ranked.lines, asked.shares_idle
    cells = [Cell(*row) for row in source.windows([line.raws for line in lines])]
    for cell in converted_cells(cells, asked.participants.rate, share=share):
        line = lines[cell.line] if cell.line >= 0 else None
        sums = ranked.others if line is None else line.sums
        if sums is None:
            continue  # only keys that are shown have rows here
        kind = RowKind.WORKLOAD if line is None else line.row_kind
        add_measures(sums, cell.measures, cell.flags, kind, share=share)
        key = None if line is None else (line.key, line.is_idle)
        asked.windows.append((key, cell.at, cell.total))
