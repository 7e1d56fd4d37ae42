"""Signing in through a provider in a browser: off this site and back, under the content policy."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from costinsights.accounts.models import IdentityProvider, Workspace
from tests.e2e.conftest import OWNER, VIEWER, TenantSite
from tests.e2e.test_every_page import check
from tests.fakes.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider


@pytest.fixture
def openid() -> Iterator[OpenIdProvider]:
    person = {"sub": "1", "email": VIEWER, "email_verified": True, "name": "Vera"}
    with OpenIdProvider(person=person) as running:
        yield running


@pytest.fixture
def site(empty_site: TenantSite, openid: OpenIdProvider, settings: Any) -> TenantSite:
    """The tenant's site with a provider that sends people back to its port."""
    settings.PUBLIC_PORT = empty_site.port
    provider = IdentityProvider.objects.create(
        name="Acme Login", slug="acme-login", issuer=openid.issuer, client_id=CLIENT_ID
    )
    provider.seal_client_secret(CLIENT_SECRET)
    provider.save()
    return empty_site


def test_a_member_clicks_the_button_and_lands_signed_in(site: TenantSite, page: Page) -> None:
    page.goto(site.url("/settings/profile/"))
    page.get_by_role("link", name="Sign in with Acme Login").click()
    page.get_by_role("link", name="Continue as Ada").click()
    page.wait_for_url(site.url("/settings/profile/"))
    expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()


def test_an_owner_connects_a_provider_and_tests_it(
    site: TenantSite, page: Page, openid: OpenIdProvider
) -> None:
    site.sign_in(page, OWNER)
    page.goto(site.url("/settings/sso/"))
    page.get_by_role("link", name="Add a provider").click()
    page.get_by_label("Name").fill("Second Login")
    page.get_by_label("Issuer").fill(openid.issuer)
    page.get_by_label("Client ID").fill(CLIENT_ID)
    page.get_by_label("Client secret").fill(CLIENT_SECRET)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#redirect-uri")).to_have_text(
        site.url("/sign-in/sso/second-login/callback/")
    )
    page.get_by_role("button", name="Test as stored").click()
    expect(page.get_by_role("heading", name="The provider answers")).to_be_visible()


def test_where_passwords_are_for_owners_the_form_is_one_click_away(
    site: TenantSite, page: Page
) -> None:
    Workspace.objects.create(password_sign_in=False)
    page.goto(site.url("/sign-in/"))
    expect(page.get_by_label("Password")).to_have_count(0)
    page.get_by_role("link", name="Owners: sign in with a password").click()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()


@pytest.mark.slow
def test_a_providers_page_is_accessible(site: TenantSite, page: Page) -> None:
    site.sign_in(page, OWNER)
    provider = IdentityProvider.objects.get()
    assert check(page, site.url(f"/settings/sso/{provider.pk}/")) == []


@pytest.mark.slow
def test_a_refusal_is_accessible(site: TenantSite, page: Page) -> None:
    assert check(page, site.url("/sign-in/sso/acme-login/callback/?state=x")) == []
