"""The overview as a person uses it: look, drill down, come back, filter, sort, take it along."""

import csv
import io

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Watch
from tests.e2e.conftest import TenantSite, settled

BUDGET_BYTES = 250_000


@pytest.fixture
def site(tenant_site: TenantSite, page: Page) -> TenantSite:
    """Signed in as the owner, in front of today's costs."""
    tenant_site.sign_in(page)
    settled(page)
    return tenant_site


def total(page: Page) -> str:
    """The headline number."""
    return page.locator(".kpi-accent .kpi-value").inner_text()


def first_row(page: Page) -> tuple[str, str]:
    """Name and total of the first row that opens."""
    row = page.locator(".cost-table tbody tr", has=page.locator("th a[hx-get]")).first
    return row.locator("th a").first.inner_text(), row.locator("td.strong").inner_text()


def drill(page: Page, name: str) -> None:
    page.locator(".cost-table tbody").get_by_role("link", name=name, exact=True).first.click()
    expect(page.locator(".crumbs [aria-current]")).to_have_text(name)
    settled(page)


def test_the_owner_signs_in_and_sees_numbers_that_add_up(site: TenantSite, page: Page) -> None:
    assert total(page).startswith("$")
    assert page.locator("tfoot td.strong").inner_text() == total(page)
    expect(page.locator(".proof-chip")).to_have_text("Adds up")
    assert page.locator(".source .state-word").all_inner_texts() == ["fresh", "fresh"]


def test_each_step_down_to_a_pod_keeps_the_amount_and_back_returns(
    site: TenantSite, page: Page
) -> None:
    # Shared, so that a cluster's own row holds its idle cost as its page does.
    site.open(page, "/?aggregate=cluster&idle=share")
    path = []
    for _ in ("cluster", "namespace", "kind", "workload", "pod"):
        name, amount = first_row(page)
        drill(page, name)
        assert total(page) == amount
        path.append(name)

    crumbs = page.locator(".drill li")
    assert [text.strip() for text in crumbs.all_inner_texts()][1:] == path
    page.go_back()
    settled(page)
    expect(page.locator(".crumbs [aria-current]")).to_have_text(path[-2])


def test_a_filter_becomes_a_chip_and_goes_with_it(site: TenantSite, page: Page) -> None:
    everything, (name, amount) = total(page), first_row(page)

    page.get_by_text("Add filter").click()
    page.get_by_label("Value").fill(name)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".chip")).to_have_text(f"Namespace is {name}")
    settled(page)
    assert total(page) == amount
    assert "filter=" in page.url

    page.get_by_role("link", name="Remove filter").click()
    expect(page.locator(".chip")).to_have_count(0)
    settled(page)
    assert total(page) == everything


def test_a_filter_that_cannot_be_read_says_where_and_keeps_the_text(
    site: TenantSite, page: Page
) -> None:
    page.get_by_text("Filter text").click()
    page.locator("#q-filter").fill('namespace:"a"+pod')
    page.locator(".filter-text").get_by_role("button", name="Apply").click()

    expect(page.locator("#q-filter-error")).to_contain_text("character")
    expect(page.locator("#q-filter")).to_have_value('namespace:"a"+pod')
    expect(page.locator("#q-filter")).to_have_attribute("aria-invalid", "true")


def test_what_is_chosen_stands_in_the_address(site: TenantSite, page: Page) -> None:
    page.get_by_label("Window").select_option("yesterday")
    page.wait_for_url("**/?window=yesterday")
    settled(page)
    page.get_by_label("Break down by").select_option("controller_kind")
    page.wait_for_url("**aggregate=controller_kind**")
    settled(page)

    page.reload()
    settled(page)
    expect(page.get_by_label("Window")).to_have_value("yesterday")
    expect(page.locator(".cost-table thead th").first).to_have_text("Workload kind")


def test_a_column_sorts_largest_first_and_then_the_other_way(site: TenantSite, page: Page) -> None:
    heading = page.locator("th", has=page.locator("#sort-cpu"))
    page.locator("#sort-cpu").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    settled(page)
    page.locator("#sort-cpu").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")


def test_hidden_idle_is_named_beside_the_total(site: TenantSite, page: Page) -> None:
    page.get_by_label("Idle cost").select_option("hide")
    expect(page.locator(".kpi-accent .kpi-note")).to_contain_text("excludes $")


def test_the_csv_has_the_rows_of_the_table(site: TenantSite, page: Page) -> None:
    rows = page.locator(".cost-table tbody tr").count()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()

    assert download.value.suggested_filename.startswith("acme_namespace_")
    text = download.value.path().read_text()
    assert len(list(csv.DictReader(io.StringIO(text)))) == rows


def test_a_chart_is_walked_with_arrows_and_opened_with_enter(site: TenantSite, page: Page) -> None:
    chart = page.locator("canvas[data-chart=components]")
    chart.focus()
    chart.press("ArrowDown")
    name = page.locator("#live").inner_text().partition(":")[0]
    chart.press("Enter")
    expect(page.locator(".crumbs [aria-current]")).to_have_text(name)


def test_the_keyboard_reaches_the_numbers_past_the_navigation(site: TenantSite, page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_an_explanation_opens_and_closes_without_a_mouse(site: TenantSite, page: Page) -> None:
    hint = page.locator(".kpi", has_text="Idle").locator("summary")
    hint.focus()
    hint.press("Enter")
    expect(page.get_by_text("What nodes cost while")).to_be_visible()
    hint.press("Escape")
    expect(page.get_by_text("What nodes cost while")).to_be_hidden()
    expect(hint).to_be_focused()


def test_a_chosen_theme_stays(site: TenantSite, page: Page) -> None:
    root = page.locator("html")
    toggle = page.get_by_role("button", name="Change theme")
    toggle.click()
    toggle.click()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(root).to_have_attribute("data-bs-theme", "dark")


def test_the_first_page_is_light(tenant_site: TenantSite, page: Page, watch: Watch) -> None:
    tenant_site.sign_in(page)
    settled(page)
    watch.weigh(page)
    answer = page.goto(tenant_site.url("/"))
    settled(page)
    page.wait_for_load_state("networkidle")

    assert answer is not None
    assert answer.header_value("content-encoding") == "gzip"
    weights = watch.compressed_bytes()
    assert any("main.js" in url for url in weights)
    assert sum(weights.values()) <= BUDGET_BYTES, weights
