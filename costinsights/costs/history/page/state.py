"""What the history page shows, as it stands in its address: the question, and how it is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self
from urllib.parse import urlencode

from costinsights.core.errors import InvalidInput
from costinsights.core.periods import DAY, ChargePeriod, utc_day
from costinsights.costs.history.compare import Base, previous_period
from costinsights.costs.history.page.columns import COLUMNS, SHOWN_COLUMNS
from costinsights.costs.history.query import PARAMETERS, HistoryQuery
from costinsights.costs.history.steps import parse_instant
from costinsights.costs.read_scope import ReadScope

SORTABLE = ("name", "current", "previous", "delta", "ratio", "efficiency")
# As many rows as the chart has colours: chart and table show the same ones.
PAGE_LIMIT = 9
OWN_PARAMETERS = ("compare", "compare_start", "chart", "sort", "columns", "complete")
PAGE_PARAMETERS = (*PARAMETERS, *OWN_PARAMETERS)
_EVERY_PART = {"window": "30d"}


class Style(StrEnum):
    """How the chart is drawn."""

    BARS = "bars"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class PageState:
    """A question about stored costs and how its answer is shown. `base` None compares with nothing."""

    query: HistoryQuery
    base: Base | None = None
    base_start: datetime | None = None  # where a period of one's own begins
    style: Style = Style.BARS
    sort: str = ""  # a column, with a minus for largest first; "" for the order of the answer
    columns: tuple[str, ...] = SHOWN_COLUMNS
    complete: bool = (
        False  # whether steps that have not ended, or begin before the period, are left away
    )
    view: str = ""  # the saved view this began as

    @classmethod
    def parse(cls, parameters: Mapping[str, str], *, now: datetime, scope: ReadScope) -> Self:
        """From request parameters. Raises InvalidInput.

        The query bar sends the days of a calendar, both included (`first_day`, `last_day`), and further dimensions by
        themselves (`then_by`, `third_by`). A window's word next to `start` and `end` counts before them.
        """
        given = {name: value.strip() for name, value in parameters.items() if value.strip()}
        _days(given, now)
        given["group_by"] = _group_by(given)
        given.setdefault("limit", str(PAGE_LIMIT))
        query = HistoryQuery.parse(given, now=now, scope=scope)
        complete = given.get("complete") == "1"
        if complete:
            query = replace(query, period=_complete(query, now))
        base = _base(given.get("compare", ""))
        sort = given.get("sort", "")
        return cls(
            query=query,
            base=base,
            base_start=_base_start(query, given) if base is Base.CUSTOM else None,
            style=Style.LINES if given.get("chart") == Style.LINES else Style.BARS,
            sort=sort if sort.removeprefix("-") in (*SORTABLE, *COLUMNS) else "",
            columns=_columns(given.get("columns", "")),
            complete=complete,
            view=given.get("view", "")[:60],
        )

    @property
    def previous(self) -> ChargePeriod | None:
        """The period to compare with; None where nothing is compared."""
        if self.base is None:
            return None
        return previous_period(self.query.period, self.base, start=self.base_start)

    def parameters(self, query: HistoryQuery | None = None) -> dict[str, str]:
        """The parameters that differ from their defaults, without the saved view: two pages that show the same
        have the same ones."""
        asked = query or self.query
        shown = ",".join(self.columns) or "none"
        every = {
            **asked.parameters(),
            "limit": str(asked.limit) if asked.limit != PAGE_LIMIT else "",
            "compare": str(self.base) if self.base else "",
            "compare_start": f"{self.base_start:%Y-%m-%d}" if self.base_start else "",
            "chart": str(self.style) if self.style is not Style.BARS else "",
            "sort": self.sort,
            "columns": shown if self.columns != SHOWN_COLUMNS else "",
            "complete": "1" if self.complete else "",
        }
        return {name: value for name, value in every.items() if value}

    def url(self, path: str, query: HistoryQuery | None = None, **changes: str) -> str:
        """The page for this state, or for another question looked at the same way; "" removes a parameter.

        Without any parameter the page opens a member's default view, so the plain page says its window.
        """
        wanted = {**self.parameters(query), "view": self.view, **changes}
        kept = {name: value for name, value in wanted.items() if value}
        return f"{path}?{urlencode(kept or _EVERY_PART)}"

    def api_parameters(self) -> dict[str, str]:
        """The question as the API takes it: it knows neither the page's limit nor complete periods."""
        query = self.query.over(self.query.period) if self.complete else self.query
        return {**query.parameters(), "limit": str(query.limit)}

    def without_comparison(self) -> Self:
        return replace(self, base=None, base_start=None)


def _days(given: dict[str, str], now: datetime) -> None:
    """Days of the calendar become the two ends, of which the second is excluded. Raises InvalidInput."""
    first, last = given.pop("first_day", ""), given.pop("last_day", "")
    if given.get("window") and ("start" in given or "end" in given):
        given.pop("start", None)
        given.pop("end", None)
    if not first and not last:
        return
    given.pop("window", None)
    end = parse_instant("last_day", last or first) + DAY
    if end > utc_day(now) + DAY:
        raise InvalidInput("The last day lies in the future.", field="last_day", value=last)
    given["start"] = f"{parse_instant('first_day', first or last):%Y-%m-%d}"
    given["end"] = f"{end:%Y-%m-%d}"


def _group_by(given: dict[str, str]) -> str:
    """The dimensions, each once, in the order they were chosen in."""
    parts = [given.get("group_by") or "namespace"]
    parts += [given.pop(name, "") for name in ("then_by", "third_by")]
    found = dict.fromkeys(part for part in ",".join(parts).split(",") if part.strip())
    return ",".join(found)


def _complete(query: HistoryQuery, now: datetime) -> ChargePeriod:
    """The part of the period that is made of whole steps which have ended."""
    step = query.step
    first = step.start_of(query.period.start)
    start = first if first == query.period.start else step.after(first)
    end = step.start_of(min(query.period.end, now))
    if end <= start:
        raise InvalidInput(
            f"No whole {step} of this period has ended yet. Choose a longer period, a shorter step, or show the "
            "unfinished one too.",
            field="complete",
            value="1",
        )
    return ChargePeriod(start, end)


def _columns(text: str) -> tuple[str, ...]:
    if not text:
        return SHOWN_COLUMNS
    chosen = set(text.split(","))
    return tuple(name for name in COLUMNS if name in chosen)


def _base_start(query: HistoryQuery, given: Mapping[str, str]) -> datetime:
    text = given.get("compare_start", "")
    if not text:
        return previous_period(query.period, Base.PREVIOUS).start
    return parse_instant("compare_start", text)


def _base(text: str) -> Base | None:
    if not text:
        return None
    try:
        return Base(text)
    except ValueError as error:
        raise InvalidInput(
            f"“{text}” is nothing this page compares with.", field="compare", value=text
        ) from error
