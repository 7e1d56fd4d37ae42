"""Costs over time as a person uses them: look, compare, go down, zoom, come back."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from costinsights.core.periods import DAY, utc_day
from tests.costs.history.books import stored
from tests.costs.rows import cost_row, idle_row
from tests.e2e.conftest import TenantSite, settled
from tests.factories.costs import ClusterFactory


@pytest.fixture
def site(empty_site: TenantSite, page: Page) -> TenantSite:
    """Twenty stored days of two namespaces, signed in as the owner."""
    cluster = ClusterFactory.create(name="Production EU", slug="prod")
    today = utc_day(timezone.now())
    for back in range(1, 21):
        amount = (30 - back) * 1_000_000
        rows = [
            cost_row(cpu_cost=amount, cpu_core_hours=float(30 - back), minutes=1440.0),
            cost_row(namespace="web", ram_cost=2_000_000, minutes=1440.0),
            idle_row(cpu_cost=500_000),
        ]
        stored(cluster, today - back * DAY, rows)
    empty_site.sign_in(page)
    return empty_site


def total(page: Page) -> str:
    """The headline number."""
    return page.locator(".kpi-accent .kpi-value").inner_text()


def chart(page: Page) -> tuple[float, float, float, float]:
    """Where the chart is: left, top, width, height."""
    canvas = page.locator("canvas[data-chart=timeline]")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def test_the_chart_is_drawn_and_adds_up(site: TenantSite, page: Page) -> None:
    site.open(page, "/history/?window=14d")

    assert page.locator("tfoot td.strong").inner_text() == total(page)
    expect(page.locator(".proof-chip")).to_have_text("Reconciles with the ledger")
    painted = page.evaluate(
        "() => { const c = document.querySelector('canvas[data-chart=timeline]');"
        "return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0) }"
    )
    assert painted


def test_a_comparison_is_chosen_explained_and_left_by_back(site: TenantSite, page: Page) -> None:
    site.open(page, "/history/?window=7d")
    page.get_by_label("Compare to").select_option("previous")
    page.wait_for_url("**compare=previous**")
    settled(page)

    expect(page.locator(".kpi-accent .kpi-change")).to_contain_text("+$")
    expect(page.locator(".mover-list").first).to_contain_text("from more CPU")
    expect(page.get_by_role("columnheader", name="Change %")).to_be_visible()
    page.go_back()
    settled(page)
    expect(page.get_by_label("Compare to")).to_have_value("")


def test_going_down_by_a_row_keeps_its_amount_and_back_returns(
    site: TenantSite, page: Page
) -> None:
    site.open(page, "/history/?window=14d")
    row = page.locator(".table-card tbody tr").first
    amount = row.locator("td.strong").inner_text()
    row.get_by_role("link", name="shop").click()
    expect(page.locator(".crumbs [aria-current]")).to_have_text("shop")
    settled(page)

    assert total(page) == amount
    page.go_back()
    settled(page)
    expect(page.locator(".crumbs [aria-current]")).to_have_text("All")


def test_a_segment_opens_its_row(site: TenantSite, page: Page) -> None:
    site.open(page, "/history/?window=30d")
    left, top, width, height = chart(page)
    page.mouse.click(left + width * 0.75, top + height * 0.75)

    expect(page.locator(".crumbs [aria-current]")).to_have_text("shop")


def test_a_drag_over_days_becomes_the_period(site: TenantSite, page: Page) -> None:
    site.open(page, "/history/?window=14d")
    left, top, width, height = chart(page)
    page.mouse.move(left + width * 0.4, top + height * 0.5)
    page.mouse.down()
    page.mouse.move(left + width * 0.6, top + height * 0.5, steps=4)
    page.mouse.up()

    page.wait_for_url("**start=**")
    settled(page)
    expect(page.locator(".crumbs [aria-current]")).to_have_text("All")
    page.get_by_label("Period").select_option("14d")
    page.wait_for_url(lambda url: "start=" not in url)


def test_the_keyboard_walks_over_days_and_rows(site: TenantSite, page: Page) -> None:
    site.open(page, "/history/?window=7d")
    canvas = page.locator("canvas[data-chart=timeline]")
    canvas.focus()
    canvas.press("Home")
    expect(page.locator("#live")).to_contain_text("$")
    canvas.press("ArrowUp")
    expect(page.locator("#live")).to_contain_text("shop: $")
    canvas.press("Enter")
    expect(page.locator(".crumbs [aria-current]")).to_have_text("shop")


def test_an_owner_asks_for_older_days(site: TenantSite, page: Page) -> None:
    page.goto(site.url("/history/data/"))
    page.get_by_label("Days back").fill("40")
    page.get_by_role("button", name="Read older days").click()

    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled after")).to_be_visible()
