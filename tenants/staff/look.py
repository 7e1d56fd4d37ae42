"""How django-unfold shows the staff site: its sidebar, style sheet and icon. Read by the settings.

Loaded with the settings, so nothing here may touch a model. Colours are in static/src/styles/staff.css:
unfold would write them as an inline style, which the content policy refuses.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

Entry = dict[str, Any]


def _file(name: str) -> Callable[[HttpRequest], str]:
    return lambda request: static(name)


def _link(name: str) -> Callable[[HttpRequest], str]:
    return lambda request: reverse(f"admin:{name}")


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _model(title: str, icon: str, name: str) -> Entry:
    """An entry for a model's list, for whoever may see its rows."""
    return {
        "title": title,
        "icon": icon,
        "link": _link(f"tenants_{name}_changelist"),
        "permission": _may(f"tenants.view_{name}"),
    }


def _page(title: str, icon: str, name: str, permission: Callable[[HttpRequest], bool]) -> Entry:
    return {"title": title, "icon": icon, "link": _link(name), "permission": permission}


NAVIGATION: list[Entry] = [
    {
        "title": "",
        "items": [_page("Dashboard", "monitoring", "index", lambda request: True)],
    },
    {
        "title": "Tenants",
        "separator": True,
        "items": [
            _model("Tenants", "domain", "tenant"),
            _model("Usage", "data_usage", "tenantusage"),
            _model("Sign-ups", "person_add", "signup"),
            _model("Support grants", "visibility", "supportgrant"),
        ],
    },
    {
        "title": "Plans",
        "separator": True,
        "items": [
            _model("Feature switches", "toggle_on", "featureswitch"),
            _model("Overrides", "tune", "featureoverride"),
            _model("Plan limits", "speed", "planlimits"),
        ],
    },
    {
        "title": "Operations",
        "separator": True,
        "items": [
            _model("Failed jobs", "error", "jobfailure"),
            _model("Announcements", "campaign", "announcement"),
            _model("Audit log", "history", "platformauditentry"),
        ],
    },
    {
        "title": "Staff",
        "separator": True,
        "items": [
            {**_model("Staff", "badge", "staffuser"), "permission": _superuser},
            _page("Groups", "group", "auth_group_changelist", _superuser),
            _page("My recovery codes", "key", "security", lambda request: True),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Cost Insights staff",
    "SITE_HEADER": "Cost Insights",
    "SITE_SUBHEADER": "Staff",
    "SITE_URL": "",
    "SITE_ICON": _file("favicon.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _file("favicon.svg")}],
    "STYLES": [_file("staff.css")],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "DASHBOARD_CALLBACK": "tenants.admin.dashboard.fill",
    "COMMAND": {"search_models": False, "show_history": False},
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": NAVIGATION},
}
