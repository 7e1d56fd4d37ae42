"""A feature is open to the plans that have it, and its kill switch closes it for everybody."""

from typing import Any

import pytest
from django.test import Client

from costinsights.accounts.models import Role
from costinsights.core.tenancy import public_context, tenant_context
from tenants.features import LEAST_PLAN, Feature, has_feature, required_plan
from tenants.gates import PlanRequired
from tenants.models import FeatureSwitch, Plan, Tenant
from tenants.offers import WHAT_IT_DOES
from tests.factories.accounts import PASSWORD, UserFactory


def switch(feature: Feature, **columns: bool) -> None:
    with public_context():
        row = FeatureSwitch.objects.get(name=feature.value)
        for name, value in columns.items():
            setattr(row, name, value)
        row.save()
        row.flush()  # the commit would do it; a test's transaction never commits


@pytest.fixture
def member(acme: Tenant) -> Client:
    user = UserFactory.create(role=Role.OWNER)
    client = Client(HTTP_HOST="acme.localhost")
    assert client.post("/sign-in/", {"email": user.email, "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize("feature", Feature)
@pytest.mark.parametrize("plan", Plan)
def test_a_plan_has_what_it_starts_with(acme: Tenant, feature: Feature, plan: Plan) -> None:
    acme.plan = plan
    order = list(Plan)
    with tenant_context(acme):
        assert has_feature(feature) == (order.index(plan) >= order.index(LEAST_PLAN[feature]))
    assert required_plan(feature) == LEAST_PLAN[feature]


@pytest.mark.parametrize("path", ["/", "/costs.csv"])
def test_a_page_without_its_feature_says_which_plan_has_it(member: Client, path: str) -> None:
    switch(Feature.CURRENT_COSTS, enterprise=False, community=False)
    answer = member.get(path)
    assert answer.status_code == 403
    assert "Current costs is part of the SaaS plan" in answer.content.decode()


def test_an_endpoint_without_its_feature_answers_in_a_programs_words(member: Client) -> None:
    switch(Feature.CURRENT_COSTS, active=False)
    answer: Any = member.get("/api/v1/costs/current")
    assert answer.status_code == 403
    body = answer.json()
    assert (body["code"], body["feature"], body["required_plan"]) == (
        "plan_required",
        "current_costs",
        None,
    )


def test_a_kill_switch_reaches_every_tenant_at_once(acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        with tenant_context(tenant):
            assert has_feature(Feature.CURRENT_COSTS)
    switch(Feature.CURRENT_COSTS, active=False)
    for tenant in (acme, globex):
        with tenant_context(tenant):
            assert not has_feature(Feature.CURRENT_COSTS)


def test_a_stranger_learns_nothing_of_the_plan(acme: Tenant) -> None:
    switch(Feature.CURRENT_COSTS, active=False)
    answer = Client(HTTP_HOST="acme.localhost").get("/")
    assert answer.status_code == 302


def test_every_feature_can_be_explained(acme: Tenant) -> None:
    assert set(WHAT_IT_DOES) == set(Feature)
    assert PlanRequired(Feature.REPORTING).extra["required_plan"] == "enterprise"
