"""The pictures of the documentation. DOCS_SCREENSHOTS=<folder> keeps them.

Every run takes them, so that none names a page that is gone. `caret="initial"` keeps Playwright from
writing a style into the page, which the content policy would refuse.
"""

import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from costinsights.core.periods import DAY, utc_day
from costinsights.costs.history.ingest import ingest_next
from costinsights.costs.models import Cluster
from costinsights.local.demo_opencost import DemoServer
from costinsights.opencost.sample.answers import VERSION
from tests.costs.history.books import opened
from tests.e2e.conftest import PROD, STAGING, TenantSite, settled
from tests.factories.costs import ClusterFactory

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "static" / "img" / "screens"
WEEK = "/?window=7d"
COMPARED = f"/history/?window=14d&compare=previous&cluster={PROD}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("DOCS_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


@pytest.mark.slow
def test_the_pictures_of_the_documentation_are_those_that_can_be_taken(
    empty_site: TenantSite, demo: DemoServer, page: Page, folder: Path
) -> None:
    page.set_viewport_size({"width": 1440, "height": 1000})
    empty_site.sign_in(page)
    connect_test(empty_site, page, demo.url(PROD), folder)
    for name, cluster_id in (("Production EU", PROD), ("Staging US", STAGING)):
        ClusterFactory.create(
            name=name,
            slug=cluster_id,
            opencost_url=demo.url(cluster_id),
            opencost_cluster_id=cluster_id,
            opencost_version=VERSION,
        )
    overview(empty_site, page, folder)
    drill_down(page, folder)
    clusters(empty_site, page, folder)
    history(empty_site, page, folder)
    assert sorted(path.name for path in folder.glob("*.png")) == sorted(
        path.name for path in PICTURES.glob("*.png")
    )


def connect_test(site: TenantSite, page: Page, address: str, folder: Path) -> None:
    """The second step of connecting: what the test found."""
    page.goto(site.url("/clusters/connect/"))
    page.get_by_label("OpenCost address").fill(address)
    page.get_by_role("button", name="Test the connection").click()
    page.get_by_role("heading", name="What the test found").wait_for()
    page.screenshot(path=folder / "connect-test.png", caret="initial")


def overview(site: TenantSite, page: Page, folder: Path) -> None:
    """The whole at a glance, in both themes."""
    site.open(page, WEEK)
    for theme, name in (("dark", "overview-dark"), ("light", "overview")):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # a literal
        page.goto(site.url(WEEK))  # charts take their colours when they are drawn
        settled(page)
        page.screenshot(path=folder / f"{name}.png", caret="initial")


def drill_down(page: Page, folder: Path) -> None:
    """One namespace by kind of workload, and the proof under the table."""
    page.locator(".cost-table").get_by_role("link", name="payments", exact=True).click()
    page.locator(".chip").first.wait_for()
    settled(page)
    page.evaluate("window.scrollTo(0, 0)")
    page.screenshot(path=folder / "drill-down.png", caret="initial")
    page.locator(".proof summary").click()
    page.locator(".proof").screenshot(path=folder / "proof.png", caret="initial")


def clusters(site: TenantSite, page: Page, folder: Path) -> None:
    page.goto(site.url("/clusters/"))
    upper_part = {"x": 0, "y": 0, "width": 1440, "height": 560}
    page.screenshot(path=folder / "clusters.png", caret="initial", clip=upper_part)  # type: ignore[arg-type]  # a dictionary does


def history(site: TenantSite, page: Page, folder: Path) -> None:
    """Two weeks against the two before, read as a worker reads them."""
    cluster, today = Cluster.objects.get(slug=PROD), utc_day(timezone.now())
    for back in range(1, 29):
        opened(cluster, today - back * DAY)
    while ingest_next() is not None:
        pass
    page.set_viewport_size({"width": 1440, "height": 1320})
    site.open(page, COMPARED)
    page.screenshot(path=folder / "history.png", caret="initial")
