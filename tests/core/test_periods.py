"""Windows mean what they say, in UTC, whatever the clock shows."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costinsights.core.errors import InvalidInput
from costinsights.core.periods import DAY, WINDOW_WORDS, ChargePeriod, resolve_window

NOW = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)  # a Wednesday
clocks = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis wants naive bounds


@pytest.mark.parametrize(
    ("word", "period"),
    [
        ("today", "2026-03-04T00:00:00Z,2026-03-05T00:00:00Z"),
        ("yesterday", "2026-03-03T00:00:00Z,2026-03-04T00:00:00Z"),
        ("24h", "2026-03-03T15:00:00Z,2026-03-04T15:00:00Z"),
        ("7d", "2026-02-26T00:00:00Z,2026-03-05T00:00:00Z"),
        ("lastweek", "2026-02-23T00:00:00Z,2026-03-02T00:00:00Z"),
        ("month", "2026-03-01T00:00:00Z,2026-03-05T00:00:00Z"),
        ("lastmonth", "2026-02-01T00:00:00Z,2026-03-01T00:00:00Z"),
        (
            "2026-02-01T02:00:00+02:00,2026-02-02T00:00Z",
            "2026-02-01T00:00:00Z,2026-02-02T00:00:00Z",
        ),
    ],
)
def test_a_window_resolves_to_an_aligned_utc_period(word: str, period: str) -> None:
    assert str(resolve_window(word, now=NOW)) == period


@given(clocks, st.sampled_from(WINDOW_WORDS))
def test_every_word_at_every_instant_gives_full_hours_that_have_begun(
    now: datetime, word: str
) -> None:
    period = resolve_window(word, now=now)
    assert period.is_aligned
    assert period.start <= now


@given(clocks, st.sampled_from(WINDOW_WORDS))
def test_days_tile_the_period_without_gap_or_overlap(now: datetime, word: str) -> None:
    period = resolve_window(word, now=now)
    days = list(period.days())
    assert (days[0].start, days[-1].end) == (period.start, period.end)
    assert all(left.end == right.start for left, right in pairwise(days))
    assert all(day.length <= DAY for day in days)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1d",
        "week",
        "2026-13-01T00:00:00Z,2026-13-02T00:00:00Z",
        "2026-01-01T00:00:00,2026-01-02T00:00:00",
        "2026-01-01T00:30:00Z,2026-01-02T00:00:00Z",
        "2026-01-02T00:00:00Z,2026-01-01T00:00:00Z",
        "2025-01-01T00:00:00Z,2026-01-01T00:00:00Z",
        "2027-01-01T00:00:00Z,2027-01-02T00:00:00Z",
        "9999-12-31T23:00:00-23:00,9999-12-31T23:00:00Z",
        "٢٠٢٦-01-01T00:00:00Z,2026-01-02T00:00:00Z",
    ],
)
def test_a_wrong_window_is_refused_with_the_words_accepted(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        resolve_window(text, now=NOW)
    assert refusal.value.field == "window"
    assert "yesterday" in refusal.value.message


def test_a_period_of_no_length_does_not_exist() -> None:
    with pytest.raises(ValueError, match="runs forward"):
        ChargePeriod(NOW, NOW - timedelta(0))
