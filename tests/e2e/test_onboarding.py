"""From nothing to numbers in a browser: sign up, first steps, sample data in and out."""

import re
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from costinsights.core.tenancy import public_context
from costinsights.workspace.sign_up import tasks
from tenants.features import PlatformSwitch
from tenants.models import FeatureSwitch, SignUp
from tests.e2e.browser import axe_violations
from tests.e2e.conftest import TenantSite, settled

PASSWORD = "a long sentence works well"


@pytest.fixture
def platform(empty_site: TenantSite, live_server: LiveServer, settings: Any) -> str:
    """The platform's own address, with its sign-up open."""
    settings.PUBLIC_PORT = empty_site.port
    with public_context():
        switch = FeatureSwitch.objects.get(name=PlatformSwitch.SELF_SERVICE_SIGN_UP)
        switch.active = True
        switch.save()
    return f"http://localhost:{empty_site.port}"


def mailed_link() -> str:
    with public_context():
        newest = SignUp.objects.latest("pk")
    tasks.send_sign_up_link(sign_up_id=newest.pk)
    found = re.search(r"http://\S+/sign-up/confirm/\S+/", str(mail.outbox[-1].body))
    assert found is not None
    return found.group()


@pytest.mark.slow
def test_from_sign_up_to_sample_numbers_and_back(
    platform: str, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.send_sign_up_link, "delay", lambda **_: None)  # run below, by hand
    page.goto(platform)
    page.get_by_role("link", name="Start a new workspace").click()
    page.get_by_label("Workspace name").fill("Initrode")
    page.get_by_label("Address").fill("acme")
    expect(page.locator("#slug-state")).to_contain_text("is taken")
    page.get_by_label("Address").fill("initrode")
    expect(page.locator("#slug-state")).to_contain_text("is free")
    page.get_by_label("E-mail").fill("ada@initrode.test")
    assert axe_violations(page) == []
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", name="Look into your inbox")).to_be_visible()

    page.goto(mailed_link())
    assert axe_violations(page) == []
    page.get_by_role("button", name="Make the workspace").click()
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Choose a password").fill(PASSWORD)
    page.get_by_label("The password again").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()

    expect(page.locator(".checklist")).to_contain_text("0 of 5 done")
    page.get_by_role("button", name="Load sample data").click()
    settled(page)
    expect(page.locator(".results")).to_have_class(re.compile("is-sample"))
    expect(page.locator(".proof-chip")).to_have_text("Adds up")
    assert axe_violations(page) == []

    page.get_by_role("button", name="Remove sample data").click()
    expect(page.get_by_role("heading", name="Connect your first cluster")).to_be_visible()
    expect(page.locator(".is-sample")).to_have_count(0)


def test_the_platform_leads_a_person_to_their_workspace(platform: str, page: Page) -> None:
    """A form's redirect to another origin is what browsers hold the content policy against."""
    page.goto(platform)
    page.get_by_label("Workspace").fill("acme")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
