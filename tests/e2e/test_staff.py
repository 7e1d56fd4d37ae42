"""The staff site in a browser: signing in, and its main screens wide and narrow, light and dark."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from costinsights.core.tenancy import public_context
from tenants import support
from tenants.models import (
    Announcement,
    FeatureOverride,
    FeatureSwitch,
    GrantState,
    JobFailure,
    SignUp,
    StaffUser,
    SupportGrant,
    Tenant,
    TenantUsage,
)
from tests.e2e.browser import axe_violations, overflow
from tests.tenants.staff import PASSWORD, code_now, enrolled, first_code, member

PAGES = (
    "/",
    "/tenants/tenant/",
    "/tenants/tenant/{tenant}/change/",
    "/tenants/tenant/{tenant}/erase/",
    "/tenants/featureswitch/",
    "/tenants/jobfailure/",
    "/tenants/jobfailure/{failure}/change/",
    "/tenants/announcement/{announcement}/change/",
    "/tenants/platformauditentry/",
    "/tenants/staffuser/{staff}/change/",
)


@dataclass
class StaffSite:
    """The staff host on the test server, with something on every list."""

    port: int
    staff: StaffUser
    ids: dict[str, int]

    def url(self, path: str = "/") -> str:
        return f"http://admin.localhost:{self.port}{path.format(**self.ids)}"

    def sign_in(self, page: Page) -> None:
        self.password_step(page)
        page.get_by_label("Code").fill(code_now(self.staff))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(self.url("/"))

    def password_step(self, page: Page) -> None:
        page.goto(self.url("/"))
        page.get_by_label("E-mail").fill(self.staff.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Continue").click()


@pytest.fixture
def staff_site(live_server: LiveServer, acme: Tenant) -> StaffSite:
    port = urlsplit(live_server.url).port
    assert port is not None
    now = timezone.now()
    day = dt.timedelta(days=1)
    with public_context():
        staff = enrolled(member("root@platform.test", superuser=True))
        failure = JobFailure.objects.create(
            tenant=acme,
            task="costs.refresh_current",
            job_id="0a1b",
            kwargs={"cluster_id": 3},
            error="OpenCostUnavailable",
            message="The OpenCost does not answer.",
        )
        announcement = Announcement.objects.create(
            title="Maintenance on Sunday", text="From 06:00 to 06:30 UTC.", level="warning"
        )
        FeatureOverride.objects.create(
            switch=FeatureSwitch.objects.get(name="reporting"),
            tenant=acme,
            reason="Pilot",
            actor=staff,
            expires_at=now + day,
        )
        TenantUsage.objects.create(
            tenant=acme,
            day=now.date(),
            clusters=3,
            clusters_failing=1,
            workloads=1200,
            members=4,
            storage_bytes=88_000_000,
            last_data_at=now - day / 24,
        )
        SignUp.objects.create(
            email="new@initech.test",
            workspace_name="Initech",
            slug="initech",
            secret_hash="0" * 64,
            expires_at=now + day,
        )
        SupportGrant.objects.create(
            tenant=acme,
            staff=staff,
            reason="Ticket 4711: totals differ",
            state=GrantState.APPROVED,
            expires_at=now + day / 24,
            decided_by="owner@acme.test",
        )
    ids = {
        "tenant": acme.pk,
        "failure": failure.pk,
        "announcement": announcement.pk,
        "staff": staff.pk,
    }
    return StaffSite(port, staff, ids)


def check(page: Page, url: str) -> list[str]:
    """What is wrong with a page at each width and theme."""
    problems = []
    for width, theme in ((1440, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(
            color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce"
        )
        page.goto(url)
        page.wait_for_load_state("networkidle")
        problems += [f"{width} {theme} {line}" for line in axe_violations(page)]
        if wider := overflow(page):
            problems.append(f"{width} {theme} wider than the window by {wider} px")
    return problems


@pytest.mark.slow
def test_the_main_screens_of_the_staff_site_are_accessible(
    staff_site: StaffSite, page: Page
) -> None:
    staff_site.sign_in(page)
    found = {path: check(page, staff_site.url(path)) for path in PAGES}
    assert {path: problems for path, problems in found.items() if problems} == {}


def test_somebody_new_enrols_an_authenticator_app(staff_site: StaffSite, page: Page) -> None:
    staff_site.staff = member("new@platform.test")
    staff_site.password_step(page)
    assert axe_violations(page) == []
    page.get_by_label("Code", exact=True).fill(
        first_code(page.locator("#totp-secret").inner_text())
    )
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("list", name="Recovery codes").get_by_role("listitem")).to_have_count(
        10
    )
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_rows_are_ticked_and_retried(staff_site: StaffSite, page: Page) -> None:
    staff_site.sign_in(page)
    page.goto(staff_site.url("/tenants/jobfailure/"))
    page.locator("tbody .action-select").first.check()
    page.locator("select[name=action]").select_option(label="Dismiss")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("Dismissed: 1 of 1.")).to_be_visible()


def test_staff_look_into_a_tenant_and_leave_again(
    staff_site: StaffSite, page: Page, acme: Tenant, settings: Any
) -> None:
    settings.PUBLIC_PORT = staff_site.port
    with public_context():
        SupportGrant.objects.all().delete()
    grant = support.ask(tenant=acme, staff=staff_site.staff, reason="Idle is missing", minutes=30)
    support.decide(tenant=acme, pk=grant.pk, approve=True, by="owner", at=timezone.now())
    staff_site.sign_in(page)
    page.goto(staff_site.url("/tenants/tenant/{tenant}/change/"))
    page.get_by_role("button", name="Look in").click()
    page.get_by_role("link", name="Go on to Acme").click()
    expect(page.get_by_text("You are looking into Acme as support.")).to_be_visible()
    assert page.url == f"http://acme.localhost:{staff_site.port}/"
    assert axe_violations(page) == []
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_text("You have left the workspace.")).to_be_visible()
