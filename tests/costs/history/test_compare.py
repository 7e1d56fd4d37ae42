"""Two periods: the deltas are the difference, the drivers are the delta, to the micro-unit."""

import datetime as dt

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from costinsights.core.periods import ChargePeriod
from costinsights.costs.current.dimensions import Dimension
from costinsights.costs.history.answers import history
from costinsights.costs.history.compare import Base, Change, compare, previous_period
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.models import Cluster
from costinsights.costs.parameters import IdleMode
from costinsights.costs.read_scope import EVERYTHING
from costinsights.opencost.rows import AllocatedCost
from tenants.models import Tenant
from tests.costs.history.books import NOW, day, stored
from tests.costs.history.test_answers_properties import ROWS
from tests.costs.rows import cost_row, row_lists
from tests.factories.costs import ClusterFactory

NEW = ChargePeriod(day(5).start, day(10).start)
OLD = ChargePeriod(day(0).start, day(5).start)


@pytest.fixture
def cluster(acme: Tenant) -> Cluster:
    return ClusterFactory.create()


def question(**values: object) -> HistoryQuery:
    return HistoryQuery(**{"period": NEW, "scope": EVERYTHING, "limit": 1000, **values})  # type: ignore[arg-type]  # names of its fields


@ROWS
@given(
    windows=st.dictionaries(st.integers(0, 9), row_lists(8), max_size=5),
    limit=st.sampled_from([1, 1000]),
    idle=st.sampled_from(IdleMode),
    dimension=st.sampled_from(
        [Dimension("namespace"), Dimension("node"), Dimension("label", "app")]
    ),
)
def test_rows_deltas_and_drivers_add_up(
    acme: Tenant,
    windows: dict[int, list[AllocatedCost]],
    limit: int,
    idle: IdleMode,
    dimension: Dimension,
) -> None:
    query = question(limit=limit, idle=idle, group_by=(dimension,))
    with transaction.atomic():
        cluster = ClusterFactory.create()
        for number, rows in windows.items():
            stored(cluster, day(number).start, rows)
        found = compare(query, Base.PREVIOUS, OLD, now=NOW)
        now_total = history(query, now=NOW).totals.total
        then_total = history(query.over(OLD), now=NOW).totals.total
        transaction.set_rollback(True)
    assert (found.totals.current.total, found.totals.previous.total) == (now_total, then_total)
    assert sum(row.current.total for row in found.rows) == now_total
    assert sum(row.previous.total for row in found.rows) == then_total
    for row in (*found.rows, found.totals):
        assert row.delta == row.current.total - row.previous.total
        assert sum(d.by_quantity + d.by_price + d.other for d in row.drivers) == row.delta
        assert (row.ratio is None) == (row.previous.total == 0)


def test_using_twice_as_much_at_the_same_price_is_quantity(cluster: Cluster) -> None:
    stored(cluster, day(0).start, [cost_row(cpu_cost=100, cpu_core_hours=10.0)])
    stored(cluster, day(5).start, [cost_row(cpu_cost=200, cpu_core_hours=20.0)])
    (driver,) = compare(question(), Base.PREVIOUS, OLD, now=NOW).rows[0].drivers
    assert (driver.by_quantity, driver.by_price, driver.other) == (100, 0, 0)


def test_the_same_use_at_twice_the_price_is_price(cluster: Cluster) -> None:
    stored(cluster, day(0).start, [cost_row(cpu_cost=100, cpu_core_hours=10.0)])
    stored(cluster, day(5).start, [cost_row(cpu_cost=200, cpu_core_hours=10.0)])
    (driver,) = compare(question(), Base.PREVIOUS, OLD, now=NOW).rows[0].drivers
    assert (driver.by_quantity, driver.by_price, driver.other) == (0, 100, 0)


def test_lines_that_came_and_went_are_named(cluster: Cluster) -> None:
    stored(cluster, day(0).start, [cost_row(namespace="old", cpu_cost=7)])
    stored(cluster, day(5).start, [cost_row(namespace="new", cpu_cost=9)])
    found = compare(question(), Base.PREVIOUS, OLD, now=NOW)
    assert {row.current.label: row.change for row in found.rows} == {
        "new": Change.NEW,
        "old": Change.GONE,
    }
    assert [row.delta for row in found.movers] == [9, -7]


def period(first: str, last: str) -> ChargePeriod:
    return ChargePeriod.parse(f"{first}T00:00:00Z", f"{last}T00:00:00Z")


@pytest.mark.parametrize(
    ("now", "base", "before"),
    [
        (("2026-11-01", "2026-11-24"), Base.PREVIOUS, ("2026-10-09", "2026-11-01")),
        (("2026-11-01", "2026-11-24"), Base.LAST_MONTH, ("2026-10-01", "2026-10-24")),
        (("2026-10-01", "2026-11-01"), Base.LAST_MONTH, ("2026-09-01", "2026-10-01")),
        (("2026-07-01", "2026-10-01"), Base.LAST_QUARTER, ("2026-04-01", "2026-07-01")),
        (("2026-03-31", "2026-04-01"), Base.LAST_MONTH, ("2026-02-28", "2026-03-01")),
        (("2024-02-29", "2024-03-01"), Base.LAST_YEAR, ("2023-02-28", "2023-03-01")),
    ],
)
def test_the_base_is_the_period_people_mean(
    now: tuple[str, str], base: Base, before: tuple[str, str]
) -> None:
    assert previous_period(period(*now), base) == period(*before)


def test_a_custom_base_is_as_long_as_the_period() -> None:
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert previous_period(NEW, Base.CUSTOM, start=start).length == NEW.length
