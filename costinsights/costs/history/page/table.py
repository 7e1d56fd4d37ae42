"""The lines of the history page: the chart's equal, with both periods where it compares."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from costinsights.costs.charts import COMPONENT_NAMES
from costinsights.costs.current.drill import drill
from costinsights.costs.current.rows import CostRow
from costinsights.costs.dashboard import FLAG_TEXTS, KIND_TEXTS, Column
from costinsights.costs.history.answers import HistoryAnswer
from costinsights.costs.history.compare import ComparedRow, Comparison
from costinsights.costs.history.page.columns import COLUMNS
from costinsights.costs.history.page.state import PageState
from costinsights.costs.history.page.timeline import chart_colours
from costinsights.costs.history.page.words import change_words, driver_words


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A line. Amounts in micro-units; `previous`, `delta` are None where nothing is compared.

    `direction` is "up", "down" or ""; `url` drills in, "" where there is nothing below.
    """

    label: str
    kind: str
    colour: str
    url: str
    total: int
    share: Decimal | None
    share_width: str
    efficiency: Decimal | None
    components: list[int | None]  # of the columns shown, in their order
    previous: int | None
    delta: int | None
    ratio: Decimal | None
    direction: str
    change: str
    drivers: str
    flags: list[str]


def lines(
    state: PageState, answer: HistoryAnswer, compared: Comparison | None, path: str
) -> list[HistoryLine]:
    """The rows, in the order asked for; Others and idle cost stay last when sorted by amount alone."""
    tints = line_colours(answer, compared)
    if compared is None:
        made = [
            _line(state, row.row, None, tints[id(row.row)], answer.currency, path)
            for row in answer.rows
        ]
    else:
        made = [
            _line(state, row.current, row, tints[id(row.current)], answer.currency, path)
            for row in compared.rows
        ]
    return _sorted(made, state)


def line_colours(answer: HistoryAnswer, compared: Comparison | None) -> dict[int, str]:
    """Each row's colour by its identity: that of its segment in the chart, where lines past the ninth are Others."""
    drawn = [row.row for row in answer.rows]
    by_key = {_key(row): tint for row, tint in zip(drawn, chart_colours(drawn), strict=True)}
    rows = drawn if compared is None else [row.current for row in compared.rows]
    return {id(row): by_key.get(_key(row), "others") for row in rows}


def _key(row: CostRow) -> tuple[str, tuple[str, ...]]:
    return str(row.kind), tuple(row.key.values())


def total_line(state: PageState, answer: HistoryAnswer, compared: Comparison | None) -> HistoryLine:
    row = compared.totals.current if compared else answer.totals
    return _line(state, row, compared.totals if compared else None, "", answer.currency, "")


def _line(
    state: PageState,
    row: CostRow,
    compared: ComparedRow | None,
    colour: str,
    currency: str,
    path: str,
) -> HistoryLine:
    below = drill(state.query, row) if path else None
    texts = [FLAG_TEXTS[flag] for flag in row.flags]
    if row.kind in KIND_TEXTS:
        texts.append(KIND_TEXTS[row.kind])
    delta = compared.delta if compared else None
    return HistoryLine(
        label=row.label,
        kind=str(row.kind),
        colour=colour,
        url=state.url(path, below) if below is not None else "",
        total=row.total,
        share=row.share,
        share_width=f"{min(1, max(0, row.share or 0)) * 100:.2f}%",
        efficiency=row.efficiency.total,
        components=[row.components.get(name, 0) for name in shown_components(state)],
        previous=compared.previous.total if compared else None,
        delta=delta,
        ratio=compared.ratio if compared else None,
        direction=direction_of(delta),
        change=change_words(compared) if compared else "",
        drivers=driver_words(compared, currency) if compared else "",
        flags=texts,
    )


def direction_of(delta: int | None) -> str:
    if not delta:
        return ""
    return "up" if delta > 0 else "down"


def columns(state: PageState, heading: str, path: str, *, is_compared: bool) -> list[Column]:
    """The headings with the link that sorts by each: amounts largest first, then the reverse."""
    listed = [("name", heading), ("current", "Current" if is_compared else "Total")]
    listed += [("", COLUMNS["share"])] if "share" in state.columns else []
    if is_compared:
        listed += [("previous", "Previous"), ("delta", "Change"), ("ratio", "Change %")]
    listed += [(name, COMPONENT_NAMES[name]) for name in shown_components(state)]
    listed += [("efficiency", COLUMNS["efficiency"])] if "efficiency" in state.columns else []
    return [_column(state, name, label, path) for name, label in listed]


def shown_components(state: PageState) -> list[str]:
    """The components with a column of their own."""
    return [name for name in state.columns if name in COMPONENT_NAMES]


def _column(state: PageState, name: str, label: str, path: str) -> Column:
    if not name:
        return Column("share", label, "", "")
    now, descending = state.sort.removeprefix("-"), state.sort.startswith("-")
    aria, target = "", name if name == "name" else f"-{name}"
    if now == name:
        aria = "descending" if descending else "ascending"
        target = name if descending else f"-{name}"
    return Column(name, label, state.url(path, sort=target), aria, numeric=name != "name")


def _sorted(made: Sequence[HistoryLine], state: PageState) -> list[HistoryLine]:
    column, descending = state.sort.removeprefix("-"), state.sort.startswith("-")
    components = shown_components(state)
    if not column or (column in COMPONENT_NAMES and column not in components):
        return list(made)
    if column == "name":
        return sorted(made, key=lambda line: line.label.casefold(), reverse=descending)

    def value(line: HistoryLine) -> Any:
        if column in COMPONENT_NAMES:
            return line.components[components.index(column)]
        return getattr(line, "total" if column == "current" else column)

    known = [line for line in made if value(line) is not None]
    unknown = [line for line in made if value(line) is None]
    return [*sorted(known, key=value, reverse=descending), *unknown]
