"""Answers from stored history as tables, for CSV and Parquet: the numbers and the order of the JSON answer."""

from collections.abc import Iterator, Sequence
from typing import Any

from costinsights.core.periods import instant_text
from costinsights.core.tabular import Column, ColumnKind, Table
from costinsights.costs.history.answers import HistoryAnswer
from costinsights.costs.history.compare import ComparedRow, Comparison
from costinsights.costs.history.query import HistoryQuery
from costinsights.opencost.rows import COMPONENTS

_MONEY = ColumnKind.MONEY
_INSTANT = ColumnKind.INSTANT
_HISTORY = (
    Column("label", description="The line for a person."),
    Column("kind", description="workload, idle, unmounted, unallocated or others"),
    Column("step_start", _INSTANT, "UTC, included."),
    Column("step_end", _INSTANT, "UTC, excluded."),
    Column("state", description="How much of the step is stored: complete, partial or missing."),
    Column("currency", description="ISO 4217"),
    Column("total_cost", _MONEY, "In this step; empty where nothing is stored, which is not zero."),
    Column("completeness", ColumnKind.RATIO, "Stored share of the step's elapsed minutes, 0 to 1."),
    Column("conversions", description="Exchange rates that the amounts were converted with."),
)
_COMPARISON = (
    Column("label", description="The line for a person."),
    Column("kind", description="workload, idle, unmounted, unallocated or others"),
    Column("change", description="changed, new, gone or same"),
    Column("currency", description="ISO 4217"),
    Column("current_cost", _MONEY),
    Column("previous_cost", _MONEY),
    Column("delta", _MONEY, "Current minus previous."),
    Column("ratio", ColumnKind.RATIO, "Delta / previous; empty when that was 0."),
    Column("by_quantity", _MONEY, "Of the delta: change of the amount used, at the old price."),
    Column("by_price", _MONEY, "Of the delta: change of the price, for the new amount."),
    Column("other", _MONEY, "Of the delta: components without a quantity."),
    *(Column(f"{name}_delta", _MONEY, f"Of the delta: {name}.") for name in COMPONENTS),
    Column("conversions", description="Exchange rates that the amounts were converted with."),
)


def history_table(answer: HistoryAnswer) -> Table:
    """A row per line and step."""
    return Table(
        columns=[*_keys(answer.query), *_HISTORY],
        rows=_history_rows(answer),
        notes={
            **_notes(answer.query, answer.currency, answer.conversions_text),
            "step": str(answer.query.step),
            "data_through": instant_text(answer.data_through) if answer.data_through else "",
        },
    )


def _history_rows(answer: HistoryAnswer) -> Iterator[Sequence[Any]]:
    names = [str(dimension) for dimension in answer.query.group_by]
    steps = [
        (step.period.start, step.period.end, str(step.state), answer.currency)
        for step in answer.steps
    ]
    shares = [step.share for step in answer.steps]
    conversions = answer.conversions_text
    for row in answer.rows:
        line = row.row
        head = (*(line.key.get(name, "") for name in names), line.label, str(line.kind))
        for step, share, point in zip(steps, shares, row.points, strict=True):
            yield *head, *step, point, share, conversions


def comparison_table(found: Comparison) -> Table:
    """A row per line: both periods, the delta and its parts."""
    return Table(
        columns=[*_keys(found.query), *_COMPARISON],
        rows=(_compared(row, found) for row in found.rows),
        notes={
            **_notes(found.query, found.currency, found.conversions_text),
            "base": str(found.base),
            "previous_start": instant_text(found.previous_period.start),
            "previous_end": instant_text(found.previous_period.end),
        },
    )


def _compared(row: ComparedRow, found: Comparison) -> Sequence[Any]:
    names = [str(dimension) for dimension in found.query.group_by]
    deltas = {driver.component: driver.delta for driver in row.drivers}
    return (
        *(row.current.key.get(name, "") for name in names),
        row.current.label,
        str(row.current.kind),
        str(row.change),
        found.currency,
        row.current.total,
        row.previous.total,
        row.delta,
        row.ratio,
        sum(driver.by_quantity for driver in row.drivers),
        sum(driver.by_price for driver in row.drivers),
        sum(driver.other for driver in row.drivers),
        *(deltas.get(name, 0) for name in COMPONENTS),
        found.conversions_text,
    )


def _keys(query: HistoryQuery) -> list[Column]:
    return [
        Column(str(dimension), description="A dimension asked for.") for dimension in query.group_by
    ]


def _notes(query: HistoryQuery, currency: str, conversions: str) -> dict[str, str]:
    return {
        "start": instant_text(query.period.start),
        "end": instant_text(query.period.end),
        "currency": currency,
        "question": query.query_string(),
        "conversions": conversions,
    }
