"""Announcements as tenants' pages need them: those of now, for a plan, from a shared cache."""

import datetime as dt
from typing import Any, Final

from django.core.cache import caches
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from costinsights.core.notices import Notice
from costinsights.core.tenancy import public_context, tenant_connection
from tenants.models import Announcement, AnnouncementLevel, Tenant

CACHE_KEY: Final = "announcements"
CACHE_SECONDS: Final = 60
_ICONS: Final = {
    AnnouncementLevel.INFO: "info-circle",
    AnnouncementLevel.WARNING: "alert-triangle",
    AnnouncementLevel.DANGER: "alert-circle",
}


def announcement_notices(request: HttpRequest) -> list[Notice]:
    """The banners above a page of the tenant of now."""
    tenant = tenant_connection.tenant
    if not isinstance(tenant, Tenant):
        return []
    now = timezone.now()
    return announcements_at(now, plan=tenant.plan_at(now))


def announcements_at(at: dt.datetime, *, plan: str) -> list[Notice]:
    """The banners for tenants of `plan` at this instant, the newest first.

    Rows are read once a minute for all tenants; a change by staff empties the cache at once. The window is
    looked at here, so a banner comes and goes on time.
    """
    return [
        as_notice(Announcement(**row))
        for row in _rows(at)
        if row["starts_at"] <= at
        and (row["ends_at"] is None or row["ends_at"] > at)
        and (not row["plans"] or plan in row["plans"])
    ]


def _rows(at: dt.datetime) -> list[dict[str, Any]]:
    """Everything that is shown now or will be while the cache holds."""
    cached: list[dict[str, Any]] | None = caches["shared"].get(CACHE_KEY)
    if cached is not None:
        return cached
    soon = at + dt.timedelta(seconds=CACHE_SECONDS)
    with public_context():
        found = Announcement.objects.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=at), starts_at__lte=soon
        ).values("title", "text", "link", "level", "plans", "starts_at", "ends_at")
        rows: list[dict[str, Any]] = [dict(row) for row in found]
    caches["shared"].set(CACHE_KEY, rows, timeout=CACHE_SECONDS)
    return rows


def forget() -> None:
    """An announcement changed: the next page reads them anew."""
    caches["shared"].delete(CACHE_KEY)


def as_notice(row: Announcement) -> Notice:
    return Notice(
        level=row.level,
        title=row.title,
        text=row.text,
        icon=_ICONS[AnnouncementLevel(row.level)],
        link=row.link,
        link_label="Read more" if row.link else "",
    )
