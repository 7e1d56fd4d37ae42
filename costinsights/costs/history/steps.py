"""Stretches of stored time and the steps they are cut into: UTC, start included, end excluded."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from costinsights.core.errors import InvalidInput
from costinsights.core.periods import DAY, HOUR, ChargePeriod, resolve_window, utc_day, utc_hour

MOST_STEPS = 1_200
LONGEST = dt.timedelta(days=1_200)
# Words of history beside those of current costs.
LONGER_WORDS = (
    "week",
    "90d",
    "180d",
    "365d",
    "quarter",
    "lastquarter",
    "year",
    "lastyear",
    "12m",
)
SHORT_WORDS = (
    "today",
    "yesterday",
    "24h",
    "48h",
    "7d",
    "14d",
    "30d",
    "lastweek",
    "month",
    "lastmonth",
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Step(StrEnum):
    """How long one point of a series is. Weeks are ISO weeks, months and quarters those of the calendar."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"

    def start_of(self, instant: dt.datetime) -> dt.datetime:
        """The start of the step that holds `instant`."""
        if self is Step.HOUR:
            return utc_hour(instant)
        day = utc_day(instant)
        if self is Step.WEEK:
            return day - dt.timedelta(days=day.weekday())
        if self is Step.MONTH:
            return day.replace(day=1)
        if self is Step.QUARTER:
            return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)
        return day

    def after(self, start: dt.datetime) -> dt.datetime:
        """The start of the next step."""
        if self is Step.HOUR:
            return start + HOUR
        if self is Step.DAY:
            return start + DAY
        if self is Step.WEEK:
            return start + 7 * DAY
        return add_months(start, 1 if self is Step.MONTH else 3)


def add_months(start: dt.datetime, months: int) -> dt.datetime:
    """The first of a month so many months on. `start` is the first of a month."""
    number = start.year * 12 + start.month - 1 + months
    return start.replace(year=number // 12, month=number % 12 + 1)


@dataclass(frozen=True, slots=True)
class Steps:
    """A period cut into steps. The first and the last may lie in the period only in part."""

    period: ChargePeriod
    step: Step

    def __iter__(self) -> Iterator[ChargePeriod]:
        start = self.step.start_of(self.period.start)
        while start < self.period.end:
            end = self.step.after(start)
            yield ChargePeriod(max(start, self.period.start), min(end, self.period.end))
            start = end

    def starts(self) -> list[dt.datetime]:
        """The start of each step, as the database truncates to it."""
        found, start = [], self.step.start_of(self.period.start)
        while start < self.period.end:
            found.append(start)
            start = self.step.after(start)
        return found


def default_step(period: ChargePeriod) -> Step:
    """The step that gives a readable number of points."""
    if period.length <= 2 * DAY:
        return Step.HOUR
    if period.length <= 100 * DAY:
        return Step.DAY
    return Step.WEEK if period.length <= 200 * DAY else Step.MONTH


def resolve_period(window: str, start: str, end: str, *, now: dt.datetime) -> ChargePeriod:
    """A window's word, or the two ends. Raises InvalidInput that names the parameter and what would do."""
    if start or end:
        return _custom(start, end, now=now)
    return _word(window or "30d", now=now)


def resolve_whole_days(window: str, start: str, end: str, *, now: dt.datetime) -> ChargePeriod:
    """As resolve_period, widened to whole UTC days: for what is stored by day."""
    found = resolve_period(window, start, end, now=now)
    last = utc_day(found.end)
    return ChargePeriod(utc_day(found.start), last if last == found.end else last + DAY)


def _word(word: str, *, now: dt.datetime) -> ChargePeriod:
    tomorrow = utc_day(now) + DAY
    month = Step.MONTH.start_of(now)
    quarter = Step.QUARTER.start_of(now)
    year = utc_day(now).replace(month=1, day=1)
    fixed = {
        "90d": (tomorrow - 90 * DAY, tomorrow),
        "180d": (tomorrow - 180 * DAY, tomorrow),
        "365d": (tomorrow - 365 * DAY, tomorrow),
        "week": (Step.WEEK.start_of(now), tomorrow),
        "quarter": (quarter, tomorrow),
        "lastquarter": (add_months(quarter, -3), quarter),
        "year": (year, tomorrow),
        "lastyear": (year.replace(year=year.year - 1), year),
        "12m": (add_months(month, -11), tomorrow),
    }
    if word in fixed:
        return ChargePeriod(*fixed[word])
    if word in SHORT_WORDS or "," in word:
        return resolve_window(word, now=now)
    raise InvalidInput(
        f"“{word}” is no window. Use {', '.join((*SHORT_WORDS, *LONGER_WORDS))}, or start and end.",
        field="window",
        value=word,
    )


def _custom(start: str, end: str, *, now: dt.datetime) -> ChargePeriod:
    first = parse_instant("start", start)
    if first > now:
        raise InvalidInput("The period lies in the future.", field="start", value=start)
    last = parse_instant("end", end) if end else utc_day(now) + DAY
    if last <= first:
        raise InvalidInput(
            "The end lies before the start. The end is excluded: for one day give the next day.",
            field="end",
            value=end,
        )
    if last - first > LONGEST:
        raise InvalidInput(
            f"At most {LONGEST.days} days can be asked for at once.", field="start", value=start
        )
    return ChargePeriod(first, last)


def parse_instant(field: str, text: str) -> dt.datetime:
    """A UTC day, or a full UTC hour as RFC 3339. Raises InvalidInput."""
    problem = InvalidInput(
        f"“{text}” is no {field}. Give a UTC day such as 2026-01-31, or a full hour such as "
        "2026-01-31T06:00:00Z.",
        field=field,
        value=text,
    )
    try:
        if _DATE.fullmatch(text):
            return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), dt.UTC)
        found = ChargePeriod.parse(text, "9999-01-01T00:00:00Z").start
    except (ValueError, OverflowError) as error:
        raise problem from error
    if found != utc_hour(found):
        raise problem
    return found


def check_steps(period: ChargePeriod, step: Step) -> None:
    """Raises InvalidInput when the step does not fit the period."""
    if step is not Step.HOUR and (
        period.start != utc_day(period.start) or period.end != utc_day(period.end)
    ):
        raise InvalidInput(
            f"Steps of a {step} need a period of whole UTC days; use step=hour for parts of days.",
            field="step",
            value=step,
        )
    hours = period.length / HOUR
    if step is Step.HOUR and hours > MOST_STEPS:
        raise InvalidInput(
            f"{hours:,.0f} hours are more than {MOST_STEPS:,} points. Ask for a shorter period or "
            "for step=day.",
            field="step",
            value=step,
        )
