"""Charge periods: UTC, start included, end excluded, aligned to hours.

The words a person uses for a window ("today", "7d", "lastmonth") are resolved here, against a
clock that is passed in, because OpenCost itself reads them differently from what they say.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from costinsights.core.errors import InvalidInput

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WINDOW_WORDS = (
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
LONGEST_WINDOW = timedelta(days=31)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})", re.ASCII
)


def utc_hour(instant: datetime) -> datetime:
    """The start of the UTC hour that holds `instant`."""
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def utc_day(instant: datetime) -> datetime:
    """The start of the UTC day that holds `instant`."""
    return utc_hour(instant).replace(hour=0)


def as_instant(at: datetime | date) -> datetime:
    """An instant as it is; a day as the midnight UTC at which it begins."""
    if isinstance(at, datetime):
        return at
    return datetime.combine(at, time(), UTC)


def instant_text(instant: datetime) -> str:
    """RFC 3339 in UTC with seconds and Z, the one form OpenCost reads without surprises."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True, order=True)
class ChargePeriod:
    """A stretch of time that costs are charged for: [start, end) in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a charge period needs aware instants")
        if self.end <= self.start:
            raise ValueError(f"a charge period runs forward: {self.start} .. {self.end}")

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    @property
    def minutes(self) -> int:
        return int(self.length.total_seconds() // 60)

    @property
    def is_aligned(self) -> bool:
        """Whether both ends lie on full UTC hours."""
        return self.start == utc_hour(self.start) and self.end == utc_hour(self.end)

    def __str__(self) -> str:
        return f"{instant_text(self.start)},{instant_text(self.end)}"

    @classmethod
    def parse(cls, start: str, end: str) -> Self:
        """From two RFC 3339 texts with an offset. Raises ValueError."""
        return cls(_instant(start), _instant(end))

    @classmethod
    def day_of(cls, instant: datetime) -> Self:
        """The UTC day that holds `instant`."""
        start = utc_day(instant)
        return cls(start, start + DAY)

    def days(self) -> Iterator["ChargePeriod"]:
        """The period cut at UTC midnights, oldest first; a short first or last piece stays short."""
        start = self.start
        while start < self.end:
            end = min(utc_day(start) + DAY, self.end)
            yield ChargePeriod(start, end)
            start = end


def _instant(text: str) -> datetime:
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"{text!r} is no RFC 3339 instant such as 2026-01-31T00:00:00Z")
    return datetime.fromisoformat(text).astimezone(UTC)


def resolve_window(text: str, *, now: datetime) -> ChargePeriod:
    """Turn a window word or `start,end` into an aligned UTC period.

    Days are UTC days. `today` and `7d`, `14d`, `30d` include the running day; `24h` and `48h` end with
    the last full hour; `lastweek` is the ISO week before this one; `month` runs to the end of today.
    Raises InvalidInput that names the words accepted.
    """
    today = utc_day(now)
    tomorrow = today + DAY
    this_hour = utc_hour(now)
    first = today.replace(day=1)
    monday = today - timedelta(days=today.weekday())
    fixed = {
        "today": (today, tomorrow),
        "yesterday": (today - DAY, today),
        "24h": (this_hour - 24 * HOUR, this_hour),
        "48h": (this_hour - 48 * HOUR, this_hour),
        "7d": (tomorrow - 7 * DAY, tomorrow),
        "14d": (tomorrow - 14 * DAY, tomorrow),
        "30d": (tomorrow - 30 * DAY, tomorrow),
        "lastweek": (monday - 7 * DAY, monday),
        "month": (first, tomorrow),
        "lastmonth": ((first - DAY).replace(day=1), first),
    }
    if text in fixed:
        return ChargePeriod(*fixed[text])
    return _custom_window(text, now=now)


def _custom_window(text: str, *, now: datetime) -> ChargePeriod:
    def refuse(reason: str) -> InvalidInput:
        return InvalidInput(
            f"{reason} Use one of {', '.join(WINDOW_WORDS)}, or start,end in RFC 3339 on full hours, "
            "such as 2026-01-01T00:00:00Z,2026-01-08T00:00:00Z.",
            field="window",
            value=text,
        )

    start, comma, end = text.partition(",")
    if not comma:
        raise refuse(f"“{text}” is no window.")
    try:
        period = ChargePeriod.parse(start.strip(), end.strip())
    except (ValueError, OverflowError) as error:
        raise refuse(f"{error}.") from error
    if not period.is_aligned:
        raise refuse("A window starts and ends on a full UTC hour.")
    if period.length > LONGEST_WINDOW:
        raise refuse(f"A window is at most {LONGEST_WINDOW.days} days long.")
    if period.start > now:
        raise refuse("The window lies in the future.")
    return period


@dataclass(frozen=True, slots=True)
class FiscalPeriod:
    """A fiscal year or quarter with its name: `FY2027`, `FY2027 Q1`.

    A fiscal year bears the number of the calendar year it ends in.
    """

    name: str
    period: ChargePeriod


def fiscal_year_of(instant: datetime, *, start_month: int) -> FiscalPeriod:
    """The fiscal year that holds `instant`, when years start on the first day of a month (1 to 12), UTC."""
    start = _fiscal_start(instant, start_month)
    end = start.replace(year=start.year + 1)
    return FiscalPeriod(f"FY{(end - DAY).year}", ChargePeriod(start, end))


def fiscal_quarter_of(instant: datetime, *, start_month: int) -> FiscalPeriod:
    """The fiscal quarter that holds `instant`: three months counted from the start of its fiscal year."""
    year = fiscal_year_of(instant, start_month=start_month)
    starts = [_months_later(year.period.start, months) for months in (0, 3, 6, 9)]
    number, start = max(
        (number, start) for number, start in enumerate(starts, 1) if start <= instant
    )
    return FiscalPeriod(f"{year.name} Q{number}", ChargePeriod(start, _months_later(start, 3)))


def _fiscal_start(instant: datetime, start_month: int) -> datetime:
    if start_month not in range(1, 13):
        raise ValueError(f"a fiscal year starts in a month from 1 to 12, not {start_month}")
    first = utc_day(instant).replace(month=start_month, day=1)
    return first if first <= instant else first.replace(year=first.year - 1)


def _months_later(first: datetime, months: int) -> datetime:
    years, month = divmod(first.month - 1 + months, 12)
    return first.replace(year=first.year + years, month=month + 1)
