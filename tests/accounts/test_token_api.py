"""Listing, making and revoking one's tokens through the API and on the page."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from costinsights.accounts import token_services, tokens
from costinsights.accounts.models import ApiToken, Scope, User
from tests.accounts.people import sign_in
from tests.factories.accounts import UserFactory, token_of

JSON = "application/json"


def create(client: Client, **body: Any) -> Any:
    return client.post("/api/v1/tokens/", body, content_type=JSON)


def test_a_browser_makes_a_token_and_sees_it_once(ada: User, browser: Client) -> None:
    sign_in(browser, ada)
    answer = create(browser, name="Grafana", scopes=["write", "read"], expires_in_days=30)
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    made = answer.json()
    assert tokens.parse(made["token"]) is not None
    assert made["scopes"] == ["read", "write"]
    [listed] = browser.get("/api/v1/tokens/").json()["results"]
    assert listed == {name: value for name, value in made.items() if name != "token"}


def test_without_a_wish_it_reads_for_ninety_days(ada: User, browser: Client) -> None:
    sign_in(browser, ada)
    create(browser, name="Grafana")
    token = ApiToken.objects.get()
    assert (token.scopes, token.expires_at - token.created_at) == (["read"], dt.timedelta(days=90))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 81},
        {"name": "a\0b"},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["admin"]},
        {"name": "x", "scopes": "read"},
        {"name": "x", "scopes": ["read"] * 3},
        {"name": "x", "expires_in_days": 0},
        {"name": "x", "expires_in_days": 366},
        {"name": "x", "expires_in_days": -1},
        {"name": "x", "expires_in_days": 10**30},
        {"name": "x", "expires_in_days": "soon"},
        {"name": ["x"]},
    ],
)
def test_bad_wishes_are_refused_and_make_nothing(
    ada: User, browser: Client, body: dict[str, Any]
) -> None:
    sign_in(browser, ada)
    answer = create(browser, **body)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert ApiToken.objects.count() == 0


def test_fields_that_are_not_asked_for_change_nothing(ada: User, browser: Client) -> None:
    other = UserFactory.create()
    sign_in(browser, ada)
    create(browser, name="x", key_id="a" * 12, created_by=other.pk, secret_hash="0" * 64, id=7)
    token = ApiToken.objects.get()
    assert token.created_by == ada
    assert token.key_id != "a" * 12
    assert token.secret_hash != "0" * 64


def test_a_token_cannot_make_tokens(ada: User, browser: Client) -> None:
    text = token_of(ada, *Scope)
    answer = browser.post(
        "/api/v1/tokens/", {"name": "x"}, content_type=JSON, HTTP_AUTHORIZATION=f"Bearer {text}"
    )
    assert answer.status_code == 403
    assert ApiToken.objects.count() == 1


def test_a_session_needs_the_csrf_token_to_change_anything(
    ada: User, acme: Any, client_of: Any
) -> None:
    browser = client_of(acme, enforce_csrf_checks=True)
    browser.force_login(ada)
    assert browser.get("/api/v1/tokens/").status_code == 200
    assert create(browser, name="x").status_code == 403


def test_everybody_sees_and_revokes_only_their_own(ada: User, browser: Client) -> None:
    analyst, other = UserFactory.create(), UserFactory.create()
    theirs = token_of(other).split("_")[1]
    sign_in(browser, analyst)
    assert browser.get("/api/v1/tokens/").json()["results"] == []
    unknown = browser.delete("/api/v1/tokens/aaaaaaaaaaaa/")
    foreign = browser.delete(f"/api/v1/tokens/{theirs}/")
    assert (unknown.status_code, foreign.status_code) == (404, 404)
    assert unknown.json()["detail"] == foreign.json()["detail"]
    assert ApiToken.objects.get().revoked_at is None


def test_revoking_works_at_once_and_twice(ada: User, browser: Client) -> None:
    text = token_of(ada)
    path = f"/api/v1/tokens/{text.split('_')[1]}/"
    sign_in(browser, ada)
    assert browser.delete(path).status_code == 204
    first = ApiToken.objects.get().revoked_at
    assert browser.delete(path).status_code == 204
    assert ApiToken.objects.get().revoked_at == first
    assert browser.get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {text}").status_code == 401


def test_the_twenty_sixth_live_token_is_refused(ada: User, browser: Client) -> None:
    for _ in range(token_services.LIVE_TOKENS_MAX):
        token_of(ada)
    sign_in(browser, ada)
    assert create(browser, name="one more").status_code == 409
    ApiToken.objects.filter(pk=ApiToken.objects.first().pk).update(revoked_at=timezone.now())  # type: ignore[union-attr]  # there are 25
    assert create(browser, name="one more").status_code == 201


def test_the_page_makes_shows_and_revokes_a_token(ada: User, browser: Client) -> None:
    sign_in(browser, ada)
    answer = browser.post("/settings/tokens/", {"name": "Grafana", "access": "write", "days": "30"})
    text = answer.context["text"]
    assert (answer.status_code, text in answer.content.decode()) == (201, True)
    assert "no-store" in answer["Cache-Control"]
    page = browser.get("/settings/tokens/").content.decode()
    assert "Grafana" in page
    assert text not in page
    key_id = ApiToken.objects.get().key_id
    assert browser.post(f"/settings/tokens/{key_id}/revoke/").status_code == 302
    assert "revoked" in browser.get("/settings/tokens/").content.decode()


@pytest.mark.parametrize("form", [{}, {"name": "x", "access": "all", "days": "3650"}])
def test_the_page_refuses_what_it_did_not_offer(
    ada: User, browser: Client, form: dict[str, str]
) -> None:
    sign_in(browser, ada)
    assert browser.post("/settings/tokens/", form).status_code == 422
    assert ApiToken.objects.count() == 0


def test_the_page_revokes_nobody_elses(ada: User, browser: Client) -> None:
    key_id = token_of(UserFactory.create()).split("_")[1]
    sign_in(browser, UserFactory.create())
    assert browser.post(f"/settings/tokens/{key_id}/revoke/").status_code == 404
    assert browser.get(f"/settings/tokens/{key_id}/revoke/").status_code == 405
    assert ApiToken.objects.get().revoked_at is None
