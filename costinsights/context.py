"""What every page's frame needs: tenant, plan, navigation."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from costinsights.core.tenancy import on_public_schema
from tenants.features import Feature, has_feature, required_plan
from tenants.models import Plan


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry of the side navigation. A locked one says which plan opens it."""

    label: str
    icon: str
    url_name: str
    feature: Feature | None = None
    url: str = ""
    active: bool = False
    locked: bool = False
    required_plan: str = ""


NAVIGATION = (
    NavItem("Overview", "chart-donut", "overview", Feature.CURRENT_COSTS),
    NavItem("History", "chart-histogram", "history", Feature.HISTORY),
    NavItem("Reporting", "report-money", "reporting", Feature.REPORTING),
    NavItem("Anomalies", "activity-heartbeat", "anomalies", Feature.ANOMALY_DETECTION),
    NavItem("Clusters", "server-2", "cluster-list"),
    NavItem("API tokens", "key", "token-list"),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Template variables of base.html. Empty on the platform's own host."""
    frame: dict[str, Any] = {"demo_mode": settings.DEMO_MODE, "version": settings.VERSION}
    tenant = getattr(request, "tenant", None)
    if tenant is None or on_public_schema():
        return {**frame, "tenant": None, "nav": []}
    member = getattr(request, "user", None)
    return {
        **frame,
        "tenant": tenant,
        "plan": Plan(tenant.plan).label,
        "member": member,
        "nav": _navigation(request) if getattr(member, "is_authenticated", False) else [],
    }


def _navigation(request: HttpRequest) -> list[NavItem]:
    """The entries this tenant's plan opens, and the locked ones with the plan that would."""
    items = []
    for item in NAVIGATION:
        try:
            url = reverse(item.url_name)
        except NoReverseMatch:
            continue  # a part of the product that this release does not have yet
        locked = item.feature is not None and not has_feature(item.feature)
        plan = required_plan(item.feature) if locked and item.feature else None
        items.append(
            NavItem(
                label=item.label,
                icon=item.icon,
                url_name=item.url_name,
                feature=item.feature,
                url=url,
                active=_is_active(request, url),
                locked=locked,
                required_plan=plan.label if plan else "",
            )
        )
    return items


def _is_active(request: HttpRequest, url: str) -> bool:
    return request.path == url if url == "/" else request.path.startswith(url)
