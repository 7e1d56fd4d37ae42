"""What a caller wants to know, checked: one object from the request's parameters."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from urllib.parse import urlencode

from costinsights.core.errors import InvalidInput
from costinsights.core.periods import ChargePeriod, resolve_window
from costinsights.costs.current.dimensions import Dimension, parse_aggregate
from costinsights.costs.parameters import (
    IdleMode,
    parse_clusters,
    parse_currency,
    parse_filter_text,
    parse_idle,
    parse_limit,
)
from costinsights.costs.read_scope import ReadScope
from costinsights.opencost.filters import Filter
from costinsights.opencost.schema import COMPONENTS

__all__ = [
    "DEFAULT_LIMIT",
    "MOST_ROWS",
    "PARAMETERS",
    "SORT_COLUMNS",
    "CurrentCostQuery",
    "IdleMode",
    "SortOrder",
]

# The way down, from the whole to the finest.
PATH = ("cluster", "namespace", "controller_kind", "controller", "pod", "container")
DEFAULT_LIMIT = 100
MOST_ROWS = 1_000
PARAMETERS = ("window", "aggregate", "filter", "cluster", "idle", "limit", "sort", "currency")
SORT_COLUMNS = (
    "total",
    "name",
    "share",
    *COMPONENTS,
    "efficiency",
    "cpu_efficiency",
    "ram_efficiency",
    "cpu_core_hours",
    "ram_gib_hours",
    "gpu_hours",
    "pv_gib_hours",
)


@dataclass(frozen=True, slots=True)
class SortOrder:
    """A column, and whether its largest value comes first."""

    column: str
    descending: bool

    def __str__(self) -> str:
        return f"-{self.column}" if self.descending else self.column


@dataclass(frozen=True, slots=True)
class CurrentCostQuery:
    """One question about current costs. Everything in it has been checked.

    `window` is the text asked for, `period` what it means at `parse`'s clock. `scope` is what the asker may see:
    it has no default, so that no question can forget it. `clusters` are slugs, empty for all; `currency` is empty
    for the tenant's own choice.
    """

    window: str
    period: ChargePeriod
    scope: ReadScope
    aggregate: tuple[Dimension, ...] = (Dimension("namespace"),)
    filter_text: str = ""
    filter: Filter | None = None
    clusters: tuple[str, ...] = ()
    idle: IdleMode = IdleMode.SEPARATE
    limit: int = DEFAULT_LIMIT
    sort: SortOrder = SortOrder("total", descending=True)
    currency: str = ""

    @classmethod
    def parse(cls, parameters: Mapping[str, str], *, now: datetime, scope: ReadScope) -> Self:
        """From request parameters; an absent or empty one has its default.

        Raises InvalidInput that names the parameter, what was given and what would do.
        """
        given = {
            name: parameters.get(name, "").strip() for name in PARAMETERS if parameters.get(name)
        }
        window = given.get("window") or "today"
        filter_text = given.get("filter", "")
        return cls(
            window=window,
            period=resolve_window(window, now=now),
            scope=scope,
            aggregate=parse_aggregate(given.get("aggregate") or "namespace"),
            filter_text=filter_text,
            filter=parse_filter_text(filter_text),
            clusters=parse_clusters(given.get("cluster", "")),
            idle=parse_idle(given.get("idle") or IdleMode.SEPARATE),
            limit=parse_limit(given.get("limit", ""), default=DEFAULT_LIMIT, most=MOST_ROWS),
            sort=_parse_sort(given.get("sort") or "-total"),
            currency=parse_currency(given.get("currency", "")),
        )

    @property
    def aggregate_text(self) -> str:
        return ",".join(str(dimension) for dimension in self.aggregate)

    def parameters(self) -> dict[str, str]:
        """The parameters that differ from their defaults, in one fixed order: for links and cache keys."""
        every = {
            "window": self.window if self.window != "today" else "",
            "aggregate": self.aggregate_text if self.aggregate_text != "namespace" else "",
            "filter": self.filter_text,
            "cluster": ",".join(self.clusters),
            "idle": str(self.idle) if self.idle != IdleMode.SEPARATE else "",
            "limit": str(self.limit) if self.limit != DEFAULT_LIMIT else "",
            "sort": str(self.sort) if str(self.sort) != "-total" else "",
            "currency": self.currency,
        }
        return {name: value for name, value in every.items() if value}

    def query_string(self, **changes: str) -> str:
        """The query as the end of a URL, with some parameters changed; "" removes one."""
        merged = {**self.parameters(), **changes}
        return urlencode({name: value for name, value in merged.items() if value})

    def digest(self) -> str:
        """The same for the same question by somebody who may see the same, over the same period."""
        parts = [
            str(self.period),
            self.scope.digest,
            *(f"{k}={v}" for k, v in self.parameters().items()),
        ]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]

    @property
    def path(self) -> tuple[str, ...]:
        return PATH

    def narrowed(self, **changes: object) -> Self:
        """The same question with checked parts replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]  # the caller names real fields


def _parse_sort(text: str) -> SortOrder:
    column = text.removeprefix("-")
    if column not in SORT_COLUMNS:
        raise InvalidInput(
            f"“{column}” is no column. Sort by one of {', '.join(SORT_COLUMNS)}; "
            "a minus before it puts the largest first.",
            field="sort",
            value=text,
        )
    return SortOrder(column, descending=text.startswith("-"))
