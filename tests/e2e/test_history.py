"""Costs over time as a person uses them: look, compare, go down, zoom, come back."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from costinsights.core.periods import DAY, utc_day
from tests.costs.history.books import stored
from tests.costs.rows import cost_row, idle_row
from tests.e2e.browser import axe_violations, overflow
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
    page.locator("#period > summary").click()
    page.get_by_role("link", name="Last 14 days").click()
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


def test_days_are_chosen_on_the_calendar_by_keyboard(site: TenantSite, page: Page) -> None:
    site.open(page, "/history/?window=7d")
    page.locator("#period > summary").focus()
    page.keyboard.press("Enter")
    today = page.locator(".calendar-month button[tabindex='0']")
    today.focus()
    expect(page.locator(".calendar-month button.is-within")).to_have_count(7)
    for key in ("ArrowUp", "Enter", "ArrowLeft", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".calendar-month button.is-within")).to_have_count(3)
    page.locator("[data-calendar]").get_by_role("button", name="Apply").click()

    last = utc_day(timezone.now()) - 7 * DAY
    page.wait_for_url(f"**start={last - 2 * DAY:%Y-%m-%d}&end={last + DAY:%Y-%m-%d}**")
    settled(page)
    expect(page.locator(".step-table summary")).to_have_text("3 steps as a table")


def test_a_period_of_ones_own_is_compared_with(site: TenantSite, page: Page) -> None:
    site.open(page, "/history/?window=7d")
    page.get_by_label("Compare to").select_option("custom")
    page.wait_for_url("**compare=custom**")
    settled(page)
    start = utc_day(timezone.now()) - 17 * DAY
    page.get_by_label("It begins on").fill(f"{start:%Y-%m-%d}")
    page.get_by_label("It begins on").blur()

    page.wait_for_url(f"**compare_start={start:%Y-%m-%d}**")
    expect(page.locator("#t-movers + .card-aside")).to_contain_text(f"{start:%-d %b}")


def test_a_view_is_saved_changed_and_opened_again(site: TenantSite, page: Page) -> None:
    site.open(page, "/history/?window=7d&chart=lines")
    page.get_by_role("link", name="Save view…").click()
    page.get_by_label("Name").fill("Last week in lines")
    page.get_by_role("button", name="Save").click()
    settled(page)
    expect(page.locator("#views-menu > summary")).to_have_text("Last week in lines")
    page.locator("#group-more > summary").click()
    page.get_by_label("Find a dimension or label").last.fill("nod")
    page.keyboard.press("Enter")
    expect(page.locator(".modified")).to_have_text("Changed")

    page.locator("#views-menu > summary").click()
    page.locator(".views-panel").get_by_role("link", name="Last week in lines").click()
    settled(page)
    expect(page.locator(".modified")).to_have_count(0)
    expect(page.locator("#style-lines")).to_have_attribute("aria-current", "true")


def test_a_note_is_written_and_read_on_the_chart(site: TenantSite, page: Page) -> None:
    site.open(page, "/history/?window=14d")
    page.get_by_role("link", name="Write a note").click()
    page.get_by_label("What happened").fill("Moved to spot nodes")
    page.get_by_label("Day (UTC)").fill(f"{utc_day(timezone.now()) - 4 * DAY:%Y-%m-%d}")
    page.get_by_role("button", name="Save").click()
    settled(page)

    page.locator(".note-mark").press("Enter")
    expect(page.locator(".note-panel")).to_contain_text("Moved to spot nodes")
    assert axe_violations(page) == []


def test_one_series_is_looked_at_alone_and_saved_as_a_picture(site: TenantSite, page: Page) -> None:
    site.open(page, "/history/?window=14d")
    page.locator(".legend").get_by_role("button", name="web").click()
    expect(page.locator("#live")).to_have_text("1 of 3 series shown")
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Chart as PNG").click()
    assert download.value.suggested_filename == "cost-by-namespace.png"


def test_two_thousand_namespaces_fit_a_phone(empty_site: TenantSite, page: Page) -> None:
    cluster = ClusterFactory.create(name="Production EU", slug="prod")
    rows = [
        cost_row(namespace=f"team-{n:04}-with-a-name", cpu_cost=n * 1_000) for n in range(2_000)
    ]
    stored(cluster, utc_day(timezone.now()) - DAY, rows)
    empty_site.sign_in(page)
    page.set_viewport_size({"width": 390, "height": 844})

    for address in ("/history/?window=7d", "/history/?window=7d&limit=1000"):
        empty_site.open(page, address)
        assert overflow(page) == 0
        expect(page.locator(".legend button")).to_have_count(10)
