"""Which group may do what in the staff site, by asking."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from unfold.admin import ModelAdmin

from costinsights.accounts.models import User
from costinsights.core.tenancy import public_context
from tenants.models import FeatureOverride, FeatureSwitch, JobFailure, StaffUser, Tenant
from tenants.staff.groups import ensure_staff_groups
from tests.tenants.staff import member, signed_in

LISTS = (
    "tenant",
    "tenantusage",
    "signup",
    "supportgrant",
    "featureswitch",
    "featureoverride",
    "planlimits",
    "jobfailure",
    "announcement",
)
REASON = {"reason": "Because they asked"}


def client_of_group(*groups: str, superuser: bool = False) -> Client:
    return signed_in(member("ada@platform.test", *groups, superuser=superuser))


@pytest.mark.parametrize("group", ["Support", "Operations"])
def test_both_groups_see_the_platforms_lists_and_nobody_of_staff(db: None, group: str) -> None:
    client = client_of_group(group)
    for name in LISTS:
        assert client.get(f"/tenants/{name}/").status_code == 200, name
    for path in ("/tenants/staffuser/", "/tenants/staffuser/add/", "/auth/group/"):
        assert client.get(path).status_code == 403, path


def test_without_a_group_there_is_a_dashboard_and_nothing_else(db: None) -> None:
    client = client_of_group()
    assert client.get("/").status_code == 200
    for name in LISTS:
        assert client.get(f"/tenants/{name}/").status_code == 403, name


def actions(tenant: Tenant, failure: JobFailure) -> dict[str, dict[str, str]]:
    """Everything that changes something: address and what is sent."""
    about = f"/tenants/tenant/{tenant.pk}"
    return {
        "/tenants/tenant/add/": {},
        f"{about}/rename/": {"name": "Globex"},
        f"{about}/plan/": {"plan": "enterprise", **REASON},
        f"{about}/trial/": {"plan": "enterprise", "days": "3", **REASON},
        f"{about}/suspend/": REASON,
        f"{about}/resume/": REASON,
        f"{about}/domains/add/": {"domain": "x.example"},
        f"{about}/erase/": {"typed": "no"},
        f"{about}/deletion/": {},
        "/tenants/featureswitch/": {},
        "/tenants/featureoverride/add/": {},
        "/tenants/announcement/add/": {},
        f"/tenants/jobfailure/{failure.pk}/dismiss/": {},
        "/tenants/staffuser/1/second-factor/": REASON,
    }


@pytest.mark.parametrize(
    ("group", "may"),
    [
        ("Support", {"dismiss"}),
        (
            "Operations",
            {
                "add",
                "rename",
                "plan",
                "trial",
                "suspend",
                "resume",
                "featureswitch",
                "dismiss",
            },
        ),
    ],
)
def test_a_group_changes_what_it_may_and_is_refused_the_rest(
    globex: Tenant, group: str, may: set[str]
) -> None:
    client = client_of_group(group)
    with public_context():
        failure = JobFailure.objects.create(task="x", job_id="1", error="Boom")
    for address, sent in actions(globex, failure).items():
        answer = client.post(address, sent)
        word = address.rstrip("/").rpartition("/")[2]
        assert (answer.status_code != 403) == (word in may), address


def test_nobody_of_a_group_deletes_a_tenant(globex: Tenant) -> None:
    for number, group in enumerate(("Support", "Operations")):
        client = signed_in(member(f"staff{number}@platform.test", group))
        page = f"/tenants/tenant/{globex.pk}/erase/"
        assert client.post(page, {"typed": "globex"}).status_code == 403
    with public_context():
        assert Tenant.objects.get(pk=globex.pk).status == "active"


def test_the_pages_offer_nobody_what_they_may_not_do(globex: Tenant) -> None:
    shown = client_of_group("Support").get(f"/tenants/tenant/{globex.pk}/change/").content.decode()
    for words in ("Suspend", "Delete", "Change the plan", "Add a domain", "Rename"):
        assert words not in shown, words


def test_the_platform_keeps_a_superuser(db: None) -> None:
    client = client_of_group(superuser=True)
    with public_context():
        ada = StaffUser.objects.get()
    form: dict[str, Any] = {"email": ada.email, "name": "Ada", "is_active": "on"}
    answer = client.post(f"/tenants/staffuser/{ada.pk}/change/", form)
    assert "at least one active superuser" in answer.content.decode()
    with public_context():
        assert StaffUser.objects.get().is_superuser


def test_a_superuser_adds_somebody_to_the_staff(db: None) -> None:
    client = client_of_group(superuser=True)
    with public_context():
        group = Group.objects.get(name="Support")
    form = {
        "email": "grace@platform.test",
        "name": "Grace",
        "usable_password": "true",
        "password1": "correct-horse-battery",
        "password2": "correct-horse-battery",
        "groups": str(group.pk),
    }
    answer = client.post("/tenants/staffuser/add/", form)
    assert answer.status_code == 302, answer.context["errors"]
    with public_context():
        grace = StaffUser.objects.get(email="grace@platform.test")
        assert (grace.is_staff, grace.is_superuser) == (True, False)
        assert [row.name for row in grace.groups.all()] == ["Support"]


def test_the_groups_are_made_once_and_keep_what_superusers_changed(db: None) -> None:
    with public_context():
        group = Group.objects.get(name="Support")
        taken = Permission.objects.get(codename="view_announcement")
        added = Permission.objects.get(codename="view_planlimits")
        group.permissions.set([added])
        assert ensure_staff_groups() == 0
        assert added in group.permissions.all()
        group.permissions.add(taken)
        assert ensure_staff_groups() == 0


def test_no_tenant_model_can_be_registered(db: None) -> None:
    class Sneaky(ModelAdmin):  # type: ignore[misc]  # django-unfold has no types
        __module__ = "tenants.admin.sneaky"

    with pytest.raises(ImproperlyConfigured, match=r"accounts\.User"):
        admin.site.register(User, Sneaky)


def test_only_our_own_screens_are_there(db: None) -> None:
    apps = {model._meta.app_label for model in admin.site._registry}
    assert apps == {"tenants", "auth"}


def test_a_switch_page_saves_only_what_was_changed_on_it(globex: Tenant) -> None:
    client = client_of_group("Operations")
    with public_context():
        history = FeatureSwitch.objects.get(name="history")
        budgets = FeatureSwitch.objects.get(name="budgets")
        FeatureSwitch.objects.filter(pk=budgets.pk).update(active=False)  # meanwhile, by another
    form = {
        f"shown-{history.pk}": "1011",
        f"{history.pk}-active": "on",
        f"{history.pk}-enterprise": "on",
        f"shown-{budgets.pk}": "1011",
        f"{budgets.pk}-active": "on",
        f"{budgets.pk}-saas": "on",
        f"{budgets.pk}-enterprise": "on",
    }
    assert client.post("/tenants/featureswitch/", form).status_code == 302
    with public_context():
        history.refresh_from_db()
        budgets.refresh_from_db()
    assert (history.active, history.saas, history.enterprise) == (True, False, True)
    assert not budgets.active


def test_an_override_names_who_made_it_and_why_and_is_removed_with_a_reason(
    globex: Tenant,
) -> None:
    client = client_of_group("Operations")
    form = {"tenant": str(globex.pk), "feature": "reporting", "is_open": "1", "days": "30"}
    add = "/tenants/featureoverride/add/"
    assert client.post(add, {**form, "reason": ""}).status_code == 422
    assert client.post(add, {**form, "reason": "Pilot"}).status_code == 302
    with public_context():
        row = FeatureOverride.objects.get()
        assert (row.reason, row.actor, row.is_open) == ("Pilot", StaffUser.objects.get(), True)
        assert row.expires_at is not None
    remove = f"/tenants/featureoverride/{row.pk}/remove/"
    assert client.post(remove, {"reason": ""}).status_code == 422
    assert client.post(remove, {"reason": "Pilot is over"}).status_code == 302
    with public_context():
        assert not FeatureOverride.objects.exists()


def test_limits_of_a_plan_are_changed_and_no_plan_is_added(globex: Tenant) -> None:
    client = client_of_group("Operations")
    shown = client.get("/tenants/planlimits/1/change/")
    assert shown.status_code == 200
    assert client.get("/tenants/planlimits/add/").status_code == 403
    answer = client.post("/tenants/planlimits/1/change/", {"clusters": "7", "retention_days": "20"})
    assert answer.status_code == 302, answer.context["errors"]
