"""The page of the plan: what there is, what is used, what to do; and the trial an owner starts there."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from costinsights.accounts.models import Role
from costinsights.core.tenancy import public_context
from costinsights.workspace.plan.measuring import measure_usage
from tenants.features import PlatformSwitch
from tenants.models import FeatureSwitch, Plan, PlanLimits, Tenant, TenantUsage
from tenants.models.standing import forget_platform, forget_tenant
from tenants.trials import change_plan, start_trial
from tests.costs.history import books
from tests.costs.rows import cost_row, idle_row
from tests.factories.accounts import UserFactory
from tests.factories.costs import ClusterFactory

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def as_role(acme: Tenant, client_of: Any) -> Callable[[Role], Client]:
    """A browser of acme, signed in with a role."""

    def make(role: Role) -> Client:
        client: Client = client_of(acme)
        user: Any = UserFactory.create(role=role, email=f"{role}@acme.test", name=f"The {role}")
        client.force_login(user)
        return client

    return make


def offer_trials() -> None:
    with public_context():
        name = PlatformSwitch.SELF_SERVICE_TRIALS.value
        FeatureSwitch.objects.filter(name=name).update(active=True)
    forget_platform()


def on_plan(tenant: Tenant, plan: Plan) -> None:
    with public_context():
        Tenant.objects.filter(pk=tenant.pk).update(plan=plan)


def page_of(client: Client) -> str:
    answer = client.get("/settings/plan/")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("role", Role)
def test_every_member_reads_what_the_plan_has_and_whom_to_ask(
    as_role: Callable[[Role], Client], role: Role
) -> None:
    UserFactory.create(role=Role.OWNER, email="olga@acme.test", name="Olga")
    text = page_of(as_role(role))
    assert "Enterprise" in text
    assert "What the plans have" in text
    assert ("olga@acme.test" in text) == (role is not Role.OWNER)


def test_what_was_never_measured_is_a_dash_and_no_bar(as_role: Callable[[Role], Client]) -> None:
    text = page_of(as_role(Role.VIEWER))
    assert "not measured yet" in text
    assert "<progress" not in text


def test_usage_stands_against_the_plans_limit_in_words_and_as_a_bar(
    acme: Tenant, as_role: Callable[[Role], Client]
) -> None:
    on_plan(acme, Plan.COMMUNITY)
    for _ in range(3):
        ClusterFactory.create()
    client = as_role(Role.ADMIN)
    assert client.post("/settings/plan/measure/").status_code == 302
    forget_tenant(acme.pk)
    text = page_of(client)
    assert 'value="100"' in text
    assert "used up" in text


def test_only_an_admin_measures(as_role: Callable[[Role], Client]) -> None:
    assert as_role(Role.ANALYST).post("/settings/plan/measure/").status_code == 403


def test_the_top_bar_says_trial_and_the_page_when_it_ends(
    acme: Tenant, as_role: Callable[[Role], Client]
) -> None:
    on_plan(acme, Plan.COMMUNITY)
    client = as_role(Role.OWNER)
    now = dt.datetime.now(dt.UTC)
    start_trial(tenant=acme, plan="saas", days=14, at=now, reason="asked for it")
    text = " ".join(page_of(client).split())
    assert '<span class="plan-badge">SaaS trial' in text
    assert "The trial ends on" in text


def test_after_a_downgrade_the_page_says_until_when_one_can_read(
    acme: Tenant, as_role: Callable[[Role], Client]
) -> None:
    change_plan(tenant=acme, plan="community", at=dt.datetime.now(dt.UTC), reason="their wish")
    text = page_of(as_role(Role.VIEWER))
    assert "A greater plan has ended" in text
    assert "read-only until" in text


def test_an_owner_starts_the_trial_that_is_offered(
    acme: Tenant, as_role: Callable[[Role], Client]
) -> None:
    on_plan(acme, Plan.COMMUNITY)
    client = as_role(Role.OWNER)
    assert "Start the trial" not in page_of(client)
    offer_trials()
    assert "Start the trial" in page_of(client)
    assert client.post("/settings/plan/trial/", {"plan": "saas"}).status_code == 302
    assert "SaaS trial" in " ".join(page_of(client).split())


@pytest.mark.parametrize(
    ("plan", "word"), [("gold", "no plan"), ("community", "greater"), ("", "")]
)
def test_a_trial_that_is_refused_says_why_on_the_page(
    acme: Tenant, as_role: Callable[[Role], Client], plan: str, word: str
) -> None:
    on_plan(acme, Plan.COMMUNITY)
    offer_trials()
    answer = as_role(Role.OWNER).post("/settings/plan/trial/", {"plan": plan})
    assert answer.status_code == 422
    assert "The trial has not started" in answer.content.decode()
    assert word in answer.content.decode()


def test_only_an_owner_starts_a_trial(as_role: Callable[[Role], Client]) -> None:
    offer_trials()
    assert as_role(Role.ADMIN).post("/settings/plan/trial/", {"plan": "saas"}).status_code == 403


@pytest.mark.parametrize(("percent", "level"), [(79, ""), (80, "warning"), (100, "danger")])
def test_everybody_is_told_before_the_storage_is_used_up(
    acme: Tenant, as_role: Callable[[Role], Client], percent: int, level: str
) -> None:
    with public_context():
        PlanLimits.objects.filter(plan="enterprise").update(storage_bytes=1000)
        today = dt.datetime.now(dt.UTC).date()
        TenantUsage.objects.create(tenant=acme, day=today, storage_bytes=percent * 10)
    forget_platform()
    forget_tenant(acme.pk)
    text = as_role(Role.VIEWER).get("/clusters/").content.decode()
    assert (f"Storage: {percent}% of what the plan includes" in text) == bool(level)
    assert (f"banner-{level}" in text) == bool(level)


def test_a_page_that_is_read_only_says_so_and_the_navigation_shows_an_eye(
    acme: Tenant, as_role: Callable[[Role], Client]
) -> None:
    with public_context():
        switch = FeatureSwitch.objects.filter(name="current_costs")
        switch.update(community=False, saas=False, enterprise=True)
    forget_platform()
    change_plan(tenant=acme, plan="saas", at=dt.datetime.now(dt.UTC), reason="their wish")
    text = " ".join(as_role(Role.VIEWER).get("/").content.decode().split())
    assert "Current costs is read-only." in text
    assert "read-only</span>" in text


def test_measuring_keeps_numbers_and_never_lowers_the_days_calls(acme: Tenant) -> None:
    UserFactory.create(is_active=False)
    UserFactory.create()
    ClusterFactory.create(last_error_code="timeout")
    with public_context():
        for day, calls in ((NOON.date(), 50), (NOON.date() - 401 * DAY, 1)):
            TenantUsage.objects.create(tenant=acme, day=day, api_calls=calls)
    usage = measure_usage(at=NOON)
    assert (usage.clusters, usage.clusters_failing, usage.members) == (1, 1, 1)
    assert (usage.api_calls, usage.workloads) == (50, None)
    assert usage.storage_bytes is not None
    assert usage.storage_bytes > 100_000
    with public_context():
        assert TenantUsage.objects.filter(tenant=acme).count() == 1


def test_measuring_counts_the_workloads_of_the_newest_day_and_knows_the_oldest(
    acme: Tenant,
) -> None:
    assert measure_usage(at=NOON).workloads is None
    cluster = ClusterFactory.create()
    names = [{"controller": "a"}, {"controller": "b"}, {"controller": "b", "node": "node-2"}]
    books.stored(cluster, books.day(0).start, [cost_row(controller=name) for name in "abcd"])
    books.stored(cluster, books.day(3).start, [*(cost_row(**who) for who in names), idle_row()])
    sample = ClusterFactory.create(is_demo=True)
    books.stored(sample, books.day(4).start, [cost_row(controller="sample")])

    usage = measure_usage(at=NOON)

    assert (usage.workloads, usage.oldest_stored_day) == (2, books.day(0).start.date())
