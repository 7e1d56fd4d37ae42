"""What the overview shows when there is nothing to show, or not everything."""

from playwright.sync_api import Page, Route, expect

from tests.e2e.browser import Watch, axe_violations
from tests.e2e.conftest import VIEWER, TenantSite, settled
from tests.factories.costs import ClusterFactory


def test_without_a_cluster_the_owner_is_shown_the_way(empty_site: TenantSite, page: Page) -> None:
    empty_site.sign_in(page)
    expect(page.get_by_role("heading", name="Connect your first cluster")).to_be_visible()
    expect(page.locator("#helm-snippet")).to_contain_text("helm upgrade --install opencost")
    assert axe_violations(page) == []
    page.get_by_role("link", name="Connect a cluster").click()
    expect(page.get_by_role("heading", name="Connect a cluster")).to_be_visible()


def test_without_a_cluster_a_viewer_is_told_whom_to_ask(empty_site: TenantSite, page: Page) -> None:
    empty_site.sign_in(page, VIEWER)
    expect(page.get_by_text("Ask an owner or admin")).to_be_visible()
    expect(page.get_by_role("link", name="Connect a cluster")).to_have_count(0)


def test_an_opencost_that_is_down_shows_its_reason_and_no_zero(
    empty_site: TenantSite, page: Page
) -> None:
    ClusterFactory.create(name="Dark", opencost_url="http://127.0.0.1:9")
    empty_site.sign_in(page)
    settled(page)
    expect(page.get_by_role("heading", name="OpenCost cannot be reached")).to_be_visible()
    expect(page.locator(".kpi")).to_have_count(0)
    assert axe_violations(page) == []


def test_one_dark_cluster_leaves_the_other_on_the_page(tenant_site: TenantSite, page: Page) -> None:
    ClusterFactory.create(name="Dark", opencost_url="http://127.0.0.1:9")
    tenant_site.sign_in(page)
    settled(page)
    expect(page.locator(".notice-warning")).to_contain_text("Dark")
    expect(page.locator(".proof-chip")).to_have_text("Adds up")
    assert axe_violations(page) == []


def test_a_filter_that_matches_nothing_offers_to_clear_it(
    tenant_site: TenantSite, page: Page
) -> None:
    tenant_site.sign_in(page)
    tenant_site.open(page, '/?filter=namespace:"nowhere"')
    expect(page.get_by_role("heading", name="No costs match this filter")).to_be_visible()
    page.get_by_role("link", name="Clear filters").click()
    settled(page)
    expect(page.locator(".cost-table")).to_be_visible()


def test_the_page_stands_before_the_first_answer(
    tenant_site: TenantSite, page: Page, watch: Watch
) -> None:
    tenant_site.sign_in(page)
    settled(page)
    page.route("**/*", lambda route: route.abort() if _is_part(route) else route.continue_())
    page.goto(tenant_site.url("/?window=48h"))
    expect(page.get_by_text("Asking OpenCost")).to_be_visible()
    expect(page.locator("#request-error")).to_be_visible()
    assert axe_violations(page) == []
    # htmx logs the request that this test cut off.
    watch.problems = [problem for problem in watch.problems if "htmx:" not in problem]


def _is_part(route: Route) -> bool:
    """Whether htmx asks for a part of the page."""
    return route.request.headers.get("hx-request") == "true"
