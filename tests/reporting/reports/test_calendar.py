"""Due moments where clocks change, and where they never stand on the hour of UTC."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from reporting.reports.calendar import next_moment, words


def due(zone: str, day: int, hour: int, after: str, frequency: str = "monthly") -> str:
    start = dt.datetime.fromisoformat(after).replace(tzinfo=dt.UTC)
    found = next_moment(frequency, day, hour, zone=ZoneInfo(zone), after=start)
    return f"{found:%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("zone", "day", "hour", "after", "wanted"),
    [
        ("Europe/Berlin", 2, 6, "2026-03-02T05:00", "2026-04-02T04:00"),  # winter to summer
        ("Europe/Berlin", 2, 6, "2026-10-02T04:00", "2026-11-02T05:00"),  # and back
        ("Europe/Berlin", 2, 6, "2026-11-02T04:59", "2026-11-02T05:00"),
        ("America/New_York", 8, 6, "2026-02-20T00:00", "2026-03-08T10:00"),  # the day itself
        ("Asia/Kathmandu", 1, 0, "2026-10-15T00:00", "2026-10-31T18:15"),
        ("Pacific/Kiritimati", 1, 6, "2026-12-15T00:00", "2026-12-31T16:00"),
        ("UTC", 28, 23, "2026-12-28T23:00", "2027-01-28T23:00"),
    ],
)
def test_a_month_is_the_workspaces(zone: str, day: int, hour: int, after: str, wanted: str) -> None:
    assert due(zone, day, hour, after) == wanted


def test_an_hour_that_clocks_skip_is_due_when_they_have() -> None:
    after = "2026-03-25T00:00"
    assert due("Europe/Berlin", 7, 2, after, "weekly") == "2026-03-29T01:00"  # 03:00 by the clock
    assert due("America/New_York", 7, 2, "2026-03-05T00:00", "weekly") == "2026-03-08T07:00"


def test_an_hour_that_clocks_show_twice_is_due_once() -> None:
    first = due("Europe/Berlin", 7, 2, "2026-10-20T00:00", "weekly")
    assert first == "2026-10-25T00:00"
    assert due("Europe/Berlin", 7, 2, first, "weekly") == "2026-11-01T01:00"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
def test_every_week_of_a_year_is_due_once_at_the_hour_of_the_clock(zone: str) -> None:
    at, seen = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), []
    for _ in range(52):
        at = next_moment("weekly", 3, 6, zone=ZoneInfo(zone), after=at)
        seen.append(at.astimezone(ZoneInfo(zone)))
    assert {(one.isoweekday(), one.hour, one.minute) for one in seen} == {(3, 6, 0)}
    assert len({one.date() for one in seen}) == 52


def test_schedules_are_told_in_words() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert words("monthly", 2, 6, zone=berlin) == "On the 2nd of each month at 06:00 Europe/Berlin"
    assert words("monthly", 11, 0, zone=berlin).startswith("On the 11th of each month at 00:00")
    assert words("weekly", 1, 18, zone=berlin) == "Every Monday at 18:00 Europe/Berlin"
