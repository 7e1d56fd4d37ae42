"""The first steps: each read from what is stored."""

import datetime as dt

from django.test import Client
from django.utils import timezone

from costinsights.accounts.invitations import invite
from costinsights.accounts.models import Role, User
from tenants.models import Tenant
from tests.factories.accounts import UserFactory, token_of
from tests.factories.costs import ClusterFactory
from tests.workspace.browsers import browser_of

API = "/api/v1/workspace/checklist"


def done(client: Client) -> set[str]:
    return {step["key"] for step in client.get(API).json()["steps"] if step["done"]}


def test_a_new_workspace_has_everything_before_it(acme: Tenant) -> None:
    owner = browser_of(acme, Role.OWNER)
    assert done(owner) == set()
    assert "0 of 5 done" in owner.get("/").content.decode()


def test_a_connected_cluster_and_one_that_answers_are_two_steps(acme: Tenant) -> None:
    owner = browser_of(acme, Role.OWNER)
    cluster = ClusterFactory.create()
    assert done(owner) == {"connect_cluster"}
    cluster.note_ok(timezone.now())
    assert done(owner) == {"connect_cluster", "cluster_answers"}
    cluster.note_error(timezone.now(), code="x", message="down")
    assert done(owner) == {"connect_cluster"}


def test_sample_data_is_no_step(acme: Tenant) -> None:
    owner = browser_of(acme, Role.OWNER)
    owner.post("/sample-data/")
    assert done(owner) == set()
    assert owner.get(API).json()["sample_data"] is True


def test_saved_settings_an_invitation_and_a_token_are_steps(acme: Tenant) -> None:
    owner = browser_of(acme, Role.OWNER)
    user = User.objects.get()
    owner.patch(
        "/api/v1/workspace/", {"reporting_currency": "USD"}, content_type="application/json"
    )
    invite(by=user, email="new@acme.test", role=Role.VIEWER, at=timezone.now())
    token_of(user)
    assert done(owner) == {"settings", "invite", "api_token"}


def test_an_expired_token_and_a_deactivated_colleague_undo_their_steps(acme: Tenant) -> None:
    owner = browser_of(acme, Role.OWNER)
    colleague = UserFactory.create()
    token_of(colleague, at=timezone.now() - dt.timedelta(days=9), lifetime=dt.timedelta(days=1))
    assert done(owner) == {"invite"}
    User.objects.filter(pk=colleague.pk).update(is_active=False)
    assert done(owner) == set()


def test_hiding_takes_the_list_away_for_all_and_showing_brings_it_back(acme: Tenant) -> None:
    owner, admin = browser_of(acme, Role.OWNER), browser_of(acme)
    owner.post("/first-steps/hide/")
    assert "First steps" not in admin.get("/").content.decode()
    assert "Show it again" in admin.get("/settings/workspace/").content.decode()
    admin.post("/first-steps/hide/", {"show": "1"})
    assert "First steps" in owner.get("/").content.decode()


def test_by_api_admins_hide_it_and_viewers_read_it(acme: Tenant) -> None:
    admin, viewer = browser_of(acme), browser_of(acme, Role.VIEWER)
    assert viewer.get(API).status_code == 200
    for browser, status in ((viewer, 403), (admin, 200)):
        answer = browser.patch(API, {"hidden": True}, content_type="application/json")
        assert answer.status_code == status
    assert admin.get(API).json()["hidden"] is True
    assert admin.patch(API, {}, content_type="application/json").status_code == 400


def test_a_viewer_has_no_list_and_no_button_for_sample_data(acme: Tenant) -> None:
    page = browser_of(acme, Role.VIEWER).get("/").content.decode()
    assert "First steps" not in page
    assert "Load sample data" not in page
    assert "Ask an owner or admin" in page
