"""The parameters of /allocation as OpenCost reads them, including what it reads strangely."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from costinsights.opencost.sample.grouping import DEFAULT_AGGREGATE, aggregate_keys

DAY = timedelta(days=1)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": DAY, "w": 7 * DAY}
_DURATION = re.compile(r"^(\d+)(m|h|d|w)$")
_OFFSET = re.compile(r"^(\d+)(m|h|d|w) offset (\d+)(m|h|d|w)$")
_UNIX_PAIR = re.compile(r"(\d+)[,-](\d+)$")
_RFC_PAIR = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z),(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)"
)
_STEP = re.compile(r"^(?:(\d+)(ns|us|ms|s|m|h|d|w))+$")
_STEP_PART = re.compile(r"(\d+)(ns|us|ms|s|m|h|d|w)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
CALENDAR = ("hour", "day", "week", "month", "quarter")
_MOST_SETS = 20_000
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class WindowError(ValueError):
    """OpenCost cannot read the window at all: HTTP 400 and a body that is not JSON."""


class BadRequest(ValueError):
    """HTTP 400 in the usual envelope."""


class ServerError(ValueError):
    """HTTP 500 in the usual envelope."""


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) in UTC; `end` may lie in the future."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        form = "%Y-%m-%dT%H:%M:%S+0000"
        return f"[{self.start.strftime(form)}, {self.end.strftime(form)})"

    def overlaps(self, other: "Window") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class AllocationQuery:
    """A request for allocations, understood."""

    window: Window
    aggregate: list[str]
    step: timedelta | str | None
    accumulate: str  # none, all, or a calendar word
    include_idle: bool
    share_idle: bool
    keep_metadata: bool
    filter: str

    def sets(self) -> Iterator[Window]:
        """The windows of the answer's sets, oldest first."""
        if self.accumulate in CALENDAR:
            yield from _calendar(self.window, self.accumulate)
            return
        if self.step is None:
            yield self.window
            return
        if isinstance(self.step, str):
            for unit in _calendar(self.window, self.step):
                yield Window(max(unit.start, self.window.start), min(unit.end, self.window.end))
            return
        start = self.window.start
        while start < self.window.end:
            yield Window(start, start + self.step)
            start += self.step


def parse_query(parameters: Mapping[str, str], *, now: datetime) -> AllocationQuery:
    """Understand a request. Unknown parameters are ignored, as OpenCost does."""
    window = parse_window(parameters.get("window", ""), now=now)
    if window.end < window.start:
        raise ServerError(f"illegal window: {window}")
    if boolean(parameters, "includeProportionalAssetResourceCosts") and not boolean(
        parameters, "includeIdle"
    ):
        raise BadRequest(
            "bad request - includeIdle must be set true if includeProportionalAssetResourceCosts is true"
        )
    step = parse_step(parameters.get("step", ""))
    if isinstance(step, timedelta) and (window.end - window.start) / step > _MOST_SETS:
        raise BadRequest("bad request - the demo makes at most 20000 sets")
    include_idle = boolean(parameters, "includeIdle")
    return AllocationQuery(
        window=window,
        aggregate=aggregate_keys(parameters.get("aggregate") or DEFAULT_AGGREGATE),
        step=step,
        accumulate=_accumulate(parameters),
        include_idle=include_idle,
        share_idle=include_idle and boolean(parameters, "shareIdle"),
        keep_metadata=boolean(parameters, "includeAggregatedMetadata"),
        filter=parameters.get("filter", ""),
    )


def boolean(parameters: Mapping[str, str], name: str) -> bool:
    """Go's ParseBool; anything else is false without an error."""
    return parameters.get(name, "") in ("1", "t", "T", "true", "TRUE", "True")


def _accumulate(parameters: Mapping[str, str]) -> str:
    by = parameters.get("accumulateBy", "")
    if by:
        if by not in ("none", "all", *CALENDAR):
            raise BadRequest(f"bad request - invalid accumulateBy: {by}")
        return by
    word = parameters.get("accumulate", "")
    if word in ("all", *CALENDAR):
        return word
    return "all" if boolean(parameters, "accumulate") else "none"


def parse_step(text: str) -> timedelta | str | None:
    """A duration or a calendar word; None when there is none.

    A step of zero or less sends the real OpenCost into an endless loop; the demo refuses it.
    """
    if not text:
        return None
    if text in CALENDAR:
        return text
    if not _STEP.match(text):
        raise BadRequest(f"bad request - invalid step: {text}")
    seconds = sum(int(amount) * _SECONDS[unit] for amount, unit in _STEP_PART.findall(text))
    if seconds < 1:
        raise BadRequest(f"bad request - invalid step: {text}")
    return timedelta(seconds=seconds)


def parse_window(text: str, *, now: datetime) -> Window:
    """A window as OpenCost understands it: `7d` ends at the coming midnight, a week starts on Sunday."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    first = today.replace(day=1)
    words = {
        "today": Window(today, today + DAY),
        "yesterday": Window(today - DAY, today),
        "week": Window(sunday, now),
        "lastweek": Window(sunday - 7 * DAY, sunday),
        "month": Window(first, now),
        "lastmonth": Window((first - DAY).replace(day=1), first),
    }
    if text in words:
        return words[text]
    try:
        found = _relative(text, now=now) or _absolute(text)
    except (OverflowError, OSError) as error:
        raise WindowError(f"illegal window: {text}") from error
    if found is None:
        raise WindowError(f"illegal window: {text}")
    return found


def _relative(text: str, *, now: datetime) -> Window | None:
    if match := _DURATION.match(text):
        unit = _UNITS[match[2]]
        length = int(match[1]) * unit
        rounding = DAY if match[2] == "w" else unit
        end = now - (now - datetime(1970, 1, 1, tzinfo=UTC)) % rounding + rounding
        return Window(end - length, end)
    if match := _OFFSET.match(text):
        # OpenCost takes a week of offset for 24 weeks
        back = 24 * _UNITS["w"] if match[4] == "w" else _UNITS[match[4]]
        end = now - int(match[3]) * back
        return Window(end - int(match[1]) * _UNITS[match[2]], end)
    return None


def _absolute(text: str) -> Window | None:
    if match := _UNIX_PAIR.match(text):
        return Window(
            datetime.fromtimestamp(int(match[1]), UTC), datetime.fromtimestamp(int(match[2]), UTC)
        )
    if match := _RFC_PAIR.search(text):
        return Window(_instant(match[1]), _instant(match[2]))
    return None


def _instant(text: str) -> datetime:
    """OpenCost ignores what it cannot parse: the month 13 is the year 1."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _NEVER


def _calendar(window: Window, unit: str) -> Iterator[Window]:
    """The calendar units that overlap a window, whole ones; weeks start on Sunday."""
    midnight = window.start.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {
        "hour": window.start.replace(minute=0, second=0, microsecond=0),
        "day": midnight,
        "week": midnight - timedelta(days=(midnight.weekday() + 1) % 7),
        "month": midnight.replace(day=1),
        "quarter": midnight.replace(day=1, month=(midnight.month - 1) // 3 * 3 + 1),
    }
    start = starts[unit]
    while start < window.end:
        end = _next(start, unit)
        yield Window(start, end)
        start = end


def _next(start: datetime, unit: str) -> datetime:
    if unit in ("hour", "day", "week"):
        return start + {"hour": timedelta(hours=1), "day": DAY, "week": 7 * DAY}[unit]
    months = start.year * 12 + start.month - 1 + (3 if unit == "quarter" else 1)
    return start.replace(year=months // 12, month=months % 12 + 1)
