"""Passwords for owners only: refused on the server, everywhere, for everybody else."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from costinsights.accounts import passwords
from costinsights.accounts.models import IdentityProvider, Role, TenantSession, User, Workspace
from tenants.models import Tenant
from tests.accounts.people import is_signed_in, sign_in, without_csrf_token
from tests.accounts.sso.conftest import Journey
from tests.factories.accounts import PASSWORD, UserFactory, token_of


@pytest.fixture
def bob(acme: Tenant) -> User:
    """An admin of acme."""
    return UserFactory.create(email="bob@people.test", role=Role.ADMIN)


@pytest.fixture
def owners_only(provider: IdentityProvider) -> None:
    Workspace.objects.create(password_sign_in=False)


def choose(client: Client, allowed: str) -> Any:
    return client.post("/settings/sso/passwords/", {"allowed": allowed})


def test_taking_passwords_away_signs_everybody_below_owner_out(
    ada: User, bob: User, provider: IdentityProvider, browser: Client, client_of: Any, acme: Tenant
) -> None:
    sign_in(browser, ada)
    elsewhere = client_of(acme)
    sign_in(elsewhere, bob)
    choose(browser, "no")
    assert not Workspace.load().password_sign_in
    assert (is_signed_in(browser), is_signed_in(elsewhere)) == (True, False)
    assert elsewhere.get("/api/v1/me").status_code == 401


def test_a_token_lives_on(
    ada: User, bob: User, provider: IdentityProvider, browser: Client
) -> None:
    text = token_of(bob)
    sign_in(browser, ada)
    choose(browser, "no")
    answer = browser.get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {text}")
    assert answer.json()["email"] == bob.email


def test_without_a_provider_passwords_stay(ada: User, browser: Client) -> None:
    sign_in(browser, ada)
    choose(browser, "no")
    assert Workspace.load().password_sign_in


@pytest.mark.parametrize("allowed", ["", "maybe"])
def test_a_choice_must_be_made(
    ada: User, provider: IdentityProvider, browser: Client, allowed: str
) -> None:
    sign_in(browser, ada)
    assert choose(browser, allowed).status_code == 400
    assert Workspace.load().password_sign_in


def test_the_last_way_in_is_not_disabled(
    ada: User, owners_only: None, provider: IdentityProvider, browser: Client
) -> None:
    sign_in(browser, ada)
    form = {"name": "K", "issuer": provider.issuer, "client_id": "x", "client_kind": "confidential"}
    answer = browser.post(f"/settings/sso/{provider.pk}/", form)
    assert "only way in" in answer.content.decode()
    assert IdentityProvider.objects.get().is_active


def test_the_right_password_of_others_reads_like_a_wrong_one(
    bob: User, owners_only: None, browser: Client
) -> None:
    bodies = {
        without_csrf_token(sign_in(browser, bob, **given).content)
        for given in ({}, {"password": "wrong-wrong-wrong"})
    }
    assert len(bodies) == 1
    assert not TenantSession.objects.filter(user=bob).exists()


def test_an_owner_still_comes_in(ada: User, owners_only: None, browser: Client) -> None:
    assert sign_in(browser, ada).status_code == 302


def test_the_form_is_behind_a_link(owners_only: None, browser: Client) -> None:
    page = browser.get("/sign-in/").content.decode()
    assert 'name="password"' not in page
    assert "Owners: sign in with a password" in page
    assert 'name="password"' in browser.get("/sign-in/?password=1").content.decode()


def test_others_get_no_reset_and_an_old_link_is_void(
    bob: User, provider: IdentityProvider, browser: Client
) -> None:
    link = passwords.reset_link(bob)
    Workspace.objects.create(password_sign_in=False)
    assert not passwords.send_password_reset(email=bob.email, minutes_valid=60)
    assert mail.outbox == []
    assert browser.get(link.removeprefix("http://acme.localhost")).status_code == 410


def test_an_owner_may_reset(ada: User, owners_only: None) -> None:
    assert passwords.send_password_reset(email=ada.email, minutes_valid=60)


def test_others_come_in_through_the_provider(
    bob: User, owners_only: None, journey: Journey
) -> None:
    journey.openid.person["email"] = bob.email
    assert journey.go().status_code == 302
    assert is_signed_in(journey.browser)


def test_letting_everybody_back_ends_no_session(
    ada: User, owners_only: None, browser: Client
) -> None:
    sign_in(browser, ada)
    choose(browser, "yes")
    assert Workspace.load().password_sign_in
    assert is_signed_in(browser)


def test_others_have_no_password_to_change(bob: User, owners_only: None, journey: Journey) -> None:
    journey.openid.person["email"] = bob.email
    journey.go()
    page = journey.browser.get("/settings/profile/").content.decode()
    assert "You come in through an identity provider" in page
    form = {"current": PASSWORD, "password": "another-long-password", "repeated": "x"}
    assert journey.browser.post("/settings/profile/password/", form).status_code == 403


def test_whoever_has_no_password_is_told_how_to_get_one(
    provider: IdentityProvider, journey: Journey
) -> None:
    IdentityProvider.objects.update(
        creates_members=True, allowed_email_domains=["people.test"], default_role="viewer"
    )
    journey.go()
    page = journey.browser.get("/settings/profile/").content.decode()
    assert "have no password" in page
