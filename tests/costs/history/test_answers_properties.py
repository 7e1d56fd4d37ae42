"""Any rows, any question: the lines are the total, the points are the lines, and both are what was read.

Each of the tests here has `HISTORY_EXAMPLES` cases: 40 as a rule, 350 for a long run of more than 2,000 in all.
"""

import csv
import datetime as dt
import io
import os
from collections import defaultdict
from decimal import Decimal
from unittest.mock import patch

import pyarrow.parquet as pq
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costinsights.core.money import convert, micros_from_number
from costinsights.core.periods import ChargePeriod
from costinsights.core.tabular import csv_pieces, parquet_pieces
from costinsights.costs.current.dimensions import Dimension
from costinsights.costs.current.idle import row_test
from costinsights.costs.history import answers
from costinsights.costs.history.answers import HistoryAnswer, history
from costinsights.costs.history.compare import Base
from costinsights.costs.history.exports import history_table
from costinsights.costs.history.models import Grain
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.history.side_by_side import side_by_side
from costinsights.costs.history.steps import Step
from costinsights.costs.models import ExchangeRate
from costinsights.costs.parameters import IdleMode
from costinsights.costs.read_scope import EVERYTHING, ReadScope
from costinsights.opencost.filters import parse_filter
from costinsights.opencost.rows import AllocatedCost, RowKind
from tenants.models import Tenant
from tests.costs.history.books import day, stored
from tests.costs.rows import FILTERS, row_lists
from tests.factories.costs import ClusterFactory

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
PERIOD = ChargePeriod(day(0).start, day(10).start)
# Whole months and days before and after them: several tables answer together.
LONG = ChargePeriod(day(-2).start, day(36).start)
# The last of October, the first and the middle of November, the first of December.
DAYS = st.sampled_from([0, 1, 3, 4, 5, 9])
DIMENSIONS = [
    Dimension("cluster"),
    Dimension("namespace"),
    Dimension("controller_kind"),
    Dimension("controller"),
    Dimension("node"),
    Dimension("label", "app"),
    Dimension("label", "team"),
]
SCOPES = [
    EVERYTHING,
    EVERYTHING,
    ReadScope.limited_to(["shop"], []),
    ReadScope.limited_to(["web"], ["team=blue"]),
]
EXAMPLES = int(os.environ.get("HISTORY_EXAMPLES", "40"))
ROWS = settings(
    deadline=None,
    derandomize=True,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@st.composite
def questions(draw: st.DrawFn) -> HistoryQuery:
    text = draw(st.sampled_from(FILTERS))
    return HistoryQuery(
        period=draw(st.sampled_from([PERIOD, LONG, LONG])),
        scope=draw(st.sampled_from(SCOPES)),
        step=draw(st.sampled_from([Step.DAY, Step.WEEK, Step.MONTH, Step.QUARTER])),
        group_by=tuple(
            draw(st.lists(st.sampled_from(DIMENSIONS), min_size=1, max_size=3, unique=True))
        ),
        filter_text=text,
        filter=parse_filter(text) if text else None,
        idle=draw(st.sampled_from(IdleMode)),
        limit=draw(st.sampled_from([1, 2, 5, 1000])),
    )


def passing(query: HistoryQuery, rows: list[AllocatedCost]) -> list[AllocatedCost]:
    """What the question is about, by the live filter's own code."""
    passes = row_test(query.filter)
    return [row for row in query.scope.visible(rows) if passes(row)]


def assert_it_adds_up(answer: HistoryAnswer) -> None:
    assert answer.difference == 0
    assert sum(row.row.total for row in answer.rows) == answer.totals.total
    for row in answer.rows:
        assert sum(point or 0 for point in row.points) == row.row.total
        assert sum(row.row.components.values()) == row.row.total
    for place, step in enumerate(answer.steps):
        points = [row.points[place] for row in answer.rows]
        assert sum(point or 0 for point in points) == (step.total or 0)
        assert all((point is None) == (step.total is None) for point in points)


@ROWS
@given(
    windows=st.lists(st.tuples(DAYS, st.integers(0, 1), row_lists(8)), max_size=5),
    query=questions(),
    ranked_from=st.sampled_from([0, 2_000]),
)
def test_every_answer_is_what_was_read(
    acme: Tenant,
    windows: list[tuple[int, int, list[AllocatedCost]]],
    query: HistoryQuery,
    ranked_from: int,
) -> None:
    with transaction.atomic(), patch.object(answers, "_RANK_FIRST_FROM", ranked_from):
        clusters = [
            ClusterFactory.create(opencost_cluster_id="default-cluster"),
            ClusterFactory.create(opencost_cluster_id="default-cluster"),
        ]
        kept: dict[tuple[int, int], list[AllocatedCost]] = {}
        for number, which, rows in windows:
            stored(clusters[which], day(number).start, rows)
            if rows and query.period.start <= day(number).start < query.period.end:
                kept[number, which] = rows
        answer = history(query, now=NOW)
        transaction.set_rollback(True)
    assert_it_adds_up(answer)
    read = [row for rows in kept.values() for row in passing(query, rows)]
    hidden = query.idle is IdleMode.HIDE
    if query.idle is not IdleMode.SHARE:
        counted = [row for row in read if not (hidden and row.kind is RowKind.IDLE)]
        assert answer.totals.total == sum(row.total for row in counted)
    if hidden and not query.scope.is_limited:
        assert answer.hidden_idle == sum(row.total for row in read if row.kind is RowKind.IDLE)
    if query.filter is None and not query.scope.is_limited and not hidden:
        assert answer.ledger_total == answer.totals.total


@ROWS
@given(
    windows=st.dictionaries(st.integers(0, 9), row_lists(8), max_size=4),
    dimension=st.sampled_from(DIMENSIONS[1:]),
)
def test_each_line_is_the_rows_with_its_value(
    acme: Tenant, windows: dict[int, list[AllocatedCost]], dimension: Dimension
) -> None:
    with transaction.atomic():
        cluster = ClusterFactory.create()
        for number, rows in windows.items():
            stored(cluster, day(number).start, rows)
        query = HistoryQuery(period=PERIOD, scope=EVERYTHING, group_by=(dimension,), limit=1000)
        answer = history(query, now=NOW)
        transaction.set_rollback(True)
    reader = dimension.reader()
    expected: dict[str, int] = defaultdict(int)
    for rows in windows.values():
        for row in rows:
            if row.kind is not RowKind.IDLE:
                expected[reader(row)] += row.total
    found = {
        row.row.key[str(dimension)]: row.row.total for row in answer.rows if row.row.kind != "idle"
    }
    assert found == dict(expected)


@ROWS
@given(rows=st.lists(row_lists(6), min_size=1, max_size=4), idle=st.sampled_from(IdleMode))
def test_hours_stand_in_for_a_day_that_is_not_stored(
    acme: Tenant, rows: list[list[AllocatedCost]], idle: IdleMode
) -> None:
    with transaction.atomic():
        cluster = ClusterFactory.create()
        start = day(3).start
        for number, held in enumerate(rows):
            stored(cluster, start + dt.timedelta(hours=number), held, grain=Grain.HOUR)
        by_day = history(
            HistoryQuery(period=PERIOD, scope=EVERYTHING, idle=idle, limit=1000), now=NOW
        )
        by_hour = history(
            HistoryQuery(period=day(3), scope=EVERYTHING, step=Step.HOUR, idle=idle, limit=1000),
            now=NOW,
        )
        transaction.set_rollback(True)
    for answer in (by_day, by_hour):
        assert_it_adds_up(answer)
    assert by_day.totals.total == by_hour.totals.total


# Other currencies, exports, comparisons --------------------------------------------------------------

RATES = [Decimal("1.0853"), Decimal("0.0000717"), Decimal("154.25"), Decimal("1")]


def enter_rates(rates: list[Decimal]) -> None:
    """What a euro is worth in dollars, anew every few days."""
    for place, rate in enumerate(rates):
        ExchangeRate.objects.create(
            currency="EUR",
            to_currency="USD",
            valid_from=(day(-2 + 3 * place)).start.date(),
            rate=rate,
        )


@ROWS
@given(
    windows=st.lists(st.tuples(DAYS, st.integers(0, 2), row_lists(6)), max_size=5),
    rates=st.lists(st.sampled_from(RATES), min_size=1, max_size=3),
    query=questions(),
    ranked_from=st.sampled_from([0, 2_000]),
)
def test_each_window_is_converted_as_a_whole(
    acme: Tenant,
    windows: list[tuple[int, int, list[AllocatedCost]]],
    rates: list[Decimal],
    query: HistoryQuery,
    ranked_from: int,
) -> None:
    with transaction.atomic(), patch.object(answers, "_RANK_FIRST_FROM", ranked_from):
        enter_rates(rates)
        clusters = [
            ClusterFactory.create(opencost_cluster_id="default-cluster", currency=currency)
            for currency in ("USD", "EUR", "EUR")
        ]
        kept = {}
        for number, which, rows in windows:
            stored(clusters[which], day(number).start, rows)
            if rows and query.period.start <= day(number).start < query.period.end:
                kept[number, which] = rows
        answer = history(query, now=NOW)
        transaction.set_rollback(True)
    assert_it_adds_up(answer)
    hidden = query.idle is IdleMode.HIDE
    expected = 0
    for (number, which), rows in kept.items():
        total = sum(row.total for row in passing(query, rows))
        rate = rates[min(len(rates) - 1, (number + 2) // 3)]
        expected += convert(total, rate) if which else total
    if query.idle is IdleMode.SEPARATE or (hidden and not query.scope.is_limited):
        assert answer.totals.total + (answer.hidden_idle or 0) == expected
    if query.filter is None and not query.scope.is_limited:
        assert answer.ledger_total == expected
        assert answer.ledger_total == answer.totals.total + (answer.hidden_idle or 0)


@ROWS
@given(
    windows=st.lists(st.tuples(DAYS, st.integers(0, 1), row_lists(5)), max_size=4),
    query=questions(),
)
def test_every_way_of_asking_and_every_export_has_one_total(
    acme: Tenant, windows: list[tuple[int, int, list[AllocatedCost]]], query: HistoryQuery
) -> None:
    """Whatever it is grouped by, in whatever steps, from whichever tables, in whatever file."""
    with transaction.atomic():
        enter_rates(RATES[:1])
        clusters = [
            ClusterFactory.create(opencost_cluster_id="default-cluster", currency=currency)
            for currency in ("USD", "EUR")
        ]
        for number, which, rows in windows:
            stored(clusters[which], day(number).start, rows)
        found = [history(query, now=NOW)]
        for dimension in DIMENSIONS:
            with patch.object(answers, "_RANK_FIRST_FROM", 0 if dimension.key else 2_000):
                found.append(history(query.narrowed(group_by=(dimension,)), now=NOW))
        for step in (Step.DAY, Step.MONTH):
            found.append(history(query.narrowed(step=step), now=NOW))
        transaction.set_rollback(True)
    for answer in found:
        assert_it_adds_up(answer)
        assert answer.hidden_idle == found[0].hidden_idle
    assert {answer.totals.total for answer in found} == {found[0].totals.total}
    for answer in found[:2]:
        assert sum_of_csv(answer) == sum_of_parquet(answer) == answer.totals.total


def sum_of_csv(answer: HistoryAnswer) -> int:
    body = "".join(csv_pieces(history_table(answer)))
    return sum(
        micros_from_number(Decimal(row["total_cost"] or 0))
        for row in csv.DictReader(io.StringIO(body, newline=""))
    )


def sum_of_parquet(answer: HistoryAnswer) -> int:
    body = b"".join(parquet_pieces(history_table(answer)))
    amounts = pq.read_table(io.BytesIO(body)).column("total_cost").to_pylist()
    return sum(micros_from_number(amount or 0) for amount in amounts)


@ROWS
@given(
    windows=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1), row_lists(5)), max_size=5),
    query=questions(),
)
def test_deltas_and_drivers_add_up(
    acme: Tenant, windows: list[tuple[int, int, list[AllocatedCost]]], query: HistoryQuery
) -> None:
    query, before = query.over(ChargePeriod(day(5).start, day(10).start)), PERIOD
    with transaction.atomic():
        enter_rates(RATES[:2])
        clusters = [ClusterFactory.create(currency=currency) for currency in ("USD", "EUR")]
        for number, which, rows in windows:
            stored(clusters[which], day(number).start, rows)
        answer, earlier, found = side_by_side(query, Base.CUSTOM, before, now=NOW)
        transaction.set_rollback(True)
    assert found.totals.current.total == answer.totals.total
    assert found.totals.previous.total == earlier.totals.total
    assert sum(row.current.total for row in found.rows) == found.totals.current.total
    assert sum(row.previous.total for row in found.rows) == found.totals.previous.total
    assert sum(row.delta for row in found.rows) == found.totals.delta
    for row in [*found.rows, found.totals, *found.movers]:
        assert row.delta == row.current.total - row.previous.total
        assert sum(driver.delta for driver in row.drivers) == row.delta
        for driver in row.drivers:
            assert driver.delta == driver.by_quantity + driver.by_price + driver.other
