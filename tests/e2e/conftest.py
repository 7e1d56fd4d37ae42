"""A browser, a tenant's site with a demo OpenCost behind it, and people who sign in."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from costinsights.accounts.models import Role
from costinsights.local.demo_opencost import DemoServer
from tenants.models import Tenant
from tests.e2e.browser import Watch, running_browser
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.costs import ClusterFactory

PROD, STAGING = "prod-eu-1", "staging-us-1"
OWNER, VIEWER = "owner@acme.test", "viewer@acme.test"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser."""
    for item in items:
        if "tests/e2e/" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def page(browser: Browser, watch: Watch) -> Iterator[Page]:
    """A page at 1440 px. A script error, a breach of the content policy or a 500 fails its test."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce", accept_downloads=True
    )
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    watch.on(opened)
    yield opened
    context.close()
    assert watch.problems == []


@dataclass
class TenantSite:
    """A tenant's address on the test server."""

    tenant: Tenant
    port: int

    def url(self, path: str = "/") -> str:
        return f"http://{self.tenant.slug}.localhost:{self.port}{path}"

    def sign_in(self, page: Page, email: str = OWNER) -> None:
        page.goto(self.url("/sign-in/"))
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(self.url("/"))

    def open(self, page: Page, path: str = "/") -> None:
        """A page behind the sign-in, once the numbers are there."""
        page.goto(self.url(path))
        settled(page)


def settled(page: Page) -> None:
    """Wait until the numbers on the page are those of its address."""
    page.locator("#results[aria-busy=false]").wait_for()


@pytest.fixture
def empty_site(live_server: LiveServer, acme: Tenant) -> TenantSite:
    """The tenant acme with an owner and a viewer, and no cluster."""
    UserFactory.create(email=OWNER, role=Role.OWNER)
    UserFactory.create(email=VIEWER, role=Role.VIEWER)
    port = urlsplit(live_server.url).port
    assert port is not None
    return TenantSite(acme, port)


@pytest.fixture
def demo() -> Iterator[DemoServer]:
    """Two clusters' OpenCost; `demo.fault` makes it misbehave."""
    with DemoServer([PROD, STAGING]) as server:
        yield server


@pytest.fixture
def tenant_site(empty_site: TenantSite, demo: DemoServer) -> TenantSite:
    """The tenant acme with two clusters."""
    ClusterFactory.create(name="Production EU", slug="prod", opencost_url=demo.url(PROD))
    ClusterFactory.create(name="Staging US", slug="staging", opencost_url=demo.url(STAGING))
    return empty_site
