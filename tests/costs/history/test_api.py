"""The history and comparison endpoints, as a program asks them."""

import csv
import io
from typing import Any

import pytest
import time_machine
from django.test import Client

from costinsights.accounts.models import Role
from tenants.models import Tenant
from tests.costs.history.books import NOW, day, stored
from tests.costs.rows import cost_row, idle_row
from tests.factories.accounts import UserFactory, token_of
from tests.factories.costs import ClusterFactory

PERIOD = "start=2026-10-28&end=2026-11-03"


@pytest.fixture
def program(acme: Tenant) -> Any:
    """Asks as an analyst's token, at noon of the day the books were read."""
    ClusterFactory.create(slug="prod", name="Production")
    from costinsights.costs.models import Cluster

    cluster = Cluster.objects.get()
    stored(
        cluster,
        day(0).start,
        [
            cost_row(cpu_cost=3_000_000, minutes=1440.0),
            cost_row(namespace="=web", ram_cost=1_000_000, minutes=1440.0),
            idle_row(cpu_cost=500_000),
        ],
    )
    stored(cluster, day(2).start, [cost_row(cpu_cost=1_000_000, minutes=600.0)])
    token = token_of(UserFactory.create(role=Role.ANALYST))
    client = Client(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {token}")

    def ask(path: str) -> Any:
        with time_machine.travel(NOW, tick=False):
            return client.get(path)

    return ask


def test_lines_points_and_steps_add_up(program: Any) -> None:
    answer = program(f"/api/v1/costs/history?{PERIOD}&step=day").json()
    assert answer["totals"]["total"] == "5.500000"
    assert answer["reconciliation"]["difference"] == "0.000000"
    assert answer["reconciliation"]["ledger_total"] == "5.500000"
    assert [step["state"] for step in answer["steps"][:4]] == [
        "complete",
        "missing",
        "partial",
        "missing",
    ]
    shop = next(row for row in answer["rows"] if row["label"] == "shop")
    assert shop["points"][:3] == ["3.000000", None, "1.000000"]


def test_the_csv_has_the_same_numbers_and_no_formula(program: Any) -> None:
    answer = program(f"/api/v1/costs/history?{PERIOD}&step=day&format=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert sum(float(row["total_cost"] or 0) for row in rows) == 5.5
    assert not any(row["namespace"].startswith("=") for row in rows)


def test_a_comparison_says_what_drove_it(program: Any) -> None:
    answer = program(
        "/api/v1/costs/compare?start=2026-10-31&end=2026-11-01&compare=custom&compare_start=2026-10-28"
    ).json()
    assert answer["totals"]["delta"] == "-4.500000"
    assert {row["change"] for row in answer["rows"]} == {"gone"}
    assert [row["delta"] for row in answer["movers"]] == ["-3.000000", "-1.000000"]
    assert answer["reconciliation"]["difference"] == "0.000000"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("window=soon", "window"),
        ("start=yesterday", "start"),
        ("start=2026-10-28&end=2026-10-01", "end"),
        ("start=2030-01-01", "start"),
        ("step=minute", "step"),
        ("window=365d&step=hour", "step"),
        ("group_by=pod", "group_by"),
        ("group_by=colour", "group_by"),
        ("filter=pod:%22x%22", "filter"),
        ("filter=nonsense", "filter"),
        ("cluster=elsewhere", "cluster"),
        ("idle=maybe", "idle"),
        ("limit=0", "limit"),
        ("currency=EUR", "currency"),
        ("colour=red", "colour"),
    ],
)
def test_what_cannot_be_answered_is_named(program: Any, query: str, field: str) -> None:
    answer = program(f"/api/v1/costs/history?{query}")
    assert answer.status_code == 400
    assert answer.json()["field"] == field


def test_an_unknown_base_is_named(program: Any) -> None:
    assert program("/api/v1/costs/compare?compare=never").json()["field"] == "compare"
    assert program("/api/v1/costs/compare?compare=custom").json()["field"] == "compare_start"


def test_a_plan_without_history_gets_none(program: Any, acme: Tenant) -> None:
    from costinsights.core.tenancy import public_context

    with public_context():
        acme.plan = "community"
        acme.save()
    answer = program("/api/v1/costs/history")
    assert answer.json()["code"] == "plan_required"
