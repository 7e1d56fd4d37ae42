"""Reports of costs: any question to stored history, as the member who asks may see it."""

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Any, BinaryIO

from costinsights.core import tabular
from costinsights.core.errors import InvalidInput
from costinsights.core.snapshots import one_snapshot
from costinsights.core.tenancy import current_tenant
from costinsights.costs.history.answers import HistoryAnswer, history
from costinsights.costs.history.compare import Base, Comparison, compare, previous_period
from costinsights.costs.history.exports import history_table
from costinsights.costs.history.query import MOST_ROWS, PARAMETERS, HistoryQuery
from costinsights.costs.read_scope import EVERYTHING, ReadScope
from costinsights.costs.selectors import read_scope_of
from reporting.exports.xlsx_file import XLSX_TYPE
from reporting.reports.making import (
    Asked,
    Made,
    Mover,
    Preview,
    Progress,
    Summary,
    keep_file,
    refuse_unknown,
    text_of,
)
from reporting.reports.xlsx_table import write_table

FORMATS = ("csv", "xlsx", "parquet")
_TYPES = {"csv": tabular.CSV_TYPE, "xlsx": XLSX_TYPE, "parquet": tabular.PARQUET_TYPE}
_BASES = {
    "month": Base.LAST_MONTH,
    "lastmonth": Base.LAST_MONTH,
    "quarter": Base.LAST_QUARTER,
    "lastquarter": Base.LAST_QUARTER,
    "year": Base.LAST_YEAR,
    "lastyear": Base.LAST_YEAR,
}


def checked(parameters: Mapping[str, Any], *, now: dt.datetime) -> dict[str, Any]:
    """The parameters of a history question, those with a value. Raises InvalidInput."""
    refuse_unknown(parameters, PARAMETERS)
    for name, value in parameters.items():
        if not isinstance(value, str):
            raise InvalidInput("Write it as text, as in an address.", field=name)
    given = {name: value.strip() for name, value in parameters.items() if value.strip()}
    _query(given, EVERYTHING, now)
    return given


def make(asked: Asked, progress: Progress) -> Made:
    """Ask once, and write the same answer in every format."""
    whole = 1 + len(asked.formats)
    progress(0, whole)
    answer, found = _answered(asked)
    made = []
    for done, wanted in enumerate(asked.formats, start=1):
        progress(done, whole)
        first, last = answer.query.period.start.date(), answer.query.period.end.date()
        name = f"{current_tenant().slug}_costs_{first}_{last}.{wanted}"
        made.append(keep_file(name, wanted, _TYPES[wanted], partial(_write, wanted, answer)))
    return Made(_summary(answer, found), made, scope_digest=answer.query.scope.digest)


def preview(asked: Asked, *, most: int) -> Preview:
    """The first lines and the totals."""
    answer, found = _answered(asked)
    names = [str(dimension) for dimension in answer.query.group_by]
    rows = [
        [*(row.row.key.get(name, "") for name in names), row.row.label, text_of(row.row.total)]
        for row in answer.rows[:most]
    ]
    return Preview(_summary(answer, found), [*names, "label", "total_cost"], rows)


def _query(given: Mapping[str, Any], scope: ReadScope, now: dt.datetime) -> HistoryQuery:
    period = {} if given.get("start") or given.get("end") else {"window": "lastmonth"}
    wanted = {**period, "limit": str(MOST_ROWS), **given}
    return HistoryQuery.parse(wanted, now=now, scope=scope)


def _answered(asked: Asked) -> tuple[HistoryAnswer, Comparison]:
    query = _query(asked.parameters, read_scope_of(asked.member), asked.wall_clock)
    before = previous_period(query.period, _BASES.get(query.window, Base.PREVIOUS))
    with one_snapshot():
        answer = history(query, now=asked.now)
        found = compare(query, Base.PREVIOUS, before, now=asked.now)
    return answer, found


def _summary(answer: HistoryAnswer, found: Comparison) -> Summary:
    is_stored = any(step.total is not None for step in answer.steps)
    period, share = answer.query.period, found.current_completeness
    notes = [] if share >= 1 else [f"{share:.1%} of the period is stored."]
    if answer.excluded:
        notes.append(f"{len(answer.excluded)} clusters are left out: see the history page.")
    return Summary(
        title=f"Costs by {answer.query.group_by_text.replace(',', ', ')}",
        start=period.start.date(),
        end=period.end.date(),
        currency=answer.currency,
        total=answer.totals.total if is_stored else None,
        previous=found.totals.previous.total if found.previous_stored > 0 else None,
        movers=[
            Mover(row.current.label, row.current.total, row.previous.total, row.delta)
            for row in found.movers
            if found.previous_stored > 0
        ],
        rows=len(answer.rows),
        notes=notes,
        is_preliminary=share < 1,
    )


def _write(wanted: str, answer: HistoryAnswer, out: BinaryIO) -> None:
    table = history_table(answer)
    if wanted == "xlsx":
        write_table(table, out, made_at=answer.query.period.end)
        return
    if wanted == "csv":
        for text in tabular.csv_pieces(table):
            out.write(text.encode())
        return
    for piece in tabular.parquet_pieces(table):
        out.write(piece)
