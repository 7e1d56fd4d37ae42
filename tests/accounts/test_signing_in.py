"""The sign-in page through HTTP."""

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from costinsights.accounts.backends import TenantBackend
from costinsights.accounts.models import TenantSession, User
from costinsights.core.tenancy import public_context
from tests.accounts.people import is_signed_in, sign_in, without_csrf_token
from tests.factories.accounts import PASSWORD, UserFactory


def test_the_right_password_leads_to_the_start_page(ada: User, browser: Client) -> None:
    answer = sign_in(browser, ada)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_signed_in(browser)


@pytest.mark.parametrize("typed", ["ADA@PEOPLE.TEST", " ada@people.test ", "Ada@People.Test"])
def test_the_address_is_taken_in_any_case(ada: User, browser: Client, typed: str) -> None:
    assert sign_in(browser, typed).status_code == 302


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@people.test", "wrong-password-wrong"),
        ("ada@people.test", PASSWORD + " "),
        ("ada@people.test", PASSWORD.upper()),
        ("nobody@people.test", PASSWORD),
        ("ada@people.test.evil.example", PASSWORD),
        ("ada@people.test", "x" * 4096),
    ],
)
def test_every_wrong_sign_in_reads_the_same(
    ada: User, browser: Client, email: str, password: str
) -> None:
    answer = sign_in(browser, email, password)
    assert answer.status_code == 422
    assert "The e-mail address or the password is wrong." in answer.content.decode()
    assert not is_signed_in(browser)


def test_known_unknown_and_deactivated_give_the_same_bytes(ada: User, browser: Client) -> None:
    UserFactory.create(email="eve@people.test", is_active=False)
    bodies = set()
    for name, password in (("ada", "wrong-wrong-wrong"), ("bob", PASSWORD), ("eve", PASSWORD)):
        body = sign_in(browser, f"{name}@people.test", password).content
        bodies.add(without_csrf_token(body).replace(f"{name}@people.test", "…"))
    assert len(bodies) == 1


@pytest.mark.parametrize("email", ["ada@people.test", "nobody@people.test"])
def test_a_refusal_costs_one_password_hash(
    ada: User, browser: Client, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counting(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    sign_in(browser, email, "wrong-wrong-wrong")
    assert hashed == ["wrong-wrong-wrong"]


def test_a_form_with_holes_is_refused_without_counting_a_failure(browser: Client) -> None:
    for form in ({}, {"email": "ada@people.test"}, {"email": "a\0b@people.test", "password": "x"}):
        assert browser.post("/sign-in/", form).status_code == 422


def test_signing_in_gives_the_session_a_new_key_and_ends_the_old_one(
    ada: User, browser: Client
) -> None:
    browser.get("/sign-in/")  # the CSRF token opens a session
    before = browser.cookies["session"].value
    sign_in(browser, ada)
    after = browser.cookies["session"].value
    assert after != before
    assert list(TenantSession.objects.values_list("session_key", flat=True)) == [after]


def test_a_planted_session_key_is_never_adopted(ada: User, browser: Client) -> None:
    browser.cookies["session"] = "planted0planted0planted0planted0"
    sign_in(browser, ada)
    assert browser.cookies["session"].value != "planted0planted0planted0planted0"


def test_the_cookie_is_for_this_host_only_and_out_of_reach_of_scripts(
    ada: User, browser: Client
) -> None:
    cookie = sign_in(browser, ada).cookies["session"]
    assert (cookie["domain"], cookie["path"]) == ("", "/")
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_the_session_says_who_opened_it_from_where(ada: User, browser: Client) -> None:
    sign_in(browser, ada, HTTP_USER_AGENT="Firefox " * 99, REMOTE_ADDR="192.0.2.7")
    row = TenantSession.objects.get()
    assert (row.user, row.ip_address, len(row.user_agent)) == (ada, "192.0.2.7", 255)


def test_a_page_for_members_sends_a_visitor_to_sign_in_and_back(ada: User, browser: Client) -> None:
    answer = browser.get("/settings/tokens/?page=2")
    assert answer["Location"] == "/sign-in/?next=/settings/tokens/%3Fpage%3D2"
    assert sign_in(browser, ada, goes_to="/settings/tokens/?page=2")["Location"] == (
        "/settings/tokens/?page=2"
    )


def test_htmx_is_told_to_leave_the_page(browser: Client) -> None:
    answer = browser.get("/settings/tokens/", HTTP_HX_REQUEST="true")
    assert answer["HX-Redirect"] == "/sign-in/"


def test_somebody_signed_in_skips_the_form(ada: User, browser: Client) -> None:
    sign_in(browser, ada)
    assert browser.get("/sign-in/?next=/settings/tokens/")["Location"] == "/settings/tokens/"


def test_signing_out_ends_the_session_in_the_database(ada: User, browser: Client) -> None:
    sign_in(browser, ada)
    key = browser.cookies["session"].value
    assert browser.post("/sign-out/")["Location"] == "/sign-in/"
    browser.cookies["session"] = key
    assert not is_signed_in(browser)
    assert not TenantSession.objects.filter(session_key=key).exists()


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options"])
def test_only_a_post_signs_out(ada: User, browser: Client, method: str) -> None:
    sign_in(browser, ada)
    assert getattr(browser, method)("/sign-out/").status_code == 405
    assert is_signed_in(browser)


@pytest.mark.parametrize("path", ["/sign-in/", "/sign-out/", "/password/forgot/"])
def test_a_form_without_its_csrf_token_is_refused(acme: Any, client_of: Any, path: str) -> None:
    browser = client_of(acme, enforce_csrf_checks=True)
    assert browser.post(path, {"email": "ada@people.test", "password": "x"}).status_code == 403


def test_the_platforms_own_host_knows_no_members(ada: User) -> None:
    with public_context():
        backend = TenantBackend()
        assert backend.authenticate(None, username=ada.email, password=PASSWORD) is None
        assert backend.get_user(ada.pk) is None
