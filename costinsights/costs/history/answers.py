"""Answering a question about stored costs: lines, their series, the proof that they add up."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from costinsights.core.periods import ChargePeriod
from costinsights.costs.current.rows import CostRow, Kind, Sums
from costinsights.costs.history.completeness import StepState
from costinsights.costs.history.lines import (
    Answering,
    Excluded,
    Line,
    add_measures,
    cost_row,
    line_of,
    lines_of,
)
from costinsights.costs.history.models import MEASURES
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.history.source import Source
from costinsights.costs.history.steps import Steps
from costinsights.costs.parameters import IdleMode
from costinsights.costs.rates import Rate, rates_text
from costinsights.opencost.rows import RowKind


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A line and its points: micro-units for each step, None where nothing is stored."""

    row: CostRow
    points: list[int | None]


@dataclass(frozen=True, slots=True)
class StepInfo:
    """One step of the series and how much of it is stored."""

    period: ChargePeriod
    state: StepState
    completeness: float
    stored: float  # the share for which at least one cluster is stored
    total: int | None

    @property
    def share(self) -> Decimal:
        """The completeness as the API and the exports write it: four decimals."""
        return Decimal(repr(round(self.completeness, 4)))


@dataclass(frozen=True, slots=True)
class HistoryAnswer:
    """What the store says. Σ rows = total at every step and over the period, to the micro-unit."""

    query: HistoryQuery
    currency: str
    clusters: list[str]
    excluded: list[Excluded]
    steps: list[StepInfo]
    rows: list[HistoryRow]
    totals: CostRow
    hidden_idle: int | None
    # What the ledger says; None where a filter or a limit leaves something out.
    ledger_total: int | None
    data_through: dt.datetime | None
    unknown_rows: int
    difference: int = 0  # Σ rows − total; anything but 0 is a defect
    conversions: list[Rate] = field(default_factory=list)  # the rates used, by currency and day

    @property
    def conversions_text(self) -> str:
        """The rates used in one line, for exports; "" where nothing was converted."""
        return rates_text(self.conversions)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The lines to show, and what all others add up to."""

    shown: list[Line]
    idle: list[Line]
    others: Sums | None
    others_count: int


# More keys than this are ranked by their totals before anything else of them is added up.
_RANK_FIRST_FROM = 2_000


def history(
    query: HistoryQuery, *, now: dt.datetime, asked: Answering | None = None
) -> HistoryAnswer:
    """Answer from the store alone. Raises InvalidInput for a cluster, currency or field there is not.

    `asked` is the same question with its lines added up already, where a comparison has done so.
    """
    if asked is not None:
        return _answer(asked, _ranked(asked), now=now)
    asked = Answering.prepared(query)
    if asked.source.keys_at_most > _RANK_FIRST_FROM:
        ranked = _ranked_first(asked)
    else:
        asked.lines = lines_of(asked.source, query)
        asked.leave_idle_out()
        ranked = _ranked(asked)
    return _answer(asked, ranked, now=now)


def _in_order(asked: Answering) -> tuple[list[Line], list[Line], list[Line]]:
    """The lines to show, the rest, and the idle ones."""
    lines = sorted(
        (line for line in asked.lines.values() if not line.is_idle),
        key=lambda line: (-line.sums.total, line.key),
    )
    idle = [line for line in asked.lines.values() if line.is_idle]
    limit = asked.query.limit
    return lines[:limit], lines[limit:], idle


def _ranked(asked: Answering) -> _Ranked:
    shown, rest, idle = _in_order(asked)
    others = None
    if rest:
        others = Sums()
        for line in rest:
            others.merge(line.sums)
    return _Ranked(shown, idle, others, len(rest))


def _ranked_first(asked: Answering) -> _Ranked:
    """Totals first, then everything else of the few lines that are shown."""
    source, share = asked.source, asked.query.idle is IdleMode.SHARE
    for raw, total in source.totals(share_idle=share):
        line, _ = line_of(asked.lines, source, raw)
        line.sums.total += total
    asked.leave_idle_out()
    shown, rest, idle = _in_order(asked)
    lines = [*shown, *idle]
    # What all lines add up to is known without grouping: then only the lines shown are added up here.
    asked.whole = source.whole() if rest else None
    found = source.sums_of([line.raws for line in lines], only=asked.whole is not None)
    for place, line in enumerate(lines):
        line.sums = Sums()
        if place in found:
            add_measures(line.sums, *found[place], line.row_kind, share=share)
    others = None
    if rest:
        others = Sums()
        values, flags = found[-1] if asked.whole is None else _remainder(asked.whole, found)
        add_measures(others, values, flags, RowKind.WORKLOAD, share=share)
    return _Ranked(shown, idle, others, len(rest))


def _remainder(whole: Source, lines: Mapping[int, tuple[list[int], int]]) -> tuple[list[int], int]:
    """What is left of everything beside some lines. Flags are those of everything."""
    left, flags = [0] * len(MEASURES), 0
    for _, values, bits in whole.sums():
        left = [held + value for held, value in zip(left, values, strict=True)]
        flags |= bits
    for values, _ in lines.values():
        left = [held - value for held, value in zip(left, values, strict=True)]
    return left, flags


def _answer(asked: Answering, ranked: _Ranked, *, now: dt.datetime) -> HistoryAnswer:
    query, coverage, clusters = asked.query, asked.coverage, asked.clusters
    steps = Steps(query.period, query.step)
    periods = list(steps)
    states = coverage.completeness(periods, clusters, now=now)
    stored = [state is not StepState.MISSING for state, _ in states]
    lines = [*ranked.shown, *ranked.idle]
    places = {start: place for place, start in enumerate(steps.starts())}
    points = _points(asked, lines, places, stored)
    everything = Sums()
    for line in lines:
        everything.merge(line.sums)
    if ranked.others is not None:
        everything.merge(ranked.others)
    whole = everything.total
    rows = [
        HistoryRow(cost_row(line, query, asked.names, whole), points[index])
        for index, line in enumerate(lines)
    ]
    if ranked.others is not None:
        count = ranked.others_count
        row = ranked.others.as_row(
            key={}, label=f"Others ({count:,})", kind=Kind.OTHERS, whole=whole, members=count
        )
        rows.insert(len(ranked.shown), HistoryRow(row, points[-1]))
    totals = everything.as_row(key={}, label="Total", kind=Kind.TOTAL, whole=whole)
    step_totals = [
        sum(row.points[place] or 0 for row in rows) if stored[place] else None
        for place in range(len(periods))
    ]
    unfiltered = query.filter is None and not query.scope.is_limited
    return HistoryAnswer(
        query=query,
        currency=asked.currency,
        clusters=[cluster.slug for cluster in clusters],
        excluded=asked.excluded,
        steps=[
            StepInfo(period, state, share, stored_share, total)
            for period, (state, share), stored_share, total in zip(
                periods, states, coverage.stored_shares(periods, now=now), step_totals, strict=True
            )
        ],
        rows=rows,
        totals=totals,
        hidden_idle=asked.hidden_idle,
        ledger_total=coverage.total if unfiltered else None,
        data_through=coverage.data_through(clusters),
        unknown_rows=sum(window.unknown_rows for window in coverage.windows),
        difference=sum(row.row.total for row in rows) - totals.total,
    )


def _points(
    asked: Answering, lines: list[Line], places: dict[dt.datetime, int], stored: list[bool]
) -> list[list[int | None]]:
    """The points of each line, and one series more for whatever is in none of them."""
    empty: list[int | None] = [0 if has else None for has in stored]
    points = [list(empty) for _ in range(len(lines) + 1)]
    shared = asked.query.idle is IdleMode.SHARE
    raws = [line.raws for line in lines]
    step, whole = asked.query.step, asked.whole
    rows = asked.source.series(step, raws, share_idle=shared, only=whole is not None)
    if whole is not None:
        beside = [(-1, at, -amount) for _, at, amount in rows]
        rows += [*whole.series(step, [], share_idle=shared), *beside]
    for line, at, amount in rows:
        series, place = points[line], places[_instant(at)]
        series[place] = (series[place] or 0) + amount
    return points


def _instant(at: dt.datetime | dt.date) -> dt.datetime:
    if isinstance(at, dt.datetime):
        return at
    return dt.datetime.combine(at, dt.time(), dt.UTC)
