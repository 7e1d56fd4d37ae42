"""Any rows, any question: the lines are the layer's total, the points are the lines, and allocations stay as they were."""

import datetime as dt
import random

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costinsights.core.periods import ChargePeriod
from costinsights.costs.history.answers import HistoryAnswer, history
from costinsights.costs.history.completeness import StepState
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.history.steps import Step
from costinsights.costs.history.writer import Written
from costinsights.costs.layers.answers import LayerAnswer, layer_history
from costinsights.costs.layers.query import DIMENSIONS, LayerQuery
from costinsights.costs.layers.verify import verify_layers
from costinsights.costs.read_scope import EVERYTHING
from costinsights.opencost.layer_rows import Layer, LayerCost
from tenants.models import Tenant
from tests.costs.history.books import day as period_of
from tests.costs.history.books import stored
from tests.costs.layers.books import (
    NOW,
    day,
    every_row,
    layer_cost,
    layer_stored,
    ledger_total,
)
from tests.costs.rows import cost_row
from tests.factories.costs import ClusterFactory

PERIOD = ChargePeriod(period_of(0).start, period_of(40).start)
DAYS = st.sampled_from([0, 1, 3, 4, 5, 36])
NAMES = st.sampled_from(["", "a", "b", "Größe", "a/b"])
AMOUNTS = st.none() | st.integers(-(10**9), 10**13)
ROWS = settings(
    deadline=None,
    derandomize=True,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@st.composite
def row_lists(draw: st.DrawFn, layer: Layer) -> list[LayerCost]:
    names = [name for name in DIMENSIONS[layer] if name != "cluster"]
    return [
        layer_cost(
            layer,
            draw(AMOUNTS),
            labels=draw(st.sampled_from([{}, {"team": "blue"}, {"team": "red", "x": "1"}])),
            **{name: draw(NAMES) for name in draw(st.permutations(names))[:3]},
        )
        for _ in range(draw(st.integers(1, 6)))
    ]


@st.composite
def books(draw: st.DrawFn) -> tuple[LayerQuery, list[tuple[int, int, list[LayerCost]]]]:
    """A question, and what is written of its layer: (cluster, day, rows), days written twice among them."""
    layer = draw(st.sampled_from(Layer))
    offered = [*DIMENSIONS[layer], "label:team", "label:no such"]
    query = LayerQuery(
        layer=layer,
        period=PERIOD,
        step=draw(st.sampled_from([Step.DAY, Step.WEEK, Step.MONTH, Step.QUARTER])),
        group_by=tuple(
            draw(st.lists(st.sampled_from(offered), min_size=1, max_size=3, unique=True))
        ),
        limit=draw(st.sampled_from([1, 2, 1000])),
    )
    written = st.tuples(st.integers(0, 1), DAYS, row_lists(layer))
    return query, draw(st.lists(written, min_size=1, max_size=6))


def assert_it_adds_up(answer: LayerAnswer) -> None:
    assert answer.difference == 0
    assert answer.totals.total == answer.ledger_total == ledger_total(answer.query.layer)
    for place, step in enumerate(answer.steps):
        points = [row.points[place] for row in answer.rows]
        if step.state is StepState.MISSING:
            assert step.total is None
            assert points == [None] * len(points)
        else:
            assert sum(point or 0 for point in points) == step.total
    for row in answer.rows:
        assert sum(point or 0 for point in row.points) == row.total


@ROWS
@given(books())
def test_every_question_adds_up_to_the_ledger(
    acme: Tenant, case: tuple[LayerQuery, list[tuple[int, int, list[LayerCost]]]]
) -> None:
    query, written = case
    with transaction.atomic():
        clusters = [ClusterFactory.create(), ClusterFactory.create()]
        for cluster, number, rows in written:
            layer_stored(clusters[cluster], day(number), rows)
        assert_it_adds_up(layer_history(query, now=NOW))
        assert verify_layers().mismatches == []
        transaction.set_rollback(True)


@ROWS
@given(books(), st.randoms(use_true_random=False))
def test_replaying_and_any_order_end_in_the_same_books(
    acme: Tenant,
    case: tuple[LayerQuery, list[tuple[int, int, list[LayerCost]]]],
    dice: random.Random,
) -> None:
    last = {(cluster, number): rows for cluster, number, rows in case[1]}
    with transaction.atomic():
        clusters = [ClusterFactory.create(), ClusterFactory.create()]
        for cluster, number, rows in case[1]:
            layer_stored(clusters[cluster], day(number), rows)
        first = every_row()
        again = list(last.items())
        dice.shuffle(again)
        for (cluster, number), rows in again:
            assert layer_stored(clusters[cluster], day(number), rows) is Written.UNCHANGED
        assert every_row() == first
        transaction.set_rollback(True)


def test_layers_never_change_what_allocations_say(acme: Tenant) -> None:
    cluster = ClusterFactory.create()
    stored(cluster, period_of(0).start, [cost_row(namespace="shop", cpu_cost=7)])

    def ask() -> HistoryAnswer:
        return history(HistoryQuery(period=PERIOD, scope=EVERYTHING), now=NOW)

    before = ask()
    for layer in Layer:
        layer_stored(cluster, day(0), [layer_cost(layer, 1_000_000)])
    assert ask() == before
    assert before.totals.total == 7


def test_an_unknown_cost_is_counted_and_never_zero(acme: Tenant) -> None:
    rows = [layer_cost(Layer.CLOUD, None, service="a"), layer_cost(Layer.CLOUD, 5, service="b")]
    layer_stored(ClusterFactory.create(), day(0), rows)
    query = LayerQuery(Layer.CLOUD, PERIOD, group_by=("service",))
    known, unknown = layer_history(query, now=NOW).rows
    assert (known.total, known.unknown_rows) == (5, 0)
    assert (unknown.amounts["total"], unknown.unknown_rows) == (None, 1)


def test_data_reaches_to_the_last_day_that_every_cluster_has(acme: Tenant) -> None:
    one, other = ClusterFactory.create(), ClusterFactory.create()
    for cluster, number in ((one, 0), (one, 1), (other, 0)):
        layer_stored(cluster, day(number), [layer_cost(Layer.CUSTOM, 5)])
    answer = layer_history(LayerQuery(Layer.CUSTOM, PERIOD, group_by=("domain",)), now=NOW)
    assert answer.data_through == period_of(1).start
    assert [step.state for step in answer.steps[:3]] == ["complete", "partial", "missing"]
    assert answer.steps[1].completeness == 0.5
    assert answer.steps[1].period.length == dt.timedelta(days=1)


def test_an_account_that_two_clusters_deliver_is_named(acme: Tenant) -> None:
    clusters = [ClusterFactory.create(slug="one"), ClusterFactory.create(slug="two")]
    for cluster in clusters:
        layer_stored(cluster, day(0), [layer_cost(Layer.CLOUD, 5, provider="AWS", account="42")])
    answer = layer_history(LayerQuery(Layer.CLOUD, PERIOD, group_by=("account",)), now=NOW)
    assert [(found.account, found.clusters) for found in answer.overlaps] == [
        ("42", ["one", "two"])
    ]
