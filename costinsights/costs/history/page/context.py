"""All variables of history/page.html."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from costinsights.core.errors import InvalidInput
from costinsights.core.periods import DAY, utc_day
from costinsights.core.templatetags.display import signed_percent
from costinsights.costs.annotations.models import Annotation
from costinsights.costs.current.drill import drill
from costinsights.costs.current.rows import Kind
from costinsights.costs.dashboard import grouped_by
from costinsights.costs.history.answers import HistoryAnswer, HistoryRow, StepInfo
from costinsights.costs.history.compare import ComparedRow, Comparison
from costinsights.costs.history.completeness import StepState
from costinsights.costs.history.ledger import HOURS_KEPT
from costinsights.costs.history.models import LabelKey
from costinsights.costs.history.page.bar import crumbs, query_bar
from costinsights.costs.history.page.columns import COLUMNS
from costinsights.costs.history.page.kpis import kpis
from costinsights.costs.history.page.notes import Note, note_marks
from costinsights.costs.history.page.state import PageState
from costinsights.costs.history.page.table import columns, direction_of, lines, total_line
from costinsights.costs.history.page.timeline import timeline
from costinsights.costs.history.page.words import change_words, driver_words, period_words
from costinsights.costs.history.query import MOST_ROWS
from costinsights.costs.history.steps import Step


@dataclass(frozen=True, slots=True)
class Paths:
    """Addresses that the page leads to."""

    page: str
    history_api: str
    compare_api: str
    origin: str = ""  # the scheme and host, for addresses that are copied


@dataclass(frozen=True, slots=True)
class Mover:
    """A line that changed much, with why. `delta` in micro-units."""

    label: str
    url: str
    delta: int
    direction: str
    percent: str
    drivers: str


def page_context(
    *,
    state: PageState,
    answer: HistoryAnswer | None,
    before: HistoryAnswer | None,
    compared: Comparison | None,
    clusters: Sequence[tuple[str, str]],
    samples: frozenset[str],
    keys: Sequence[LabelKey],
    paths: Paths,
    now: datetime,
    error: InvalidInput | None = None,
    can_compare: bool = True,
    can_manage: bool = False,
    notes: Sequence[tuple[Annotation, Note]] = (),
    retention_days: int,
) -> dict[str, Any]:
    query, path = state.query, paths.page
    parameters = urlencode(state.parameters())
    context: dict[str, Any] = {
        "query": query,
        "answer": answer,
        "compared": compared,
        "query_error": error,
        "scope_words": query.scope.words,
        "has_clusters": bool(clusters),
        "can_manage": can_manage,
        "bar": query_bar(
            state,
            clusters,
            keys,
            path,
            can_compare=can_compare,
            now=now,
            retention_days=retention_days,
        ),
        "crumbs": crumbs(state, clusters, path),
        "filter_text": _typed_filter(state, error),
        "page_url": state.url(path),
        "clear_url": state.url(path, filter="", cluster=""),
        "is_filtered": bool(query.filter_text or query.clusters),
        "grouped_by": grouped_by(query),
        "plain_url": f"{path}?window=30d",
        "state_text": parameters,
        "exports": _exports(state, paths),
        "api_call": _curl(state, paths),
        "link": f"{paths.origin}{state.url(path)}",
        "shown_columns": state.columns,
        "column_choices": [(name, label, name in state.columns) for name, label in COLUMNS.items()],
        "kept_parameters": [
            (name, value) for name, value in state.parameters().items() if name != "columns"
        ],
        "notes": [note for _, note in notes],
    }
    if answer is not None:
        context["is_sample"] = bool(answer.clusters) and samples.issuperset(answer.clusters)
        context |= _answer_context(state, answer, before, compared, paths, now)
        marks = note_marks(notes, answer.steps)
        context["note_marks"] = marks
        spans = [{"from": mark.place, "to": mark.last_place} for mark in marks]
        context["chart"]["timeline"]["notes"] = spans
    return context


def _typed_filter(state: PageState, error: InvalidInput | None) -> str:
    """The filter as it was typed, also where it could not be read."""
    if error is not None and error.field == "filter":
        return str(error.extra.get("value") or "")
    return state.query.filter_text


def _exports(state: PageState, paths: Paths) -> list[tuple[str, str]]:
    """(what, address) of the files that hold this page's numbers, all rows of them."""
    asked = {**state.api_parameters(), "limit": str(MOST_ROWS)}
    listed = [("Series", paths.history_api, asked)]
    if state.base:
        listed.append(("Comparison", paths.compare_api, {**asked, **_compared_with(state)}))
    return [
        (f"{what} as {name}", f"{api}?{urlencode({**parameters, 'format': kind})}")
        for what, api, parameters in listed
        for kind, name in (("csv", "CSV"), ("parquet", "Parquet"))
    ]


def _compared_with(state: PageState) -> dict[str, str]:
    start = {"compare_start": f"{state.base_start:%Y-%m-%d}"} if state.base_start else {}
    return {"compare": str(state.base), **start}


def _curl(state: PageState, paths: Paths) -> str:
    """The page's numbers asked for by a program."""
    api, asked = paths.history_api, state.api_parameters()
    if state.base:
        api, asked = paths.compare_api, {**asked, **_compared_with(state)}
    address = f"{paths.origin}{api}?{urlencode(asked)}".replace("'", "%27")
    return f"curl -H 'Authorization: Bearer TOKEN' '{address}'"


def _answer_context(
    state: PageState,
    answer: HistoryAnswer,
    before: HistoryAnswer | None,
    compared: Comparison | None,
    paths: Paths,
    now: datetime,
) -> dict[str, Any]:
    query, path = state.query, paths.page

    def link(row: HistoryRow) -> str:
        below = drill(query, row.row)
        return state.url(path, below) if below is not None else ""

    chart = timeline(
        answer,
        before,
        grouped_by=grouped_by(query).lower(),
        style=state.style,
        link=link,
        zoom=lambda info: _zoom(state, info, path, now),
        zoom_url=state.url(path, window="", start="", end="", step=""),
        now=now,
    )
    shown = [info for info in answer.steps if info.state is not StepState.MISSING]
    return {
        "chart": {"timeline": chart},
        "columns": columns(state, grouped_by(query), path, is_compared=compared is not None),
        "lines": lines(state, answer, compared, path),
        "totals": total_line(state, answer, compared),
        "step_lines": _step_lines(chart, before),
        "hides_rows": any(row.row.kind is Kind.OTHERS for row in answer.rows),
        "more_url": state.url(path, limit=str(MOST_ROWS)),
        "has_data": bool(shown),
        "kpis": kpis(answer, compared, now=now),
        "partial_steps": sum(info.state is StepState.PARTIAL for info in answer.steps),
        "missing_steps": sum(info.state is StepState.MISSING for info in answer.steps),
        "nothing_before": period_words(state.previous) if state.previous and not compared else "",
        "previous_words": period_words(compared.previous_period) if compared else "",
        "risers": [_mover(state, row, answer.currency, path) for row in compared.risers]
        if compared
        else [],
        "fallers": [_mover(state, row, answer.currency, path) for row in compared.fallers]
        if compared
        else [],
    }


def _zoom(state: PageState, info: StepInfo, path: str, now: datetime) -> str:
    """The page of one step alone; "" where its parts are no longer kept."""
    if state.query.step is Step.HOUR:
        return ""
    start, end = info.period.start, info.period.end
    if info.period.length <= 2 * DAY and start < utc_day(now) - HOURS_KEPT + DAY:
        return ""
    return state.url(path, window="", step="", start=f"{start:%Y-%m-%d}", end=f"{end:%Y-%m-%d}")


def _step_lines(chart: dict[str, Any], before: HistoryAnswer | None) -> list[dict[str, Any]]:
    """The chart's steps as lines of a table, with the earlier period's where it compares."""
    ghost = chart["ghost"]
    return [
        {
            **step,
            "before": ghost["texts"][place] if ghost else "",
            "before_title": ghost["labels"][place] if ghost else "",
        }
        for place, step in enumerate(chart["steps"])
    ]


def _mover(state: PageState, row: ComparedRow, currency: str, path: str) -> Mover:
    below = drill(state.query, row.current)
    return Mover(
        label=row.current.label,
        url=state.url(path, below) if below is not None else "",
        delta=row.delta,
        direction=direction_of(row.delta),
        percent=change_words(row) or signed_percent(row.ratio),
        drivers=driver_words(row, currency),
    )
