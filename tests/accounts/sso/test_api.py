"""Identity providers through the API: admins read, owners change them in a browser, tokens never."""

from typing import Any

import pytest
from django.test import Client

from costinsights.accounts.models import IdentityProvider, Role, Scope, User, Workspace
from tests.accounts.people import sign_in
from tests.factories.accounts import UserFactory, token_of
from tests.fakes.openid_provider import CLIENT_SECRET, OpenIdProvider

LIST = "/api/v1/identity-providers/"
NEW = {
    "name": "Acme Login",
    "issuer": "http://127.0.0.1:9/realms/acme",
    "client_id": "cost-insights",
    "client_secret": "first-secret",
}
JSON = "application/json"


@pytest.fixture
def owner(ada: User, browser: Client) -> Client:
    sign_in(browser, ada)
    return browser


def test_an_owner_adds_changes_and_removes(owner: Client) -> None:
    made = owner.post(LIST, NEW, content_type=JSON)
    assert made.status_code == 201
    one = f"{LIST}{made.json()['id']}/"
    changed = owner.patch(one, {"is_active": False, "extra_scopes": ["groups"]}, content_type=JSON)
    assert (changed.json()["is_active"], changed.json()["extra_scopes"]) == (False, ["groups"])
    assert IdentityProvider.objects.get().client_secret == "first-secret"
    assert owner.delete(one).status_code == 204
    assert owner.get(LIST).json()["results"] == []


def test_the_answer_tells_the_redirect_uri_and_no_secret(owner: Client) -> None:
    made = owner.post(LIST, NEW, content_type=JSON)
    assert made.json()["redirect_uri"] == ("http://acme.localhost/sign-in/sso/acme-login/callback/")
    assert made.json()["has_client_secret"] is True
    assert "first-secret" not in made.content.decode()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {**NEW, "issuer": "nonsense"},
        {**NEW, "role_mapping": {"a": "king"}},
        {**NEW, "role_claim": "groups"},
        {**NEW, "role_mapping": {"a": "admin"}},
        {**NEW, "default_role": "owner"},
        {**NEW, "creates_members": True},
        {**NEW, "allowed_email_domains": ["@"]},
        {**NEW, "role_claim": "groups", "role_mapping": {"": "admin"}},
        {**NEW, "name": "x" * 81},
    ],
)
def test_bad_input_is_a_problem_document(owner: Client, body: dict[str, Any]) -> None:
    answer = owner.post(LIST, body, content_type=JSON)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert not IdentityProvider.objects.exists()


def test_a_taken_name_and_an_active_provider_are_conflicts(
    owner: Client, provider: IdentityProvider
) -> None:
    same = owner.post(LIST, {**NEW, "name": provider.name}, content_type=JSON)
    assert (same.status_code, owner.delete(f"{LIST}{provider.pk}/").status_code) == (409, 409)


def test_a_token_reads_and_never_changes(ada: User, browser: Client, provider: Any) -> None:
    bearer: Any = {"HTTP_AUTHORIZATION": f"Bearer {token_of(ada, Scope.READ, Scope.WRITE)}"}
    one = f"{LIST}{provider.pk}/"
    assert browser.get(one, **bearer).status_code == 200
    for answer in (
        browser.post(LIST, NEW, content_type=JSON, **bearer),
        browser.patch(one, {"name": "x"}, content_type=JSON, **bearer),
        browser.delete(one, **bearer),
        browser.put(
            "/api/v1/password-sign-in",
            {"allowed_for_everybody": False},
            content_type=JSON,
            **bearer,
        ),
    ):
        assert answer.status_code == 403


def test_admins_read_and_others_do_not(browser: Client, provider: IdentityProvider) -> None:
    sign_in(browser, UserFactory.create(role=Role.ADMIN))
    assert browser.get(LIST).status_code == 200
    assert browser.patch(f"{LIST}{provider.pk}/", {}, content_type=JSON).status_code == 403
    sign_in(browser, UserFactory.create(role=Role.ANALYST))
    assert browser.get(LIST).status_code == 403


def test_the_test_tells_the_steps(
    owner: Client, openid: OpenIdProvider, provider: IdentityProvider
) -> None:
    answer = owner.post(f"{LIST}{provider.pk}/test")
    assert answer.json()["ok"] is True
    openid.statuses["/keys"] = 500
    failed = owner.post(f"{LIST}{provider.pk}/test").json()
    assert (failed["ok"], failed["steps"][1]["code"]) == (False, "keys_failed")
    assert CLIENT_SECRET not in str(failed)


def test_who_may_use_a_password_is_read_and_set(owner: Client, provider: IdentityProvider) -> None:
    path = "/api/v1/password-sign-in"
    assert owner.get(path).json() == {"allowed_for_everybody": True}
    owner.put(path, {"allowed_for_everybody": False}, content_type=JSON)
    assert Workspace.load().password_sign_in is False
    assert owner.put(path, {}, content_type=JSON).status_code == 400


def test_there_is_no_such_provider(owner: Client) -> None:
    for path in (f"{LIST}999999/", f"{LIST}{'9' * 30}/"):
        assert owner.get(path).status_code == 404
