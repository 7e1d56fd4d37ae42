"""The plan by API: what a program reads, and the trial it starts for an owner."""

import datetime as dt
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from costinsights.accounts.models import Role, Scope
from costinsights.core.tenancy import public_context
from tenants.features import Feature
from tenants.models import Plan, Tenant, TenantUsage
from tenants.trials import change_plan, override_feature
from tests.factories.accounts import UserFactory, token_of
from tests.factories.costs import ClusterFactory
from tests.workspace.test_plan_page import offer_trials, on_plan


def program(role: Role = Role.OWNER, *scopes: Scope) -> Client:
    token = token_of(UserFactory.create(role=role), *(scopes or (Scope.READ, Scope.WRITE)))
    return Client(HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {token}")


def get(client: Client, what: str) -> Any:
    answer = client.get(f"/api/v1/workspace/{what}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_plan_says_what_counts_and_what_it_includes(acme: Tenant) -> None:
    change_plan(tenant=acme, plan="saas", at=dt.datetime.now(dt.UTC), reason="their wish")
    body = get(program(Role.VIEWER, Scope.READ), "plan")
    assert (body["plan"], body["plan_without_trial"], body["trial"]) == ("saas", "saas", None)
    assert body["limits"]["clusters"] == 20
    assert body["retention_days"] == 1_100  # of the plan that ended a moment ago
    assert body["read_only_until"] is not None
    assert body["plans_to_try"] == []


def test_each_feature_says_how_far_it_is_open_and_why(acme: Tenant) -> None:
    now = dt.datetime.now(dt.UTC)
    change_plan(tenant=acme, plan="saas", at=now, reason="their wish")
    override_feature(
        tenant=acme, feature=Feature.BUDGETS, is_open=False, reason="abuse", actor=None, at=now
    )
    found = {line["feature"]: line for line in get(program(), "features")["results"]}
    assert len(found) == len(Feature)
    assert (found["history"]["access"], found["history"]["because"]) == ("open", "plan")
    assert found["reporting"]["access"] == "read_only"
    assert found["reporting"]["required_plan"] == "enterprise"
    assert (found["budgets"]["access"], found["budgets"]["because"]) == ("closed", "override")


def test_usage_tells_unknown_from_zero(acme: Tenant) -> None:
    body = get(program(), "usage")
    assert body["measured_at"] is None
    assert {line["used"] for line in body["usage"]} == {None}
    assert len(body["api_calls"]) == 30
    assert {day["calls"] for day in body["api_calls"]} == {None}


def test_measuring_answers_what_it_found(acme: Tenant) -> None:
    ClusterFactory.create()
    answer: Any = program(Role.ADMIN).post("/api/v1/workspace/usage")
    assert answer.status_code == 200
    lines = {line["kind"]: line for line in answer.json()["usage"]}
    assert (lines["clusters"]["used"], lines["clusters"]["limit"]) == (1, None)
    assert lines["workloads"]["used"] is None
    assert lines["members"]["used"] == 1


def test_yesterdays_calls_are_not_todays(acme: Tenant) -> None:
    with public_context():
        yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
        TenantUsage.objects.create(tenant=acme, day=yesterday, api_calls=70, members=4)
    body = get(program(), "usage")
    lines = {line["kind"]: line["used"] for line in body["usage"]}
    assert (lines["api_calls_per_day"], lines["members"]) == (None, 4)
    assert body["api_calls"][-2]["calls"] == 70


def test_a_viewer_may_not_measure(acme: Tenant) -> None:
    assert program(Role.VIEWER).post("/api/v1/workspace/usage").status_code == 403


def test_an_owners_program_starts_the_trial_once(acme: Tenant) -> None:
    on_plan(acme, Plan.COMMUNITY)
    client = program()
    body = {"plan": "saas"}
    address = "/api/v1/workspace/trial"
    refused: Any = client.post(address, body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "trial_not_offered")
    offer_trials()
    assert get(client, "plan")["plans_to_try"] == ["saas", "enterprise"]
    started: Any = client.post(address, body, content_type="application/json")
    assert started.status_code == 201
    assert started.json()["trial"]["plan"] == "saas"
    again: Any = client.post(address, body, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "trial_used")


@pytest.mark.parametrize("body", [{}, {"plan": "gold"}, {"plan": None}])
def test_a_trial_of_no_plan_is_a_problem_with_the_field(acme: Tenant, body: Any) -> None:
    offer_trials()
    answer: Any = program().post("/api/v1/workspace/trial", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "plan"


def test_only_an_owner_starts_a_trial(acme: Tenant) -> None:
    offer_trials()
    answer = program(Role.ADMIN).post(
        "/api/v1/workspace/trial", {"plan": "saas"}, content_type="application/json"
    )
    assert answer.status_code == 403


@pytest.fixture
def full(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """acme on Community with its three clusters; a test of any connection would fail the test."""

    def asked(*_: Any, **__: Any) -> Any:
        raise AssertionError("an OpenCost was asked although there is no room")

    monkeypatch.setattr("costinsights.costs.services.probe", asked)
    on_plan(acme, Plan.COMMUNITY)
    for _ in range(3):
        ClusterFactory.create()
    ClusterFactory.create(is_demo=True)  # sample data take no place
    return acme


def test_a_fourth_cluster_is_refused_by_page_before_it_is_tested(
    full: Tenant, client_of: Any
) -> None:
    client: Client = client_of(full)
    owner: Any = UserFactory.create(role=Role.OWNER)
    client.force_login(owner)
    given = {"opencost_url": "http://127.0.0.1:9/four", "auth_kind": "none"}
    answer = client.post("/clusters/connect/", given)
    assert answer.status_code == 403
    assert "Your plan includes 3 clusters, and 3 are in use." in answer.content.decode()


def test_a_fourth_cluster_is_refused_by_command_before_it_is_tested(full: Tenant) -> None:
    on_plan(full, Plan.COMMUNITY)
    given = {"tenant": "acme", "name": "Four", "currency": "USD", "url": "http://127.0.0.1:9/four"}
    with pytest.raises(CommandError, match="Your plan includes 3 clusters"):
        call_command("connect_cluster", **given)


def test_a_fourth_cluster_is_refused_by_api_before_it_is_tested(full: Tenant) -> None:
    answer: Any = program().post(
        "/api/v1/clusters/",
        {"name": "Four", "currency": "USD", "opencost_url": "http://127.0.0.1:9/four"},
        content_type="application/json",
    )
    assert answer.status_code == 403
    body = answer.json()
    assert (body["code"], body["kind"], body["required_plan"]) == (
        "limit_reached",
        "clusters",
        "saas",
    )
