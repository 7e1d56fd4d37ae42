"""History of clusters in several currencies: each day at its own rate, and nobody left out without a reason."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from costinsights.costs.history.models import Grain
from costinsights.costs.models import Cluster, ExchangeRate
from tenants.models import Tenant
from tests.costs.history.books import NOW, day, stored
from tests.costs.rows import cost_row, idle_row
from tests.factories.costs import ClusterFactory

HISTORY = "/api/v1/costs/history?start=2026-10-28&end=2026-11-01&step=day"
COMPARE = "/api/v1/costs/compare?start=2026-10-30&end=2026-11-01"


def enter(rate: str, number: int, currency: str = "EUR") -> None:
    ExchangeRate.objects.create(
        currency=currency,
        to_currency="USD",
        valid_from=day(number).start.date(),
        rate=Decimal(rate),
        source="ECB",
    )


@pytest.fixture
def dollars(acme: Tenant) -> Cluster:
    cluster = ClusterFactory.create(slug="us", name="US", currency="USD")
    stored(cluster, day(0).start, [cost_row(cpu_cost=1_000_000), idle_row(cpu_cost=10)])
    return cluster


@pytest.fixture
def euros(dollars: Cluster) -> Cluster:
    cluster = ClusterFactory.create(slug="eu", name="EU", currency="EUR")
    rows = [cost_row(cpu_cost=1), cost_row(namespace="web", ram_cost=1), idle_row(cpu_cost=1)]
    stored(cluster, day(0).start, rows)
    stored(cluster, day(2).start, [cost_row(cpu_cost=1_000_000, namespace="web")])
    return cluster


@pytest.fixture
def ask(viewer: Client) -> Any:
    def answer(path: str) -> Any:
        with time_machine.travel(NOW, tick=False):
            response = viewer.get(path)
        assert response.status_code == 200, response.content
        return response.json()

    return answer


def test_each_day_has_its_own_rate_and_the_answer_names_them(ask: Any, euros: Cluster) -> None:
    enter("1.5", 0)
    enter("2", 1)
    answer = ask(HISTORY)
    assert [(c["rate"], c["valid_from"], c["source"]) for c in answer["conversions"]] == [
        ("1.5", "2026-10-28", "ECB"),
        ("2", "2026-10-29", "ECB"),
    ]
    # 3 millionths of a euro are 4.5 of a dollar: rounded once, to the even 4, and parted among three lines.
    assert [step["total"] for step in answer["steps"]] == ["1.000014", None, "2.000000", None]
    assert answer["reconciliation"]["ledger_total"] == answer["totals"]["total"] == "3.000014"
    assert answer["excluded"] == []


def test_a_cluster_without_a_rate_is_left_out_by_name(ask: Any, euros: Cluster) -> None:
    enter("2", 1)
    answer = ask(HISTORY)
    (left_out,) = answer["excluded"]
    assert left_out["cluster"] == "eu"
    assert left_out["reason"] == (
        "Its costs are in EUR, and no exchange rate to USD is entered for 28 Oct 2026."
    )
    assert answer["totals"]["total"] == "1.000010"
    # Where nothing is stored of it before its first rate, it takes part.
    assert ask(HISTORY.replace("10-28", "10-29"))["totals"]["total"] == "2.000000"


def test_a_comparison_leaves_a_cluster_out_of_both_periods(ask: Any, euros: Cluster) -> None:
    enter("2", 1)
    found = ask(COMPARE)
    assert [cluster["cluster"] for cluster in found["excluded"]] == ["eu"]
    assert (found["totals"]["current"], found["totals"]["previous"]) == ("0.000000", "1.000010")
    enter("3", 0)
    found = ask(COMPARE)
    assert (found["totals"]["current"], found["totals"]["previous"]) == ("2.000000", "1.000019")
    assert [c["rate"] for c in found["conversions"]] == ["3", "2"]


def test_the_currency_asked_for_is_the_one_answered_in(ask: Any, euros: Cluster) -> None:
    answer = ask(f"{HISTORY}&currency=EUR")
    assert (answer["currency"], answer["totals"]["total"]) == ("EUR", "1.000003")
    assert [cluster["cluster"] for cluster in answer["excluded"]] == ["us"]


def test_one_currency_asks_for_no_rates(ask: Any, dollars: Cluster) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = ask(HISTORY)
    assert answer["conversions"] == []
    assert not any("exchangerate" in query["sql"] for query in queries.captured_queries)


def test_amounts_that_cannot_be_held_are_refused_by_the_rate(
    viewer: Client, euros: Cluster
) -> None:
    stored(euros, day(1).start, [cost_row(cpu_cost=9 * 10**14)])
    enter("99999999", 0)
    with time_machine.travel(NOW, tick=False):
        answer = viewer.get(HISTORY)
    assert (answer.status_code, answer.json()["field"]) == (400, "currency")


def test_hours_that_stand_in_for_a_day_have_its_rate(ask: Any, euros: Cluster) -> None:
    enter("2", 0)
    for hour in range(2):
        at = day(1).start + dt.timedelta(hours=hour)
        stored(euros, at, [cost_row(cpu_cost=5)], grain=Grain.HOUR)
    answer = ask(f"{HISTORY}&cluster=eu")
    assert answer["steps"][1]["total"] == "0.000020"
    assert answer["reconciliation"]["ledger_total"] == answer["totals"]["total"]
