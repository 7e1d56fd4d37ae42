"""What a caller wants to know of stored history, checked."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode

from costinsights.core.errors import InvalidInput
from costinsights.core.periods import ChargePeriod
from costinsights.costs.current.dimensions import Dimension, parse_aggregate
from costinsights.costs.history.steps import (
    Step,
    check_steps,
    default_step,
    resolve_period,
)
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

DEFAULT_LIMIT = 10
MOST_ROWS = 1_000
PARAMETERS = (
    "window",
    "start",
    "end",
    "step",
    "group_by",
    "filter",
    "cluster",
    "idle",
    "limit",
    "currency",
)
# What live answers know and the store does not keep.
NOT_STORED = ("pod", "container")


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """One question about stored costs. `scope` is what the asker may see; it has no default."""

    period: ChargePeriod
    scope: ReadScope
    window: str = ""  # the word it was asked with; "" for two ends
    step: Step = Step.DAY
    group_by: tuple[Dimension, ...] = (Dimension("namespace"),)
    filter_text: str = ""
    filter: Filter | None = None
    clusters: tuple[str, ...] = ()
    idle: IdleMode = IdleMode.SEPARATE
    limit: int = DEFAULT_LIMIT
    currency: str = ""

    @classmethod
    def parse(cls, parameters: Mapping[str, str], *, now: dt.datetime, scope: ReadScope) -> Self:
        """From request parameters; an absent or empty one has its default. Raises InvalidInput."""
        given = {
            name: parameters.get(name, "").strip() for name in PARAMETERS if parameters.get(name)
        }
        ends = (given.get("start", ""), given.get("end", ""))
        window = "" if any(ends) else given.get("window") or "30d"
        period = resolve_period(window, *ends, now=now)
        step = parse_step(given["step"]) if "step" in given else default_step(period)
        check_steps(period, step)
        text = given.get("filter", "")
        return cls(
            period=period,
            scope=scope,
            window=window,
            step=step,
            group_by=_parse_group_by(given.get("group_by") or "namespace"),
            filter_text=text,
            filter=parse_filter_text(text),
            clusters=parse_clusters(given.get("cluster", "")),
            idle=parse_idle(given.get("idle") or IdleMode.SEPARATE),
            limit=parse_limit(given.get("limit", ""), default=DEFAULT_LIMIT, most=MOST_ROWS),
            currency=parse_currency(given.get("currency", "")),
        )

    @property
    def group_by_text(self) -> str:
        return ",".join(str(dimension) for dimension in self.group_by)

    def parameters(self) -> dict[str, str]:
        """The parameters that differ from their defaults, in one fixed order."""
        ends = (
            {}
            if self.window
            else {"start": _text(self.period.start), "end": _text(self.period.end)}
        )
        every = {
            "window": self.window if self.window != "30d" else "",
            **ends,
            "step": str(self.step) if self.step != default_step(self.period) else "",
            "group_by": self.group_by_text if self.group_by_text != "namespace" else "",
            "filter": self.filter_text,
            "cluster": ",".join(self.clusters),
            "idle": str(self.idle) if self.idle != IdleMode.SEPARATE else "",
            "limit": str(self.limit) if self.limit != DEFAULT_LIMIT else "",
            "currency": self.currency,
        }
        return {name: value for name, value in every.items() if value}

    def query_string(self, **changes: str) -> str:
        """The query as the end of a URL, with some parameters changed; "" removes one."""
        wanted = {**self.parameters(), **changes}
        return urlencode({name: value for name, value in wanted.items() if value})

    @property
    def aggregate(self) -> tuple[Dimension, ...]:
        """What it is grouped by, under the name that going down knows."""
        return self.group_by

    @property
    def path(self) -> tuple[str, ...]:
        return ("cluster", "namespace", "controller_kind", "controller")

    def narrowed(self, **changes: object) -> Self:
        """The same question with checked parts replaced."""
        if "aggregate" in changes:
            changes["group_by"] = changes.pop("aggregate")
        return replace(self, **changes)  # type: ignore[arg-type]  # the caller names real fields

    def over(self, period: ChargePeriod) -> Self:
        """The same question over another period."""
        return replace(self, period=period, window="")


def _text(instant: dt.datetime) -> str:
    midnight = (instant.hour, instant.minute) == (0, 0)
    return instant.date().isoformat() if midnight else instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_step(text: str) -> Step:
    try:
        return Step(text)
    except ValueError as error:
        choices = ", ".join(Step)
        raise InvalidInput(
            f"“{text}” is no step. Use {choices}.", field="step", value=text
        ) from error


def _parse_group_by(text: str) -> tuple[Dimension, ...]:
    try:
        dimensions = parse_aggregate(text)
    except InvalidInput as error:
        raise InvalidInput(error.message, field="group_by", value=text) from error
    for dimension in dimensions:
        if dimension.name in NOT_STORED:
            raise InvalidInput(
                f"History keeps workloads, not single {dimension.name}s. Group by controller, or ask "
                "current costs.",
                field="group_by",
                value=text,
            )
    return dimensions
