"""What everybody in a workspace should know now: banners above every page.

Each source answers for one request; `SOURCES` is their order from the top.
"""

from collections.abc import Callable

from django.http import HttpRequest

from costinsights.core.notices import Notice
from costinsights.costs.budgets.notices import budget_notices
from costinsights.costs.history.notices import outage_notices
from costinsights.workspace.first_steps.notices import sample_data_notice
from costinsights.workspace.plan.notices import plan_notices
from costinsights.workspace.support.notices import support_notices
from tenants.announcements import announcement_notices

NoticeSource = Callable[[HttpRequest], list[Notice]]

SOURCES: tuple[NoticeSource, ...] = (
    announcement_notices,
    support_notices,
    plan_notices,
    budget_notices,
    sample_data_notice,
    outage_notices,
)


def notices_for(request: HttpRequest) -> list[Notice]:
    """Every banner for this request. htmx parts are drawn inside a page that has them already."""
    if request.headers.get("HX-Request") == "true":
        return []
    return [notice for source in SOURCES for notice in source(request)]
