"""Budgets as programs make and read them: roles, limits, plans, and words for what is wrong."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from costinsights.accounts.models import Role, Scope
from costinsights.core.tenancy import public_context
from costinsights.costs.budgets.models import Budget
from costinsights.costs.models import Cluster
from tenants.features import ensure_switches
from tenants.models import Tenant
from tests.factories.accounts import UserFactory, token_of

WANTED = {"name": "Shop", "amount": "275", "currency": "USD", "filter": 'namespace:"shop"'}


class Program:
    """A token of a new member."""

    def __init__(self, role: Role = Role.ANALYST, **person: Any) -> None:
        self.member = UserFactory.create(role=role, **person)
        token = token_of(self.member, Scope.READ, Scope.WRITE)
        self.client = Client(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {token}")

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        send = getattr(self.client, method)
        address = f"/api/v1/budgets/{path}"
        return send(address) if body is None else send(address, body, "application/json")


@pytest.fixture
def program(cluster: Cluster) -> Program:
    return Program()


def test_a_budget_is_made_evaluated_changed_and_deleted(program: Program) -> None:
    made = program("post", "", WANTED)
    assert made.status_code == 201, made.content
    assert made.json()["standing"]["state"] == "at_risk"
    assert made.json()["owner"] == program.member.email
    assert made.json()["valid_from"] == "2026-11-01"
    address = f"{made.json()['id']}/"
    changed = program("patch", address, {"amount": "600.5", "owner": None}).json()
    assert (changed["amount"], changed["owner"], changed["name"]) == ("600.500000", None, "Shop")
    assert changed["standing"]["state"] == "on_track"
    assert program("get", "").json()["results"][0]["id"] == changed["id"]
    assert program("delete", address).status_code == 204
    assert program("get", address).status_code == 404


def test_the_status_adds_up_and_says_when(program: Program) -> None:
    made = program("post", "", WANTED).json()
    found = program("get", f"{made['id']}/status").json()
    assert (found["spent"], found["percent"]) == ("220.000000", 80.0)
    assert (found["forecast"]["total"], found["forecast_percent"]) == ("300.000000", 109.1)
    assert [threshold["day"] for threshold in found["thresholds"]] == [
        "2026-11-14",
        "2026-11-22",
        "2026-11-28",
        "2026-11-28",
    ]
    assert [t["is_reached"] for t in found["thresholds"]] == [True, True, False, True]
    last = found["series"][-1]
    assert (last["expected"], last["line"]) == ("300.000000", "275.000000")
    assert (last["low"], last["high"]) == tuple(found["forecast"]["interval_80"].values())


def test_events_are_listed(program: Program) -> None:
    made = program("post", "", WANTED).json()
    events = program("get", f"{made['id']}/events").json()["results"]
    assert {(e["basis"], e["percent"]) for e in events} == {
        ("actual", 50),
        ("actual", 80),
        ("forecast", 100),
    }
    assert events[0]["period"] == "November 2026"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-3"}, "amount"),
        ({"amount": "much"}, "amount"),
        ({"amount": "9e30"}, "amount"),
        ({"currency": "XXX"}, "currency"),
        ({"filter": "nonsense"}, "filter"),
        ({"filter": 'pod:"a"'}, "filter"),
        ({"cluster": ["elsewhere"]}, "cluster"),
        ({"actual_thresholds": [0]}, "actual_thresholds"),
        ({"forecast_thresholds": list(range(1, 20))}, "forecast_thresholds"),
        ({"owner": "nobody@people.test"}, "owner"),
        ({"valid_from": "2026-11-01", "valid_until": "2026-10-01"}, "valid_until"),
    ],
)
def test_what_cannot_be_is_named(program: Program, change: dict[str, Any], field: str) -> None:
    answer = program("post", "", {**WANTED, **change})
    assert answer.status_code == 400
    assert field in answer.content.decode()
    assert not Budget.objects.exists()


def test_a_name_is_there_once(program: Program) -> None:
    assert program("post", "", WANTED).status_code == 201
    again = program("post", "", {**WANTED, "name": "SHOP"})
    assert (again.status_code, again.json()["field"]) == (409, "name")


def test_viewers_read_and_do_not_change(program: Program) -> None:
    made = program("post", "", WANTED).json()
    viewer = Program(Role.VIEWER)
    for path in ("", f"{made['id']}/", f"{made['id']}/status", f"{made['id']}/events"):
        assert viewer("get", path).status_code == 200
    assert viewer("post", "", WANTED).status_code == 403
    assert viewer("patch", f"{made['id']}/", {"amount": "1"}).status_code == 403
    assert viewer("delete", f"{made['id']}/").status_code == 403


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST])
def test_limited_members_see_no_budget_and_make_none(program: Program, role: Role) -> None:
    made = program("post", "", WANTED).json()
    limited = Program(role, scope_namespaces=["shop"])
    assert limited("get", "").json()["results"] == []
    for path in (f"{made['id']}/", f"{made['id']}/status", f"{made['id']}/events"):
        assert limited("get", path).status_code == 404
    assert limited("post", "", {**WANTED, "name": "Mine"}).status_code == 403
    assert limited("delete", f"{made['id']}/").status_code in (403, 404)
    assert Budget.objects.count() == 1


def test_a_plan_without_budgets_has_none(program: Program, acme: Tenant) -> None:
    with public_context():
        ensure_switches()
        acme.plan = "community"
        acme.save()
    assert program("get", "").json()["code"] == "plan_required"


def test_a_plan_that_ended_leaves_budgets_readable(program: Program, acme: Tenant) -> None:
    made = program("post", "", WANTED).json()
    with public_context():
        acme.plan = "community"
        acme.lapsed_plan = "saas"
        acme.lapsed_at = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
        acme.save()
    assert program("get", f"{made['id']}/status").status_code == 200
    assert program("patch", f"{made['id']}/", {"amount": "9"}).json()["code"] == "plan_read_only"
