"""When a schedule is due: days and hours of the workspace's time zone, as instants of UTC."""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from reporting.models import Frequency
from reporting.statements.months import month_after

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def next_moment(
    frequency: str, day: int, hour: int, *, zone: ZoneInfo, after: dt.datetime
) -> dt.datetime:
    """The first due moment after `after`.

    An hour that the clocks skip is due when they have skipped it; one that they show twice is due the first time.
    """
    for date in _dates(frequency, day, after.astimezone(zone).date()):
        at = dt.datetime.combine(date, dt.time(hour), tzinfo=zone).astimezone(dt.UTC)
        if at > after:
            return at
    raise AssertionError("a week and a month come round")


def _dates(frequency: str, day: int, start: dt.date) -> Iterator[dt.date]:
    """Dates to try from the start's week or month on: more than enough for one to lie ahead."""
    if frequency == Frequency.WEEKLY:
        first = start + dt.timedelta(days=day - start.isoweekday())
        yield from (first + dt.timedelta(weeks=count) for count in range(3))
    else:
        month = start.replace(day=1)
        yield from (month_after(month, count).replace(day=day) for count in range(3))


def words(frequency: str, day: int, hour: int, *, zone: ZoneInfo) -> str:
    """`On the 2nd of each month at 06:00 Europe/Berlin`, `Every Monday at 06:00 UTC`."""
    at = f"at {hour:02}:00 {zone.key}"
    if frequency == Frequency.WEEKLY:
        return f"Every {_WEEKDAYS[day - 1]} {at}"
    return f"On the {_ordinal(day)} of each month {at}"


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}th" if 10 < number < 14 else f"{number}{ending}"
