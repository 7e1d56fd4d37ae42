"""Budgets as a person uses them: look ahead, make one, see how it stands, delete it."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from costinsights.core.periods import utc_day
from tests.costs.history.months import stored_days
from tests.e2e.browser import axe_violations, overflow
from tests.e2e.conftest import TenantSite
from tests.factories.costs import ClusterFactory


def stored_weeks(weeks: int = 10) -> None:
    """A cluster that costs 10 on working days and 4 on others, up to yesterday."""
    cluster = ClusterFactory.create(name="Production EU", slug="prod", currency="USD")
    today = utc_day(timezone.now()).date()

    def cost(day: dt.date) -> int:
        return 4_000_000 if day.weekday() >= 5 else 10_000_000

    stored_days(cluster, today - dt.timedelta(days=7 * weeks), today - dt.timedelta(days=1), cost)


@pytest.fixture
def site(empty_site: TenantSite, page: Page) -> TenantSite:
    """Ten stored weeks, signed in as the owner."""
    stored_weeks()
    empty_site.sign_in(page)
    return empty_site


def wrong_with(page: Page) -> list[str]:
    """What a checker finds on the page as it stands, at full width and on a telephone."""
    found = axe_violations(page)
    page.set_viewport_size({"width": 390, "height": 844})
    if wider := overflow(page):
        found.append(f"{wider} px wider than the screen")
    page.set_viewport_size({"width": 1440, "height": 900})
    return found


def test_a_budget_is_looked_ahead_at_made_seen_and_deleted(site: TenantSite, page: Page) -> None:
    page.goto(site.url("/budgets/"))
    page.get_by_role("link", name="Make a budget").click()
    page.get_by_label("Name", exact=True).fill("Whole platform")
    page.get_by_label("Amount").fill("20")
    expect(page.locator("#budget-preview")).to_contain_text("It would be at 80%")
    assert wrong_with(page) == []
    page.get_by_role("button", name="Make the budget").click()
    page.wait_for_url(site.url("/budgets/*/"))
    expect(page.locator("h1")).to_have_text("Whole platform")
    assert wrong_with(page) == []
    page.goto(site.url("/budgets/"))
    expect(page.locator(".budget-card")).to_have_count(1)
    assert wrong_with(page) == []
    page.get_by_role("link", name="Whole platform").first.click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete the budget").click()
    expect(page.locator("main")).to_contain_text("No budget yet")


def test_the_forecast_arrives_beside_the_headline_numbers(site: TenantSite, page: Page) -> None:
    site.open(page, "/history/")
    card = page.locator(".kpi-slot .kpi")
    expect(card.locator(".kpi-label")).to_have_text(f"Forecast for {timezone.now():%B}")
    expect(card.locator(".kpi-value")).to_contain_text("$")
    expect(card.locator(".kpi-note")).to_contain_text("four times out of five")
    assert "forecast" not in page.url
