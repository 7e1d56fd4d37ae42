"""Members through the door: what admins and owners change, and that it counts from the next request."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from costinsights.accounts import members
from costinsights.accounts.models import (
    AuditEntry,
    Role,
    Scope,
    SecondFactorPolicy,
    TotpDevice,
    User,
    Workspace,
)
from costinsights.core import limits
from costinsights.core.errors import Conflict, NotAllowed
from tenants.models import Tenant
from tests.accounts.codes import with_app
from tests.accounts.people import is_signed_in, sign_in
from tests.factories.accounts import UserFactory, token_of


@pytest.fixture
def owner(browser: Client, ada: User) -> Client:
    """Ada's browser."""
    sign_in(browser, ada)
    return browser


@pytest.fixture
def grace(acme: Tenant) -> User:
    return UserFactory.create(email="grace@people.test", name="Grace", role=Role.ADMIN)


@pytest.fixture
def graces(acme: Tenant, grace: User, client_of: Any) -> Client:
    """Grace's browser, with an API token in the environment of its programs."""
    client: Client = client_of(acme)
    sign_in(client, grace)
    return client


def api(client: Client, method: str, path: str, body: Any = None) -> Any:
    send = getattr(client, method)
    return send(f"/api/v1{path}", body, content_type="application/json")


def status_with(client: Client, text: str, path: str = "/api/v1/members/") -> int:
    return int(client.get(path, headers={"Authorization": f"Bearer {text}"}).status_code)


def test_the_page_names_everybody_and_what_they_see(owner: Client, grace: User) -> None:
    UserFactory.create(email="l@people.test", role=Role.VIEWER, scope_namespaces=["shop"])
    UserFactory.create(email="gone@people.test", is_active=False)
    page = owner.get("/settings/members/").content.decode()
    for words in ("Grace", "l@people.test", "<code>shop</code>", "Deactivated", "4", "everything"):
        assert words in page


def test_a_lower_role_counts_from_the_next_request(
    owner: Client, grace: User, graces: Client, client_of: Any, acme: Tenant
) -> None:
    text, program = token_of(grace, *Scope), client_of(acme)
    assert status_with(program, text) == 200
    answer = owner.post(f"/settings/members/{grace.pk}/", {"role": "viewer"})
    assert answer.status_code == 302
    assert not is_signed_in(graces)
    assert status_with(program, text) == 403
    sign_in(graces, grace)
    assert graces.get("/settings/members/").status_code == 403


def test_deactivating_counts_from_the_next_request_and_reactivating_too(
    owner: Client, grace: User, graces: Client, client_of: Any, acme: Tenant
) -> None:
    text, program = token_of(grace, *Scope), client_of(acme)
    owner.post(f"/settings/members/{grace.pk}/deactivate/")
    assert not is_signed_in(graces)
    assert status_with(program, text) == 401
    assert sign_in(graces, grace).status_code == 422
    owner.post(f"/settings/members/{grace.pk}/reactivate/")
    assert status_with(program, text) == 200
    assert sign_in(graces, grace).status_code == 302


def test_signing_a_member_out_ends_their_browsers_and_no_token(
    owner: Client, grace: User, graces: Client, client_of: Any, acme: Tenant
) -> None:
    text = token_of(grace, *Scope)
    assert api(owner, "delete", f"/members/{grace.pk}/sessions/").status_code == 204
    assert not is_signed_in(graces)
    assert status_with(client_of(acme), text) == 200


def test_limits_are_saved_shown_and_taken_away(owner: Client, acme: Tenant) -> None:
    subject = UserFactory.create(role=Role.VIEWER)
    form = {"role": "viewer", "scope_namespaces": "shop\nweb shop", "scope_labels": "team=core"}
    owner.post(f"/settings/members/{subject.pk}/", form)
    subject.refresh_from_db()
    assert (subject.scope_namespaces, subject.scope_labels) == (["shop", "web"], ["team=core"])
    assert "shop\nweb" in owner.get(f"/settings/members/{subject.pk}/").content.decode()
    answer = api(owner, "patch", f"/members/{subject.pk}/", {"scope_namespaces": []})
    assert (answer.json()["scope_namespaces"], answer.json()["scope_labels"]) == ([], ["team=core"])


def test_a_role_that_sees_everything_loses_its_limits(owner: Client, acme: Tenant) -> None:
    subject = UserFactory.create(role=Role.VIEWER, scope_namespaces=["shop"])
    answer = api(owner, "patch", f"/members/{subject.pk}/", {"role": "admin"})
    assert (answer.status_code, answer.json()["scope_namespaces"]) == (200, [])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scope_namespaces": ["Shop"]}, "scope_namespaces"),
        ({"scope_namespaces": ["__unmounted__"]}, "scope_namespaces"),
        ({"scope_namespaces": ['a"|namespace:"b']}, "scope_namespaces"),
        ({"scope_labels": ["team"]}, "scope_labels"),
        ({"scope_labels": ["team="]}, "scope_labels"),
        ({"scope_labels": ["team=__unallocated__"]}, "scope_labels"),
        ({"role": "owner", "scope_labels": ["a=b"]}, "scope_labels"),
    ],
)
def test_a_limit_that_would_let_too_much_through_is_refused(
    owner: Client, acme: Tenant, body: dict[str, Any], field: str
) -> None:
    subject = UserFactory.create(role=Role.VIEWER, scope_namespaces=["shop"])
    answer = api(owner, "patch", f"/members/{subject.pk}/", body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    subject.refresh_from_db()
    assert (subject.role, subject.scope_namespaces) == ("viewer", ["shop"])


def test_a_form_that_is_refused_keeps_what_was_typed(owner: Client, grace: User) -> None:
    form = {"role": "viewer", "scope_namespaces": "UPPER"}
    answer = owner.post(f"/settings/members/{grace.pk}/", form)
    assert answer.status_code == 422
    assert "UPPER" in answer.content.decode()


def test_the_last_owner_stays(owner: Client, ada: User, grace: User) -> None:
    with pytest.raises(Conflict):
        members.change_member(by=ada, member=ada, role=Role.ADMIN)
    with pytest.raises(Conflict, match="yourself"):
        members.deactivate(by=ada, member=ada)
    other = UserFactory.create(role=Role.OWNER)
    members.change_member(by=ada, member=ada, role=Role.ADMIN)
    with pytest.raises(Conflict, match="at least one owner"):
        members.change_member(by=other, member=other, role=Role.VIEWER)


@pytest.mark.parametrize("act", ["change", "deactivate", "sign_out", "reset", "raise"])
def test_an_admin_cannot_touch_an_owner_nor_make_one(ada: User, grace: User, act: str) -> None:
    subject = UserFactory.create(role=Role.OWNER)
    someone = UserFactory.create()
    acts: dict[str, Any] = {
        "change": lambda: members.change_member(by=grace, member=subject, role=Role.VIEWER),
        "deactivate": lambda: members.deactivate(by=grace, member=subject),
        "sign_out": lambda: members.sign_out(by=grace, member=subject),
        "reset": lambda: members.reset_second_factor(by=grace, member=subject),
        "raise": lambda: members.change_member(by=grace, member=someone, role=Role.OWNER),
    }
    with pytest.raises(NotAllowed):
        acts[act]()


def test_a_lowered_token_of_an_owner_is_no_owner(
    owner: Client, ada: User, grace: User, client_of: Any, acme: Tenant
) -> None:
    ada.role_ceiling = Role.ADMIN
    with pytest.raises(NotAllowed):
        members.change_member(by=ada, member=grace, role=Role.OWNER)


def test_a_member_who_is_made_owner_meanwhile_is_out_of_an_admins_reach(
    ada: User, grace: User
) -> None:
    seen_before = UserFactory.create()
    User.objects.filter(pk=seen_before.pk).update(role=Role.OWNER)
    with pytest.raises(NotAllowed):
        members.deactivate(by=grace, member=seen_before)


def test_resetting_a_lost_second_factor_signs_out_and_tells(
    owner: Client,
    grace: User,
    graces: Client,
    jobs_run_at_once: None,
    django_capture_on_commit_callbacks: Any,
) -> None:
    from django.utils import timezone

    with_app(grace, at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        owner.post(f"/settings/members/{grace.pk}/second-factor/reset/")
    assert not TotpDevice.objects.exists()
    assert not is_signed_in(graces)
    assert mail.outbox[0].to == [grace.email]


def test_the_policy_is_the_owners_choice(owner: Client, graces: Client) -> None:
    assert (
        graces.post("/settings/members/second-factor/", {"policy": "everybody"}).status_code == 403
    )
    owner.post("/settings/members/second-factor/", {"policy": "admins"})
    assert Workspace.load().second_factor_policy == SecondFactorPolicy.ADMINS
    answer = api(owner, "put", "/members/second-factor-policy/", {"policy": "nobody"})
    assert answer.status_code == 403  # Ada must have one herself now


def test_a_full_plan_lets_nobody_back_in(
    owner: Client, ada: User, grace: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def limit_of(self, kind: str) -> int:
            return 1

        def require_room(self, kind: str, used: Any) -> None:
            raise Conflict("The plan has no room.")

    members.deactivate(by=ada, member=grace)
    monkeypatch.setattr(limits, "_sources", [Full()])
    with pytest.raises(Conflict):
        members.reactivate(by=ada, member=grace)
    assert "1 of 1 active" in owner.get("/settings/members/").content.decode()


def test_the_api_lists_members_page_by_page(owner: Client, acme: Tenant) -> None:
    UserFactory.create_batch(3)
    first = api(owner, "get", "/members/?page_size=2").json()
    second = owner.get(first["next"]).json()
    emails = [row["email"] for row in first["results"] + second["results"]]
    assert len(set(emails)) == 4
    assert {"password", "is_superuser"}.isdisjoint(first["results"][0])


@pytest.mark.parametrize("path", ["/members/999999/", "/members/99999999999999999999/"])
def test_an_unknown_member_is_not_found(owner: Client, path: str) -> None:
    assert api(owner, "get", path).status_code == 404
    assert owner.get(f"/settings{path}").status_code == 404


def test_fields_nobody_may_set_are_ignored(owner: Client, ada: User, grace: User) -> None:
    body = {"id": ada.pk, "email": "x@y.test", "password": "x", "is_staff": True, "name": "X"}
    api(owner, "patch", f"/members/{grace.pk}/", body)
    before, after = grace, User.objects.get(pk=grace.pk)
    assert (after.email, after.password, after.name) == (before.email, before.password, before.name)


def test_the_approver_right_is_given_and_taken_on_the_page_and_by_programs(
    owner: Client, grace: User
) -> None:
    page, form = f"/settings/members/{grace.pk}/", {"role": "admin"}
    assert owner.post(page, {**form, "approves_statements": "on"}).status_code == 302
    grace.refresh_from_db()
    assert grace.approves_statements
    assert "checked" in owner.get(page).content.decode()
    answer = api(owner, "patch", f"/members/{grace.pk}/", {"approves_statements": False})
    assert answer.json()["approves_statements"] is False
    assert api(owner, "patch", f"/members/{grace.pk}/", {"role": "viewer"}).status_code == 200
    grace.refresh_from_db()
    assert not grace.approves_statements
    told = AuditEntry.objects.filter(action="row.updated", object_type="accounts_user")
    given = [entry.after.get("approves_statements") for entry in told.order_by("pk")]
    assert [one for one in given if one is not None] == [True, False]
