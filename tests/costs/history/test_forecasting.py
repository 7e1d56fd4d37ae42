"""The arithmetic of forecasts: what is exact, what may not matter, what is never said."""

import datetime as dt
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costinsights.costs.history.forecasting import (
    DayCost,
    Interval,
    NotEnoughDays,
    Projection,
    known_of,
    project,
)

START, END = dt.date(2026, 11, 1), dt.date(2026, 12, 1)
TODAY = dt.date(2026, 11, 23)
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60)

amounts = st.lists(
    st.one_of(st.none(), st.integers(0, 10**12), st.integers(9 * 10**8, 11 * 10**8)),
    min_size=30,
    max_size=80,
)


def ending_yesterday(values: Sequence[int | None], *, complete: bool = True) -> list[DayCost]:
    return [
        DayCost(
            TODAY - dt.timedelta(days=len(values) - place), value, complete and value is not None
        )
        for place, value in enumerate(values)
    ]


def projected(days: list[DayCost]) -> Projection | None:
    try:
        return project(days, START, END, today=TODAY)
    except NotEnoughDays:
        return None


def holds(outer: Interval, inner: Interval) -> bool:
    return outer.low <= inner.low <= inner.high <= outer.high


@EXAMPLES
@given(amounts)
def test_the_parts_add_up_and_intervals_hold_the_point(values: list[int | None]) -> None:
    days = ending_yesterday(values)
    found, known = projected(days), known_of(days, START, END, today=TODAY)
    if found is None:
        return
    assert found.total == known.actual + known.incomplete + found.gaps + found.remainder
    assert found.gaps + found.remainder == sum(found.expected.values())
    assert holds(found.within_80, Interval(found.total, found.total))
    assert holds(found.within_95, found.within_80)
    assert found.within_95.low >= known.spent
    assert known.days_complete + known.days_incomplete + known.days_left == 30


@EXAMPLES
@given(amounts, st.randoms(use_true_random=False))
def test_neither_order_nor_words_for_missing_matter(
    values: list[int | None], chance: random.Random
) -> None:
    days = ending_yesterday(values)
    shuffled = [day for day in days if day.amount is not None]
    chance.shuffle(shuffled)
    assert projected(shuffled) == projected(days)


@EXAMPLES
@given(amounts, st.integers(2, 1_000))
def test_a_thousand_times_the_cost_is_a_thousand_times_the_forecast(
    values: list[int | None], times: int
) -> None:
    small = projected(ending_yesterday(values))
    large = projected(ending_yesterday([v if v is None else v * times for v in values]))
    if small is None or large is None:
        assert small is large
        return
    roundings = times * 32  # a micro-unit for each day that is estimated
    assert abs(large.total - times * small.total) <= roundings
    assert abs(large.within_80.high - times * small.within_80.high) <= 2 * roundings


def test_the_same_cost_every_day_goes_on_so() -> None:
    found = project(ending_yesterday([7_000_000] * 40), START, END, today=TODAY)
    assert found.total == 30 * 7_000_000
    assert found.remainder == 8 * 7_000_000
    assert found.learned_from == 40


def test_weekends_are_foretold_as_weekends() -> None:
    def cost(day: dt.date) -> int:
        return 2_000_000 if day.weekday() >= 5 else 10_000_000

    days = [TODAY - dt.timedelta(days=number) for number in range(1, 57)]
    found = project([DayCost(d, cost(d), True) for d in days], START, END, today=TODAY)
    whole = [START + dt.timedelta(days=number) for number in range(30)]
    assert found.total == sum(cost(day) for day in whole)


def test_a_spike_moves_what_was_spent_and_not_what_is_expected() -> None:
    plain = project(ending_yesterday([10_000_000] * 60), START, END, today=TODAY)
    spiked = [10_000_000] * 60
    spiked[-5] = 900_000_000
    found = project(ending_yesterday(spiked), START, END, today=TODAY)
    assert found.remainder == pytest.approx(plain.remainder, rel=0.01)
    assert found.total - plain.total == pytest.approx(890_000_000, rel=0.01)


def test_after_a_step_the_new_level_counts() -> None:
    found = project(ending_yesterday([10_000_000] * 50 + [30_000_000] * 8), START, END, today=TODAY)
    assert found.remainder == pytest.approx(8 * 30_000_000, rel=0.05)


def test_a_missing_day_is_estimated_and_not_counted_as_nothing() -> None:
    values: list[int | None] = [10_000_000] * 40
    values[-3] = None
    found = project(ending_yesterday(values), START, END, today=TODAY)
    assert (found.gaps, found.total) == (10_000_000, 300_000_000)


def test_a_day_that_is_stored_in_part_is_filled_up_to_what_is_expected() -> None:
    days = ending_yesterday([10_000_000] * 40)
    days[-1] = DayCost(days[-1].day, 4_000_000, False)
    days[-2] = DayCost(days[-2].day, 15_000_000, False)  # more than expected stays
    found = project(days, START, END, today=TODAY)
    assert (found.gaps, found.total) == (6_000_000, 305_000_000)


@pytest.mark.parametrize("days", [0, 1, 13])
def test_there_is_no_forecast_from_fewer_than_fourteen_days(days: int) -> None:
    with pytest.raises(NotEnoughDays, match="14 complete days"):
        project(ending_yesterday([5_000_000] * days), START, END, today=TODAY)
    assert project(ending_yesterday([5_000_000] * 14), START, END, today=TODAY).total == 150_000_000


def test_old_news_foretell_nothing() -> None:
    days = [DayCost(dt.date(2026, 10, 1) + dt.timedelta(days=n), 1, True) for n in range(30)]
    with pytest.raises(NotEnoughDays, match="too long ago"):
        project(days, START, END, today=TODAY)


def test_today_and_later_play_no_part() -> None:
    days = ending_yesterday([10_000_000] * 40)
    ahead = [DayCost(TODAY + dt.timedelta(days=n), 999_000_000, True) for n in range(3)]
    assert project([*days, *ahead], START, END, today=TODAY) == project(
        days, START, END, today=TODAY
    )


def test_a_month_that_is_over_and_complete_is_a_fact() -> None:
    days = ending_yesterday([10_000_000] * 60)
    found = project(days, dt.date(2026, 10, 1), START, today=TODAY)
    assert found.within_95 == Interval(310_000_000, 310_000_000)
