"""What the chart over time draws: a plain dictionary for static/src/charts/spec.ts."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from costinsights.core.money import decimal_from_micros
from costinsights.core.periods import instant_text
from costinsights.core.templatetags.display import money_text
from costinsights.costs.charts import SPECIAL, number, row_colours, sentence
from costinsights.costs.current.rows import CostRow, Kind
from costinsights.costs.history.answers import HistoryAnswer, HistoryRow, StepInfo
from costinsights.costs.history.completeness import StepState
from costinsights.costs.history.page.state import PAGE_LIMIT, Style
from costinsights.costs.history.page.words import step_label, step_title, total_words

# Lines with a colour of their own; the others are one segment.
MOST_SERIES = PAGE_LIMIT
_BOTTOM_UP = {Kind.UNALLOCATED: 1, Kind.UNMOUNTED: 1, Kind.OTHERS: 2, Kind.IDLE: 3}
Link = Callable[[HistoryRow], str]
Zoom = Callable[[StepInfo], str]


def timeline(
    answer: HistoryAnswer,
    before: HistoryAnswer | None,
    *,
    grouped_by: str,
    style: Style,
    link: Link,
    zoom: Zoom,
    zoom_url: str,
    now: datetime,
) -> dict[str, Any]:
    """Stacked amounts per step. Steps where nothing is stored have no value, which is not zero.

    `zoom_url` is the page without its period: a brush adds `start` and `end`.
    """
    currency, step = answer.currency, answer.query.step
    steps = [
        {
            "label": step_label(info.period, step),
            "title": step_title(info.period, step),
            "start": instant_text(info.period.start),
            "end": instant_text(info.period.end),
            "state": str(info.state),
            "value": _value(info.total),
            "text": total_words(info.total, info.state, info.completeness, currency),
            "now": info.period.start <= now < info.period.end,
            "href": zoom(info),
        }
        for info in answer.steps
    ]
    series = [
        {
            "label": row.row.label if row else label,
            "colour": colour,
            "values": [_value(point) for point in points],
            "texts": ["" if point is None else money_text(point, currency) for point in points],
            "total": money_text(sum(point or 0 for point in points), currency),
            "href": link(row) if row else "",
        }
        for row, label, colour, points in _series(answer)
    ]
    return {
        "type": "timeline",
        "style": str(style),
        "currency": currency,
        "description": _description(answer, grouped_by, step),
        "steps": steps,
        "series": series,
        "ghost": _ghost(before, len(steps)) if before else None,
        "zoom": zoom_url,
    }


def _series(answer: HistoryAnswer) -> list[tuple[HistoryRow | None, str, str, list[int | None]]]:
    """(row, label, colour, points), the largest lowest; lines past the ninth as one."""
    colours = chart_colours([row.row for row in answer.rows])
    tints = dict(zip(map(id, answer.rows), colours, strict=True))
    plain = [row for row in answer.rows if row.row.kind not in _BOTTOM_UP]
    special = [row for row in answer.rows if row.row.kind in _BOTTOM_UP]
    own, rest = plain[:MOST_SERIES], plain[MOST_SERIES:]
    listed: list[tuple[HistoryRow | None, str, str, list[int | None]]] = [
        (row, "", tints[id(row)], row.points) for row in own
    ]
    others = [row for row in special if row.row.kind is Kind.OTHERS]
    for row in sorted(special, key=lambda row: _BOTTOM_UP[row.row.kind]):
        if row.row.kind is not Kind.OTHERS:
            listed.append((row, "", tints[id(row)], row.points))
    if rest or others:
        count = len(rest) + sum(row.row.members for row in others)
        points = _added([row.points for row in (*rest, *others)])
        place = len(listed) - sum(1 for row in special if row.row.kind is Kind.IDLE)
        listed.insert(place, (None, f"Others ({count:,})", "others", points))
    return listed


def chart_colours(rows: Sequence[CostRow]) -> list[str]:
    """The colour of each row's segment; rows past the ninth are part of Others and have its colour."""
    own = [row for row in rows if row.kind not in _BOTTOM_UP][:MOST_SERIES]
    by_row = dict(zip(map(id, own), row_colours(own), strict=True))
    return [SPECIAL.get(row.kind) or by_row.get(id(row), "others") for row in rows]


def _added(series: list[list[int | None]]) -> list[int | None]:
    """Several series as one; nothing where nothing is stored."""
    return [
        None if all(point is None for point in step) else sum(point or 0 for point in step)
        for step in zip(*series, strict=True)
    ]


def _ghost(before: HistoryAnswer, steps: int) -> dict[str, Any]:
    """The earlier period's totals, step by step beside the current ones; surplus steps are left away."""
    infos: list[StepInfo | None] = [*before.steps[:steps]]
    infos += [None] * (steps - len(infos))
    return {
        "values": [_value(info.total) if info else None for info in infos],
        "texts": [
            total_words(info.total, info.state, info.completeness, before.currency) if info else ""
            for info in infos
        ],
        "labels": [step_title(info.period, before.query.step) if info else "" for info in infos],
    }


def _description(answer: HistoryAnswer, grouped_by: str, step: str) -> str:
    parts = [
        {
            "label": row.row.label,
            "value": number(row.row.total),
            "text": money_text(row.row.total, answer.currency),
        }
        for row in answer.rows
    ]
    text = sentence(f"Cost by {grouped_by} and {step}", parts, answer.totals.total, answer.currency)
    missing = sum(info.state is StepState.MISSING for info in answer.steps)
    return f"{text} {missing} of {len(answer.steps)} without data." if missing else text


def _value(micros: int | None) -> float | None:
    return None if micros is None else float(decimal_from_micros(micros))
