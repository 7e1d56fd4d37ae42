"""GET /api/v1/costs/forecast over stored days."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client

from costinsights.accounts.models import Role
from costinsights.core.tenancy import public_context
from costinsights.costs.models import Cluster
from tenants.models import Tenant
from tests.costs.history.books import NOW, stored
from tests.costs.history.months import stored_days
from tests.costs.rows import cost_row
from tests.factories.accounts import UserFactory, token_of
from tests.factories.costs import ClusterFactory

YESTERDAY = NOW.date() - dt.timedelta(days=1)


@pytest.fixture
def cluster(acme: Tenant) -> Cluster:
    return ClusterFactory.create(slug="prod", name="Production", currency="USD")


def ask(path: str = "", **person: Any) -> Any:
    token = token_of(UserFactory.create(role=Role.VIEWER, **person))
    client = Client(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {token}")
    with time_machine.travel(NOW, tick=False):
        return client.get(f"/api/v1/costs/forecast{path}")


def test_the_month_is_foretold_and_adds_up(cluster: Cluster) -> None:
    stored_days(cluster, dt.date(2026, 10, 25), YESTERDAY)
    answer = ask().json()
    assert answer["period"]["name"] == "November 2026"
    assert answer["actual"] == "220.000000"
    assert answer["days"] == {"complete": 22, "incomplete": 0, "left": 8}
    assert answer["forecast"]["remainder"] == "80.000000"
    assert answer["forecast"]["total"] == "300.000000"
    assert answer["forecast"]["learned_from_days"] == 29
    assert len(answer["series"]) == 30
    assert answer["series"][22] == {
        "day": "2026-11-23",
        "is_complete": False,
        "actual": None,
        "expected": "10.000000",
    }


def test_too_few_days_say_so_and_are_not_zero(cluster: Cluster) -> None:
    stored_days(cluster, dt.date(2026, 11, 12), YESTERDAY)
    answer = ask().json()
    assert answer["forecast"] is None
    assert answer["reason"] == "A forecast needs 14 complete days; there are 11."
    assert answer["actual"] == "110.000000"


def test_nothing_stored_is_said(cluster: Cluster) -> None:
    answer = ask().json()
    assert (answer["forecast"], answer["reason"]) == (None, "Nothing is stored yet.")
    assert answer["without_data"] == ["Production"]


def test_a_quarter_is_that_of_the_fiscal_year(cluster: Cluster) -> None:
    from costinsights.accounts.models import Workspace

    stored_days(cluster, dt.date(2026, 11, 1), YESTERDAY)
    assert ask("?period=quarter").json()["period"]["name"] == "Q4 2026"
    Workspace(fiscal_year_start_month=11).save()
    answer = ask("?period=quarter").json()
    assert answer["period"]["name"] == "FY2027 Q1"
    assert answer["period"]["end"] == "2027-02-01T00:00:00Z"
    assert answer["forecast"]["total"] == "920.000000"


def test_a_new_cluster_is_named_where_it_is_the_reason(cluster: Cluster) -> None:
    stored_days(cluster, dt.date(2026, 10, 25), YESTERDAY)
    other = ClusterFactory.create(slug="late", name="Late", currency="USD")
    stored_days(other, dt.date(2026, 11, 20), YESTERDAY)
    answer = ask().json()
    assert answer["forecast"] is None
    assert answer["reason"].endswith("Late is stored since 20 Nov 2026.")
    assert ask("?cluster=prod").json()["forecast"]["total"] == "300.000000"


def test_a_day_that_one_cluster_lacks_is_incomplete(cluster: Cluster) -> None:
    other = ClusterFactory.create(slug="other", currency="USD")
    stored_days(cluster, dt.date(2026, 10, 25), YESTERDAY)
    stored_days(
        other,
        dt.date(2026, 10, 25),
        YESTERDAY,
        lambda day: None if day.day == 10 and day.month == 11 else 10_000_000,
    )
    answer = ask().json()
    assert answer["days"]["incomplete"] == 1
    assert (answer["actual"], answer["incomplete"]) == ("420.000000", "10.000000")
    assert answer["forecast"]["gaps"] == "10.000000"
    assert answer["forecast"]["total"] == "600.000000"


def test_filters_and_limits_count(cluster: Cluster) -> None:
    for number in range(1, 30):
        start = dt.datetime.combine(YESTERDAY, dt.time(), dt.UTC) - dt.timedelta(days=29 - number)
        rows = [
            cost_row(cpu_cost=10_000_000, minutes=1440.0),
            cost_row(cpu_cost=5_000_000, minutes=1440.0, namespace="web"),
        ]
        stored(cluster, start, rows)
    assert ask("?filter=namespace:%22web%22").json()["forecast"]["total"] == "150.000000"
    limited = ask(scope_namespaces=["web"])
    assert limited.json()["forecast"]["total"] == "150.000000"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("period=year", "period"),
        ("window=30d", "window"),
        ("filter=x", "filter"),
        ("idle=no", "idle"),
    ],
)
def test_what_cannot_be_answered_is_named(cluster: Cluster, query: str, field: str) -> None:
    answer = ask(f"?{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_a_plan_without_history_gets_none(cluster: Cluster, acme: Tenant) -> None:
    with public_context():
        acme.plan = "community"
        acme.save()
    assert ask().json()["code"] == "plan_required"
