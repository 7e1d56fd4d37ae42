"""The platform's own audit log: who changed a tenant, a plan, a switch or the staff, and who looked in."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from tenants.admin.base import ReadOnlyAdmin, column
from tenants.models import PlatformAuditEntry, PlatformAuditHead


@admin.register(PlatformAuditEntry)
class PlatformAuditEntryAdmin(ReadOnlyAdmin):
    """Entries that the database wrote; nobody can change or delete one. Tenants have logs of their own."""

    list_display = ("at", "action", "subject", "actor_label", "actor_kind", "actor_ip")
    list_filter = ("at", "action", "actor_kind", "object_type")
    search_fields = ("action", "actor_label", "object_label", "object_id", "request_id")
    date_hierarchy = "at"
    ordering = ("-id",)
    list_before_template = "admin/staff/audit_head.html"
    fields = (
        "at",
        "action",
        "subject",
        "object_type",
        "object_id",
        "actor_label",
        "actor_kind",
        "actor_identifier",
        "actor_ip",
        "request_id",
        "before_text",
        "after_text",
        "details_text",
        "sequence",
        "hash",
        "prev_hash",
    )
    readonly_fields = fields

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        head = PlatformAuditHead.objects.first()
        shown: HttpResponse = super().changelist_view(
            request, {**(extra_context or {}), "head": head}
        )
        return shown

    @column(description="about", ordering="object_label")
    def subject(self, row: PlatformAuditEntry) -> str:
        kind = row.object_type.removeprefix("tenants_").replace("_", " ")
        return f"{kind} {row.object_label or row.object_id}".strip() or "—"

    @column(description="before")
    def before_text(self, row: PlatformAuditEntry) -> str:
        return _as_text(row.before)

    @column(description="after")
    def after_text(self, row: PlatformAuditEntry) -> str:
        return _as_text(row.after)

    @column(description="details")
    def details_text(self, row: PlatformAuditEntry) -> str:
        return _as_text(row.details)


def _as_text(value: Any) -> str:
    if not value:
        return "—"
    return format_html(
        '<pre class="staff-code" tabindex="0">{}</pre>', json.dumps(value, indent=2, sort_keys=True)
    )
