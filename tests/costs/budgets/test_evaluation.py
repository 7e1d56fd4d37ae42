"""How budgets stand, and the events of their thresholds: exactly at the percent, once, whatever is repeated."""

import datetime as dt
from collections.abc import Callable

import pytest

from costinsights.costs.budgets.evaluation import (
    evaluate,
    evaluate_all,
    events_after,
    span_of,
    status_of,
)
from costinsights.costs.budgets.models import Basis, Budget, BudgetEvent, BudgetState
from costinsights.costs.models import Cluster
from tenants.models import Tenant
from tests.costs.history.books import NOW, stored
from tests.costs.history.months import stored_days
from tests.costs.rows import cost_row
from tests.factories.costs import ClusterFactory

Make = Callable[..., Budget]


def again(budget: Budget) -> Budget:
    return Budget.objects.get(pk=budget.pk)


def thresholds(budget: Budget) -> list[tuple[str, int]]:
    return list(budget.events.order_by("pk").values_list("basis", "percent"))


@pytest.mark.parametrize(
    ("amount", "state", "reached"),
    [
        ("440.01", BudgetState.ON_TRACK, []),
        ("440", BudgetState.ON_TRACK, [("actual", 50)]),
        ("300.000001", BudgetState.ON_TRACK, [("actual", 50)]),
        ("300", BudgetState.ON_TRACK, [("actual", 50), ("forecast", 100)]),
        ("299.999999", BudgetState.AT_RISK, [("actual", 50), ("forecast", 100)]),
        ("275", BudgetState.AT_RISK, [("actual", 50), ("actual", 80), ("forecast", 100)]),
        ("220.000001", BudgetState.AT_RISK, [("actual", 50), ("actual", 80), ("forecast", 100)]),
        ("220", BudgetState.AT_RISK, [("actual", p) for p in (50, 80, 100)] + [("forecast", 100)]),
        (
            "219.999999",
            BudgetState.EXCEEDED,
            [("actual", p) for p in (50, 80, 100)] + [("forecast", 100)],
        ),
    ],
)
def test_thresholds_are_reached_exactly(
    cluster: Cluster, budget_of: Make, amount: str, state: str, reached: list[tuple[str, int]]
) -> None:
    budget = budget_of(amount)
    assert evaluate(budget, now=NOW)
    assert again(budget).standing.state == state
    assert sorted(thresholds(budget)) == sorted(reached)


def test_an_evaluation_that_sees_the_same_computes_nothing(
    cluster: Cluster, budget_of: Make
) -> None:
    budget = budget_of("250")
    assert evaluate_all(now=NOW) == 1
    assert evaluate_all(now=NOW + dt.timedelta(hours=3)) == 0
    assert evaluate_all(now=NOW + dt.timedelta(days=1)) == 1  # another day begins
    assert len(thresholds(budget)) == 3


def test_a_restated_day_adds_no_second_event(cluster: Cluster, budget_of: Make) -> None:
    budget = budget_of("275")
    evaluate(budget, now=NOW)
    before = thresholds(budget)
    first = dt.datetime(2026, 11, 3, tzinfo=dt.UTC)
    for cost in (1_000_000, 10_000_000):  # falls below 80 % and reaches it again
        stored(cluster, first, [cost_row(cpu_cost=cost, minutes=1440.0)])
        assert evaluate(again(budget), now=NOW)
    assert thresholds(budget) == before


def test_the_next_period_has_events_of_its_own(cluster: Cluster, budget_of: Make) -> None:
    budget = budget_of("100", actual_thresholds=[50], forecast_thresholds=[])
    evaluate(budget, now=NOW)
    stored_days(cluster, dt.date(2026, 11, 23), dt.date(2026, 12, 6))
    evaluate(again(budget), now=dt.datetime(2026, 12, 7, 12, tzinfo=dt.UTC))
    names = budget.events.order_by("pk").values_list("period_name", flat=True)
    assert list(names) == ["November 2026", "December 2026"]


def test_days_that_come_late_still_count_for_the_month_before(
    cluster: Cluster, budget_of: Make
) -> None:
    budget = budget_of("300", actual_thresholds=[100], forecast_thresholds=[])
    stored_days(cluster, dt.date(2026, 11, 23), dt.date(2026, 11, 29))
    soon = dt.datetime(2026, 12, 2, 1, tzinfo=dt.UTC)
    evaluate(budget, now=soon)
    assert thresholds(budget) == []
    stored_days(cluster, dt.date(2026, 11, 30), dt.date(2026, 12, 1))
    evaluate(again(budget), now=soon)
    event = budget.events.get()
    assert (event.period_name, event.percent, event.value) == ("November 2026", 100, 300_000_000)


def test_an_overtaken_evaluation_keeps_the_newer_standing(
    cluster: Cluster, budget_of: Make
) -> None:
    budget = budget_of()
    evaluate(budget, now=NOW)
    late = Budget.objects.get(pk=budget.pk)
    evaluate(late, now=NOW - dt.timedelta(days=1), stamp="older data")
    assert again(budget).standing.evaluated_at == NOW


def test_a_budget_that_changed_meanwhile_is_left_to_the_next_evaluation(
    cluster: Cluster, budget_of: Make
) -> None:
    budget = budget_of("100")
    Budget.objects.filter(pk=budget.pk).update(updated_at=NOW + dt.timedelta(seconds=1))
    evaluate(budget, now=NOW)
    assert not BudgetEvent.objects.exists()


# Unknown ----------------------------------------------------------------------------------------


@pytest.fixture
def young(acme: Tenant) -> Cluster:
    """Three days of it are stored: 30."""
    cluster = ClusterFactory.create(slug="young", currency="USD")
    stored_days(cluster, dt.date(2026, 11, 20), dt.date(2026, 11, 22))
    return cluster


def test_too_few_days_are_unknown_and_say_why(young: Cluster, budget_of: Make) -> None:
    found = status_of(budget_of(), now=NOW)
    assert found.state == BudgetState.UNKNOWN
    assert found.reason == "A forecast needs 14 complete days; there are 3."
    assert found.total is None
    assert [basis for basis, _, _ in found.reached()] == []


def test_what_is_surely_spent_exceeds_even_where_days_are_missing(
    young: Cluster, budget_of: Make
) -> None:
    found = status_of(budget_of("20"), now=NOW)
    assert found.state == BudgetState.EXCEEDED
    assert found.total is None


def test_another_currency_is_unknown_and_never_added(cluster: Cluster, budget_of: Make) -> None:
    found = status_of(budget_of(currency="EUR"), now=NOW)
    assert found.state == BudgetState.UNKNOWN
    assert "EUR" in found.reason
    assert found.spent is None


def test_a_cluster_in_another_currency_is_left_out_by_name(
    cluster: Cluster, budget_of: Make
) -> None:
    other = ClusterFactory.create(slug="euro", name="Euro", currency="EUR")
    stored_days(other, dt.date(2026, 11, 1), dt.date(2026, 11, 22))
    found = status_of(budget_of(), now=NOW)
    assert found.spent == 220_000_000
    assert found.found is not None
    assert [cluster.name for cluster in found.found.answer.excluded] == ["Euro"]


def test_a_cluster_that_was_removed_is_the_reason(cluster: Cluster, budget_of: Make) -> None:
    budget = budget_of(cluster=["prod"])
    cluster.delete()
    found = status_of(budget, now=NOW)
    assert (found.state, found.spent) == (BudgetState.UNKNOWN, None)
    assert "prod" in found.reason


def test_a_budget_outside_of_its_validity_stands_nowhere(cluster: Cluster, budget_of: Make) -> None:
    later = budget_of("10", valid_from=dt.date(2026, 12, 1))
    ended = budget_of(
        "10", name="Ended", valid_from=dt.date(2026, 1, 1), valid_until=dt.date(2026, 10, 31)
    )
    assert status_of(later, now=NOW).reason == "It counts from 1 Dec 2026 on."
    assert status_of(ended, now=NOW).reason == "It counted until 31 Oct 2026."
    evaluate_all(now=NOW)
    assert not BudgetEvent.objects.exists()


def test_a_filter_and_the_idle_mode_count(cluster: Cluster, budget_of: Make) -> None:
    stored(
        cluster,
        dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
        [
            cost_row(cpu_cost=10_000_000, minutes=1440.0),
            cost_row(cpu_cost=3_000_000, minutes=1440.0, namespace="web"),
        ],
    )
    assert status_of(budget_of(filter='namespace:"web"'), now=NOW).spent == 3_000_000


def test_a_quarter_begins_with_the_fiscal_year(cluster: Cluster, budget_of: Make) -> None:
    budget = budget_of("100", period="quarter")
    assert span_of(budget, NOW, start_month=2).name == "FY2027 Q4"
    assert span_of(budget, NOW, start_month=1).name == "Q4 2026"


def test_events_are_followed_by_their_ids(cluster: Cluster, budget_of: Make) -> None:
    evaluate(budget_of("220"), now=NOW)
    every = events_after(0)
    assert [event.pk for event in every] == sorted(event.pk for event in every)
    assert events_after(every[1].pk) == every[2:]
    assert events_after(0, limit=1) == every[:1]
    assert {event.basis for event in every} == {Basis.ACTUAL, Basis.FORECAST}
