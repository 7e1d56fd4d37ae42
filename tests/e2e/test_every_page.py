"""Every page at every width and in both themes: nothing axe complains about, nothing to scroll sideways."""

from typing import Literal

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from costinsights.core.periods import DAY, utc_day
from costinsights.costs.history.keys import note_keys
from costinsights.costs.history.models import Grain
from costinsights.costs.models import Cluster
from tests.costs.history.books import stored
from tests.costs.rows import cost_row, idle_row
from tests.e2e.browser import axe_violations, overflow
from tests.e2e.conftest import TenantSite, settled

# 320 px is a 1280 px window at 400 %.
LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = (
    (1440, "light"),
    (1440, "dark"),
    (390, "dark"),
    (320, "light"),
)
MEMBER_PAGES = (
    "/",
    "/?aggregate=controller_kind&window=yesterday",
    "/history/layers/",
    "/history/views/",
    "/history/views/save/",
    "/history/notes/",
    "/clusters/",
    "/clusters/connect/",
    "/clusters/prod/",
    "/clusters/prod/remove/",
    "/budgets/",
    "/budgets/new/",
    "/reporting/cost-centers/",
    "/reporting/cost-centers/new/",
    "/reporting/cost-centers/import/",
    "/reporting/rules/",
    "/reporting/rules/mapping/new/",
    "/reporting/rules/share/new/",
    "/reporting/",
    "/settings/tokens/",
    "/settings/tokens/everybody/",
    "/settings/profile/",
    "/settings/profile/second-factor/",
    "/settings/members/",
    "/settings/workspace/",
    "/settings/exchange-rates/",
    "/settings/sso/",
    "/settings/sso/add/",
    "/settings/plan/",
    "/settings/audit/",
)
# Of a cluster with stored days.
STORED_PAGES = ("/history/?compare=previous", "/history/?chart=lines", "/history/data/")
OPEN_PAGES = (
    "/sign-in/",
    "/join/",
    "/password/forgot/",
    "/password/forgot/sent/",
    "/no-such-page/",
)


def check(page: Page, url: str) -> list[str]:
    """What is wrong with a page at each width and theme."""
    problems = []
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.goto(url)
        if page.locator("#results").count():
            settled(page)
        problems += [f"{width} {theme} {line}" for line in axe_violations(page)]
        if wider := overflow(page):
            problems.append(f"{width} {theme} wider than the window by {wider} px")
    return problems


@pytest.mark.slow
@pytest.mark.parametrize("path", MEMBER_PAGES)
def test_a_page_for_members_is_accessible(tenant_site: TenantSite, page: Page, path: str) -> None:
    tenant_site.sign_in(page)
    assert check(page, tenant_site.url(path)) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", STORED_PAGES)
def test_a_page_over_stored_costs_is_accessible(
    tenant_site: TenantSite, page: Page, path: str
) -> None:
    cluster = Cluster.objects.get(slug="prod")
    today = utc_day(timezone.now())
    for back in (1, 2, 31, 40):
        rows = [cost_row(cpu_cost=back * 1_000_000), idle_row(cpu_cost=1_000_000)]
        stored(cluster, today - back * DAY, rows)
    note_keys([cost_row(labels={"team": "a"})], day=today.date(), grain=Grain.DAY)
    tenant_site.sign_in(page)
    assert check(page, tenant_site.url(path)) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", OPEN_PAGES)
def test_a_page_before_signing_in_is_accessible(
    empty_site: TenantSite, page: Page, path: str
) -> None:
    assert check(page, empty_site.url(path)) == []


def test_the_platform_leads_to_a_workspace(empty_site: TenantSite, page: Page) -> None:
    url = f"http://localhost:{empty_site.port}/"
    assert check(page, url) == []
    page.get_by_label("Workspace").fill("no such name!")
    page.get_by_role("button", name="Continue").click()
    assert page.locator("#workspace_error").inner_text()
    assert axe_violations(page) == []
