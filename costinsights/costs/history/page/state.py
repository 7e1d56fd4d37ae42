"""What the history page shows, as it stands in its address: the question, and how it is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self
from urllib.parse import urlencode

from costinsights.core.errors import InvalidInput
from costinsights.costs.history.compare import Base
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.read_scope import ReadScope

SORTABLE = ("name", "current", "previous", "delta", "ratio", "efficiency")


class Style(StrEnum):
    """How the chart is drawn."""

    BARS = "bars"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class PageState:
    """A question about stored costs and how its answer is shown. `base` None compares with nothing."""

    query: HistoryQuery
    base: Base | None = None
    style: Style = Style.BARS
    sort: str = ""  # a column, with a minus for largest first; "" for the order of the answer

    @classmethod
    def parse(cls, parameters: Mapping[str, str], *, now: datetime, scope: ReadScope) -> Self:
        """From request parameters. Raises InvalidInput.

        The query bar sends a second dimension by itself (`then_by`), and a window's word next to the days of an
        earlier custom range: then the word counts.
        """
        given = {name: value.strip() for name, value in parameters.items() if value.strip()}
        if given.get("window") and ("start" in given or "end" in given):
            given.pop("start", None)
            given.pop("end", None)
        then_by = given.pop("then_by", "")
        if then_by:
            first = given.get("group_by", "namespace")
            given["group_by"] = first if then_by == first else f"{first},{then_by}"
        sort = given.get("sort", "")
        return cls(
            query=HistoryQuery.parse(given, now=now, scope=scope),
            base=_base(given.get("compare", "")),
            style=Style.LINES if given.get("chart") == Style.LINES else Style.BARS,
            sort=sort if sort.removeprefix("-") in SORTABLE else "",
        )

    def url(self, path: str, query: HistoryQuery | None = None, **changes: str) -> str:
        """The page for this state, or for another question looked at the same way; "" removes a parameter."""
        own = {
            "compare": str(self.base) if self.base else "",
            "chart": str(self.style) if self.style is not Style.BARS else "",
            "sort": self.sort,
        }
        wanted = {**(query or self.query).parameters(), **own, **changes}
        text = urlencode({name: value for name, value in wanted.items() if value})
        return f"{path}?{text}" if text else path

    def without_comparison(self) -> Self:
        return replace(self, base=None)


def _base(text: str) -> Base | None:
    if not text:
        return None
    try:
        base = Base(text)
    except ValueError:
        base = Base.CUSTOM
    if base is Base.CUSTOM:
        raise InvalidInput(
            f"“{text}” is nothing this page compares with.", field="compare", value=text
        )
    return base
