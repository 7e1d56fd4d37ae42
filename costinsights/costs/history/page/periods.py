"""The history page's choice of a period: presets, and days on a calendar."""

import datetime as dt
from dataclasses import dataclass
from datetime import datetime

from costinsights.core.periods import DAY, utc_day
from costinsights.costs.history.page.state import PageState
from costinsights.costs.history.page.words import WINDOWS, period_words


@dataclass(frozen=True, slots=True)
class Preset:
    """A period with a name."""

    label: str
    url: str
    selected: bool


@dataclass(frozen=True, slots=True)
class PeriodChoice:
    """The popover. Days are both included; days before `oldest` and after `newest` cannot be chosen."""

    words: str
    presets: list[Preset]
    first_day: dt.date
    last_day: dt.date
    is_custom: bool
    window: str
    oldest: dt.date
    newest: dt.date
    oldest_reason: str
    is_by_hour: bool  # its ends are hours: they have no days to be typed as
    start: datetime
    end: datetime


def period_choice(
    state: PageState, path: str, *, now: datetime, retention_days: int
) -> PeriodChoice:
    """What can be chosen. Days older than the plan keeps are not there to choose."""
    query = state.query
    start, end = query.period.start, query.period.end
    by_hour = bool(start.hour or end.hour)
    oldest = (utc_day(now) - retention_days * DAY).date()
    windows = dict(WINDOWS)
    if query.window and query.window not in windows:
        windows[query.window] = period_words(query.period)
    return PeriodChoice(
        words=windows.get(query.window, "") or period_words(query.period),
        presets=[
            Preset(
                label,
                state.url(path, window=window, start="", end="", step=""),
                window == query.window,
            )
            for window, label in windows.items()
        ],
        first_day=start.date(),
        last_day=(end - DAY / 24).date(),
        is_custom=not query.window,
        window=query.window,
        oldest=oldest,
        newest=now.date(),
        oldest_reason=f"Your plan keeps {retention_days:,} days: nothing before {oldest:%-d %b %Y} is stored.",
        is_by_hour=by_hour,
        start=start,
        end=end,
    )
