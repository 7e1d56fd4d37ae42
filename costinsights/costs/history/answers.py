"""Answering a question about stored costs: lines, their series, the proof that they add up."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from costinsights.core.periods import ChargePeriod, as_instant
from costinsights.costs.current.rows import CostRow, Kind, Sums
from costinsights.costs.history.completeness import StepState
from costinsights.costs.history.lines import Answering, cost_row
from costinsights.costs.history.participants import Excluded
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.history.ranking import Ranked, in_order, ranked_first
from costinsights.costs.history.steps import Steps
from costinsights.costs.rates import Rate, rates_text


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


# More keys than this are ranked by their totals before anything else of them is added up.
_RANK_FIRST_FROM = 2_000


def history(
    query: HistoryQuery, *, now: dt.datetime, asked: Answering | None = None
) -> HistoryAnswer:
    """Answer from the store alone. Raises InvalidInput for a cluster, currency or field there is not.

    `asked` is the same question with its lines added up already, where a comparison has done so.
    """
    if asked is not None:
        return _answer(asked, in_order(asked), now=now)
    asked = Answering.prepared(query)
    if asked.source.keys.keys_at_most > _RANK_FIRST_FROM:
        ranked = ranked_first(asked)
    else:
        asked.add_up()
        ranked = in_order(asked)
    return _answer(asked, ranked, now=now)


def _answer(asked: Answering, ranked: Ranked, *, now: dt.datetime) -> HistoryAnswer:
    query, coverage, clusters = asked.query, asked.coverage, asked.clusters
    steps = Steps(query.period, query.step)
    periods = list(steps)
    states = coverage.completeness(periods, clusters, now=now)
    stored = [state is not StepState.MISSING for state, _ in states]
    lines = ranked.lines
    points = _points(asked, ranked, steps, stored)
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
    # Conversion may have moved a line by a micro-unit since it was ranked.
    order = [(line.is_idle, -line.sums.total, line.key) for line in lines]
    shown = len(ranked.shown)
    rows[:shown] = [rows[place] for place in sorted(range(shown), key=order.__getitem__)]
    if ranked.others is not None:
        count = ranked.others_count
        row = ranked.others.as_row(
            key={}, label=f"Others ({count:,})", kind=Kind.OTHERS, whole=whole, members=count
        )
        rows.insert(shown, HistoryRow(row, points[-1]))
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
        ledger_total=asked.participants.ledger_total(coverage) if unfiltered else None,
        data_through=coverage.data_through(clusters),
        unknown_rows=sum(window.unknown_rows for window in coverage.windows),
        difference=sum(row.row.total for row in rows) - totals.total,
        conversions=asked.participants.conversions(),
    )


def _points(
    asked: Answering, ranked: Ranked, steps: Steps, stored: list[bool]
) -> list[list[int | None]]:
    """The points of each line, and one series more for whatever is in none of them."""
    empty: list[int | None] = [0 if has else None for has in stored]
    points = [list(empty) for _ in range(len(ranked.lines) + 1)]
    places = {start: place for place, start in enumerate(steps.starts())}
    lines = {(line.key, line.is_idle): place for place, line in enumerate(ranked.lines)}
    rows = _series(asked, ranked) if ranked.series is None else ranked.series
    converted = [
        (-1 if key is None else lines.get(key, -1), steps.step.start_of(at), amount)
        for key, at, amount in asked.windows
    ]
    for line, at, amount in [*rows, *converted]:
        series, place = points[line], places[as_instant(at)]
        series[place] = (series[place] or 0) + amount
    return points


def _series(asked: Answering, ranked: Ranked) -> list[tuple[int, Any, int]]:
    raws = [line.raws for line in ranked.lines]
    step, whole, shared = asked.query.step, asked.whole, asked.shares_idle
    rows = asked.source.series(step, raws, share_idle=shared, only=whole is not None)
    if whole is not None:
        beside = [(-1, at, -amount) for _, at, amount in rows]
        rows += [*whole.series(step, [], share_idle=shared), *beside]
    return rows
