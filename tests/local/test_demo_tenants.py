"""The demo's tenants: made once, completed later, never outside of a demo."""

import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from costinsights.accounts.models import Role, User
from costinsights.core.tenancy import find_tenant, public_context, tenant_context
from costinsights.costs.models import Budget, Cluster
from costinsights.local.addresses import PASSWORD
from costinsights.local.management.commands.demo_tenants import STAFF
from costinsights.opencost.filters import parse_filter
from reporting.models import CostCenter, MappingRule, Period
from tenants.models import Domain, StaffUser, Tenant


def make(opencost: str = "http://127.0.0.1:9003") -> None:
    call_command("demo_tenants", "--opencost", opencost)


@pytest.fixture
def demo(settings: Settings, db: None) -> None:
    settings.DEMO_MODE = True
    make()


def test_the_demo_has_a_tenant_of_every_plan(demo: None) -> None:
    with public_context():
        plans = dict(Tenant.objects.values_list("slug", "plan"))
        assert Domain.objects.filter(domain="initech.localhost").exists()
        staff = StaffUser.objects.get(email="staff@costinsights.test")
    assert plans["initech"] == "community"
    assert staff.check_password(PASSWORD)
    assert staff.is_superuser


def test_tenants_whose_plan_has_budgets_have_two(demo: None) -> None:
    found = {}
    for slug in ("acme", "globex", "initech"):
        with tenant_context(find_tenant(slug)):
            found[slug] = Budget.objects.count()
    assert found == {"acme": 2, "globex": 2, "initech": 0}


def test_the_enterprise_tenant_has_cost_centres_and_two_months(demo: None) -> None:
    make()
    with tenant_context(find_tenant("acme")):
        assert CostCenter.objects.filter(level="cost_center").count() == MappingRule.objects.count()
        assert Period.objects.count() == 2
        assert User.objects.get(email="owner@acme.test").approves_statements
        for rule in MappingRule.objects.all():
            parse_filter(rule.filter)


def test_everybody_can_sign_in_with_the_demo_password(demo: None) -> None:
    with tenant_context(find_tenant("initech")):
        owner = User.objects.get(email="owner@initech.test")
        viewer = User.objects.get(email="viewer@initech.test")
    assert owner.check_password(PASSWORD)
    assert (owner.role, viewer.role) == (Role.OWNER, Role.VIEWER)


def test_staff_of_the_demo_sign_in_with_the_code_that_the_page_shows(
    demo: None, settings: Settings
) -> None:
    settings.DEMO_STAFF = STAFF
    client = Client(HTTP_HOST="admin.localhost")
    client.post("/login/", {"email": STAFF, "password": PASSWORD})
    shown = re.search(r'id="demo-code">([0-9]{6})<', client.get("/login/code/").content.decode())
    assert shown is not None
    assert client.post("/login/code/", {"code": shown[1]}).status_code == 302
    assert client.get("/").status_code == 200


def test_a_repetition_adds_nothing_and_keeps_what_people_changed(demo: None) -> None:
    with tenant_context(find_tenant("initech")):
        Cluster.objects.update(name="Renamed", currency="EUR")
    make("http://127.0.0.1:9999/")
    with tenant_context(find_tenant("initech")):
        (cluster,) = Cluster.objects.all()
        assert User.objects.count() == 2
    assert (cluster.name, cluster.currency) == ("Renamed", "EUR")
    assert cluster.opencost_url == "http://127.0.0.1:9999/initech-1"


def test_outside_of_a_demo_public_passwords_are_refused(db: None) -> None:
    with pytest.raises(CommandError, match="DEMO_MODE"):
        make()
