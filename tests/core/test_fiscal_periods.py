"""Fiscal years and quarters."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costinsights.core.periods import ChargePeriod, fiscal_quarter_of, fiscal_year_of

INSTANTS = st.datetimes(
    min_value=datetime(2001, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001  # as above
    timezones=st.just(UTC),
)
MONTHS = st.integers(1, 12)


@pytest.mark.parametrize(
    ("start_month", "year", "start", "quarter"),
    [
        (1, "FY2026", "2026-01-01T00:00:00Z", "FY2026 Q4"),
        (4, "FY2027", "2026-04-01T00:00:00Z", "FY2027 Q3"),
        (10, "FY2027", "2026-10-01T00:00:00Z", "FY2027 Q1"),
        (12, "FY2026", "2025-12-01T00:00:00Z", "FY2026 Q4"),
    ],
)
def test_a_fiscal_year_is_named_after_the_year_it_ends_in(
    start_month: int, year: str, start: str, quarter: str
) -> None:
    now = datetime(2026, 11, 23, 15, tzinfo=UTC)
    found = fiscal_year_of(now, start_month=start_month)
    assert found.name == year
    assert str(found.period).startswith(start)
    assert fiscal_quarter_of(now, start_month=start_month).name == quarter


@given(INSTANTS, MONTHS)
def test_four_quarters_make_a_year_without_gap_or_overlap(now: datetime, month: int) -> None:
    year = fiscal_year_of(now, start_month=month).period
    quarters, start = [], year.start
    while start < year.end:
        quarters.append(fiscal_quarter_of(start, start_month=month).period)
        start = quarters[-1].end
    assert len(quarters) == 4
    assert ChargePeriod(quarters[0].start, quarters[-1].end) == year


@given(INSTANTS, MONTHS)
def test_an_instant_lies_in_its_quarter_and_year(now: datetime, month: int) -> None:
    quarter = fiscal_quarter_of(now, start_month=month).period
    year = fiscal_year_of(now, start_month=month).period
    assert year.start <= quarter.start <= now < quarter.end <= year.end


def test_a_month_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 12"):
        fiscal_year_of(datetime(2026, 1, 1, tzinfo=UTC), start_month=13)
