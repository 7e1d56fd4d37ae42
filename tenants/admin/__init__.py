"""What staff see and change, by topic. No tenant table is registered, and none is read from here."""

from tenants.admin import (
    announcements,
    audit,
    jobs,
    people,
    plans,
    records,
    switches,
    tenants,
)

__all__ = [
    "announcements",
    "audit",
    "jobs",
    "people",
    "plans",
    "records",
    "switches",
    "tenants",
]
