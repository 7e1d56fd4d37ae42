"""A provider, a workspace that trusts it, and a browser that goes there and back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from costinsights.accounts.models import IdentityProvider
from tenants.models import Tenant
from tests.fakes.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider


@pytest.fixture
def openid() -> Iterator[OpenIdProvider]:
    with OpenIdProvider() as running:
        yield running


@pytest.fixture
def provider(acme: Tenant, openid: OpenIdProvider) -> IdentityProvider:
    """The provider as acme knows it."""
    return make_provider(openid)


def make_provider(openid: OpenIdProvider, **values: Any) -> IdentityProvider:
    values = {"name": "Keycloak", "slug": "keycloak", "client_id": CLIENT_ID, **values}
    row = IdentityProvider.objects.create(issuer=openid.issuer, **values)
    row.seal_client_secret(CLIENT_SECRET)
    row.save()
    return row


@dataclass
class Journey:
    """A browser's way to the provider and back."""

    browser: Client
    openid: OpenIdProvider
    slug: str = "keycloak"

    def leave(self, next_path: str = "") -> str:
        """Click the button; the provider's address we are sent to."""
        query = {"next": next_path} if next_path else {}
        answer = self.browser.get(f"/sign-in/sso/{self.slug}/", query)
        assert answer.status_code == 302, answer.content.decode()
        return str(answer["Location"])

    def back(self, address: str) -> Any:
        """Follow the provider's redirect to us."""
        parts = urlsplit(address)
        return self.browser.get(parts.path, parse_qs(parts.query))

    def go(self, next_path: str = "") -> Any:
        """There, agree, and back."""
        return self.back(self.openid.authorize(self.leave(next_path)))


@pytest.fixture
def journey(browser: Client, openid: OpenIdProvider, provider: IdentityProvider) -> Journey:
    return Journey(browser, openid)


def reason_of(answer: Any) -> str:
    """The reason that a refusal's page names."""
    return str(answer.context["refused"].reason)
