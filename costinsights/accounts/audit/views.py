"""The audit log's page and its download."""

from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from costinsights.accounts.audit import csv_file, words
from costinsights.accounts.audit.filters import AuditFilter, known_object_types
from costinsights.accounts.models import AuditEntry, AuditHead, Role
from costinsights.accounts.permissions import RoleRequiredMixin
from costinsights.core.errors import InvalidInput

PAGE_SIZE: Final = 50
ACTIONS: Final = {
    "row.inserted": "Added",
    "row.updated": "Changed",
    "row.deleted": "Removed",
    "sign_in.*": "Sign-ins",
    "session.*": "Ended sessions",
    "second_factor.*": "Second factor",
    "download.*": "Downloads",
    "support.*": "Support access",
}


class AuditLogPage(RoleRequiredMixin):
    """What happened in this workspace, the newest first, fifty at a time."""

    required_role = Role.ADMIN

    def get(self, request: HttpRequest) -> HttpResponse:
        shown: dict[str, Any] = {"rows": [], "newer": None, "older": None, "refusal": ""}
        chosen = AuditFilter()
        try:
            chosen = AuditFilter.parse(request.GET)
            shown |= _page(request, chosen)
        except InvalidInput as refusal:
            shown["refusal"] = refusal.message
        actions = dict(ACTIONS)
        if chosen.action:
            actions.setdefault(chosen.action, chosen.action)
        shown |= {
            "chosen": chosen,
            "given": request.GET,
            "query": chosen.as_parameters(),
            "actions": actions,
            "types": [(name, words.type_name(name)) for name in known_object_types()],
            "csv_url": f"{reverse('audit-log-csv')}?{urlencode(chosen.as_parameters())}".rstrip(
                "?"
            ),
            "head": AuditHead.objects.first(),
        }
        return render(
            request, "accounts/audit_log.html", shown, status=422 if shown["refusal"] else 200
        )


class AuditLogDownload(RoleRequiredMixin):
    """The chosen entries as CSV."""

    required_role = Role.ADMIN

    def get(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return csv_file.download(AuditFilter.parse(request.GET))
        except InvalidInput as refusal:
            return HttpResponse(refusal.message, status=422, content_type="text/plain")


def _page(request: HttpRequest, chosen: AuditFilter) -> dict[str, Any]:
    """One page, and the cursors of the pages beside it: ids, so that new entries move nothing."""
    entries = chosen.apply(AuditEntry.objects.all())
    before, after = _cursor(request, "before"), _cursor(request, "after")
    if after is not None:
        found = list(entries.filter(id__gt=after).order_by("id")[: PAGE_SIZE + 1])
        is_more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE][::-1]
        has_newer, has_older = is_more, True
    else:
        older = entries if before is None else entries.filter(id__lt=before)
        found = list(older.order_by("-id")[: PAGE_SIZE + 1])
        has_newer, has_older = before is not None, len(found) > PAGE_SIZE
        found = found[:PAGE_SIZE]
    return {
        "rows": words.described(found),
        "newer": found[0].pk if found and has_newer else None,
        "older": found[-1].pk if found and has_older else None,
    }


def _cursor(request: HttpRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    if not given:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise InvalidInput("There is no such page of the log.", field=name, value=given[:50])
    return int(given)
