"""All variables of history/page.html."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from costinsights.core.errors import InvalidInput
from costinsights.core.periods import DAY, utc_day
from costinsights.core.templatetags.display import signed_money, signed_percent, utc_instant
from costinsights.costs.current.drill import drill
from costinsights.costs.current.rows import Kind
from costinsights.costs.dashboard import grouped_by
from costinsights.costs.history.answers import HistoryAnswer, HistoryRow, StepInfo
from costinsights.costs.history.compare import ComparedRow, Comparison
from costinsights.costs.history.completeness import StepState
from costinsights.costs.history.ledger import HOURS_KEPT
from costinsights.costs.history.models import LabelKey
from costinsights.costs.history.page.bar import crumbs, query_bar
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
) -> dict[str, Any]:
    query, path = state.query, paths.page
    context: dict[str, Any] = {
        "query": query,
        "answer": answer,
        "compared": compared,
        "query_error": error,
        "scope_words": query.scope.words,
        "has_clusters": bool(clusters),
        "can_manage": can_manage,
        "bar": query_bar(state, clusters, keys, path, can_compare=can_compare),
        "crumbs": crumbs(state, clusters, path),
        "filter_text": _typed_filter(state, error),
        "page_url": state.url(path),
        "clear_url": state.url(path, filter="", cluster=""),
        "is_filtered": bool(query.filter_text or query.clusters),
        "grouped_by": grouped_by(query),
        "api_call": f"{paths.history_api}?{query.query_string()}",
        "series_csv": _csv(paths.history_api, state),
        "comparison_csv": _csv(paths.compare_api, state) if state.base else "",
    }
    if answer is not None:
        context["is_sample"] = bool(answer.clusters) and samples.issuperset(answer.clusters)
        context |= _answer_context(state, answer, before, compared, paths, now)
    return context


def _typed_filter(state: PageState, error: InvalidInput | None) -> str:
    """The filter as it was typed, also where it could not be read."""
    if error is not None and error.field == "filter":
        return str(error.extra.get("value") or "")
    return state.query.filter_text


def _csv(api: str, state: PageState) -> str:
    more = {"limit": str(MOST_ROWS), "format": "csv"}
    if state.base and "compare" in api:
        more["compare"] = str(state.base)
    return f"{api}?{state.query.query_string(**more)}"


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
        "columns": columns(state, grouped_by(query), path),
        "lines": lines(state, answer, compared, path),
        "totals": total_line(answer, compared),
        "step_lines": _step_lines(chart, before),
        "hides_rows": any(row.row.kind is Kind.OTHERS for row in answer.rows),
        "more_url": state.url(path, limit=str(MOST_ROWS)),
        "has_data": bool(shown),
        "kpis": kpis(answer, compared, now=now),
        "partial_steps": sum(info.state is StepState.PARTIAL for info in answer.steps),
        "missing_steps": sum(info.state is StepState.MISSING for info in answer.steps),
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


def kpis(answer: HistoryAnswer, compared: Comparison | None, *, now: datetime) -> dict[str, Any]:
    """The headline numbers, and how each changed."""
    days = stored_days(answer, now=now)
    idle = sum(row.row.total for row in answer.rows if row.row.kind is Kind.IDLE)
    elapsed = _elapsed(answer, now)
    covered = sum(_elapsed_days(info, now) * info.completeness for info in answer.steps)
    found: dict[str, Any] = {
        "average": round(answer.totals.total / days) if days else None,
        "idle": idle,
        "idle_share": idle / answer.totals.total if answer.totals.total > 0 else None,
        "completeness": covered / elapsed if elapsed else 0.0,
        "days": days,
        "through": f"data through {utc_instant(answer.data_through)}"
        if answer.data_through
        else "not every cluster has data",
    }
    if compared is not None:
        totals = compared.totals
        found["total_change"] = _change(totals.delta, totals.ratio, answer.currency)
        found["total_direction"] = direction_of(totals.delta)
        idle_rows = [row for row in compared.rows if row.current.kind is Kind.IDLE]
        idle_before = sum(row.previous.total for row in idle_rows)
        idle_delta = sum(row.delta for row in idle_rows)
        ratio = idle_delta / idle_before if idle_before else None
        found["idle_change"] = _change(idle_delta, ratio, answer.currency)
        found["idle_direction"] = direction_of(idle_delta)
        average_before = _average_before(compared)
        if average_before is not None and found["average"] is not None:
            delta = found["average"] - average_before
            share = delta / average_before if average_before else None
            found["average_change"] = _change(delta, share, answer.currency)
            found["average_direction"] = direction_of(delta)
        found["previous_completeness"] = compared.previous_completeness
    return found


def _average_before(compared: Comparison) -> int | None:
    days = compared.previous_period.length / DAY * compared.previous_stored
    return round(compared.totals.previous.total / days) if days else None


def _change(delta: int, ratio: Any, currency: str) -> str:
    if not delta:
        return "unchanged"
    percent = f" ({signed_percent(ratio)})" if ratio is not None else ""
    return f"{signed_money(delta, currency)}{percent}"


def stored_days(answer: HistoryAnswer, *, now: datetime) -> float:
    """How many days of the period are stored for some cluster, parts of days counted as such."""
    return sum(_elapsed_days(info, now) * info.stored for info in answer.steps)


def _elapsed_days(info: StepInfo, now: datetime) -> float:
    return max(timedelta(), min(info.period.end, now) - info.period.start) / DAY


def _elapsed(answer: HistoryAnswer, now: datetime) -> float:
    period = answer.query.period
    return max(timedelta(), min(period.end, now) - period.start) / DAY
