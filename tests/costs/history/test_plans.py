"""Which tables answer what: pages and the usual questions never read the book of record."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from costinsights.accounts.models import Role
from costinsights.costs.history import answers
from tenants.models import Tenant
from tests.costs.history.books import NOW, day, stored
from tests.costs.rows import cost_row, idle_row
from tests.factories.accounts import UserFactory
from tests.factories.costs import ClusterFactory

FACTS = {"costs_costday", "costs_costhour"}
STORED = {*FACTS, "costs_groupday", "costs_grouphour", "costs_nodemonth"}
# From the 28th, the first stored day, to today: months that are whole as far as anything is stored.
PERIOD = "start=2026-10-28&end=2026-11-24"
HISTORY = f"/api/v1/costs/history?{PERIOD}"


@pytest.fixture
def browser(acme: Tenant) -> Iterator[Client]:
    for cluster in ClusterFactory.create_batch(2):
        for number in (0, 1, 4, 20):
            rows = [cost_row(cpu_cost=1_000), cost_row(namespace="web", node="node-2"), idle_row()]
            stored(cluster, day(number).start, rows)
    client = Client(HTTP_HOST="acme.localhost")
    owner: Any = UserFactory.create(role=Role.OWNER)
    client.force_login(owner)
    with time_machine.travel(NOW, tick=False):
        yield client


def relations_of(client: Client, path: str) -> set[str]:
    """The tables of stored costs that the plans of a request's statements read."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    found: set[str] = set()
    for query in queries.captured_queries:
        if any(table in query["sql"] for table in STORED):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {query['sql']}")
                (plan,) = cursor.fetchone()
            found |= relations_in(json.loads(plan) if isinstance(plan, str) else plan)
    return found & STORED


def relations_in(plan: Any) -> set[str]:
    if isinstance(plan, list):
        return {name for part in plan for name in relations_in(part)}
    if not isinstance(plan, dict):
        return set()
    own = {plan["Relation Name"]} if "Relation Name" in plan else set()
    return own | {name for part in plan.values() for name in relations_in(part)}


@pytest.mark.parametrize(
    "path",
    [
        *(
            f"{HISTORY}&{more}"
            for more in (
                "",
                "group_by=cluster,namespace&step=week",
                "group_by=label:team",
                "group_by=namespace,controller_kind&idle=share",
                "group_by=namespace&step=month&idle=hide&limit=1",
                'filter=namespace:"shop"',
                'filter=label[team]:"blue"|namespace:"web"',
                "window=12m",
            )
        ),
        f"/api/v1/costs/compare?{PERIOD}",
        "/history/",
        "/history/?window=90d&compare=previous",
        "/history/?group_by=namespace,label:team&window=365d",
    ],
)
def test_pages_and_usual_questions_read_the_roll_up_alone(browser: Client, path: str) -> None:
    path = path.replace(PERIOD + "&", "") if "window=12m" in path else path
    assert relations_of(browser, path) == {"costs_groupday"}


@pytest.mark.parametrize("ranked_from", [0, 2_000])
@pytest.mark.parametrize("step", ["month", "quarter"])
def test_months_by_node_read_the_month_roll_up(
    browser: Client, monkeypatch: pytest.MonkeyPatch, step: str, ranked_from: int
) -> None:
    monkeypatch.setattr(answers, "_RANK_FIRST_FROM", ranked_from)
    path = f"{HISTORY}&group_by=namespace,node&step={step}&limit=1"
    assert relations_of(browser, path) <= {"costs_nodemonth", "costs_groupday"}


def test_hours_read_the_roll_up_of_hours(browser: Client) -> None:
    path = "/api/v1/costs/history?start=2026-11-22T00:00:00Z&end=2026-11-23T06:00:00Z&step=hour"
    assert relations_of(browser, path) == {"costs_grouphour"}


def test_only_what_nothing_else_knows_is_read_from_the_book_of_record(browser: Client) -> None:
    assert relations_of(browser, f"{HISTORY}&group_by=controller") & FACTS == {"costs_costday"}
