"""What every page's frame needs: tenant, plan, navigation."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from costinsights.accounts.models import Role, User
from costinsights.core.tenancy import on_public_schema
from costinsights.notices import notices_for
from costinsights.workspace.first_steps.checklist import checklist_for
from costinsights.workspace.settings.frame import logo_url
from tenants.features import Access, Feature, feature_access, plan_now, required_plan


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry of the side navigation. A locked one says which plan opens it; a read-only one says so."""

    label: str
    icon: str
    url_name: str
    feature: Feature | None = None
    minimum: Role = Role.VIEWER
    url: str = ""
    active: bool = False
    locked: bool = False
    read_only: bool = False
    required_plan: str = ""


NAVIGATION = (
    NavItem("Overview", "chart-donut", "overview", Feature.CURRENT_COSTS),
    NavItem("History", "chart-histogram", "history", Feature.HISTORY),
    NavItem("Budgets", "wallet", "budget-list", Feature.BUDGETS),
    NavItem("Reporting", "report-money", "period-list", Feature.REPORTING),
    NavItem("Anomalies", "activity-heartbeat", "anomalies", Feature.ANOMALY_DETECTION),
    NavItem("Clusters", "server-2", "cluster-list"),
    NavItem("Settings", "settings", "settings"),
)
SETTINGS = (
    NavItem("Profile and security", "user", "profile"),
    NavItem("API tokens", "key", "token-list"),
    NavItem("Workspace", "building", "workspace-settings", minimum=Role.ADMIN),
    NavItem("Members", "users", "member-list", minimum=Role.ADMIN),
    NavItem("Single sign-on", "login-2", "sso-settings", minimum=Role.ADMIN),
    NavItem("Exchange rates", "currency-dollar", "exchange-rate-list", minimum=Role.ANALYST),
    NavItem("Plan and usage", "gauge", "plan-usage"),
    NavItem("Audit log", "history", "audit-log", minimum=Role.ADMIN),
    NavItem("Support access", "lifebuoy", "support-access", minimum=Role.ADMIN),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Template variables of base.html. Empty on the platform's own host."""
    frame: dict[str, Any] = {"demo_mode": settings.DEMO_MODE, "version": settings.VERSION}
    tenant = getattr(request, "tenant", None)
    if tenant is None or on_public_schema():
        return {**frame, "tenant": None, "nav": []}
    now = timezone.now()
    member = getattr(request, "user", None)
    signed_in = getattr(member, "is_authenticated", False)
    return {
        **frame,
        "tenant": tenant,
        "plan": plan_now(tenant, now).label,
        "on_trial": tenant.trial_at(now) is not None,
        "owners": _owners,
        "member": member,
        "nav": _navigation(request, NAVIGATION) if signed_in else [],
        "settings_nav": _settings(request) if signed_in else [],
        "notices": notices_for(request) if signed_in else [],
        "logo_url": logo_url(request),
        # Asked for by the overview only: a template calls it where it needs it.
        "first_steps": lambda: checklist_for(member, at=now),
    }


def _owners() -> list[User]:
    """Whom to ask about the plan. A template calls it where it needs them."""
    return list(User.objects.filter(role=Role.OWNER, is_active=True).order_by("email"))


def _settings(request: HttpRequest) -> list[NavItem]:
    """The entries beside a settings page; on other pages nobody asks for them."""
    if not request.path.startswith("/settings/"):
        return []
    return _navigation(request, SETTINGS)


def _navigation(request: HttpRequest, entries: tuple[NavItem, ...]) -> list[NavItem]:
    """The entries for this member's role: those the plan opens, and the locked ones with the plan that would."""
    items = []
    for item in entries:
        if not request.user.has_role(item.minimum):  # type: ignore[union-attr]  # a member: signed in
            continue
        try:
            url = reverse(item.url_name)
        except NoReverseMatch:
            continue  # a part of the product that this release does not have yet
        access = feature_access(item.feature) if item.feature else Access.OPEN
        locked = access is Access.CLOSED
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
                read_only=access is Access.READ_ONLY,
                required_plan=plan.label if plan else "",
            )
        )
    return items


def _is_active(request: HttpRequest, url: str) -> bool:
    return request.path == url if url == "/" else request.path.startswith(url)
