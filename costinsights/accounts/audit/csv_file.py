"""The log as CSV: streamed, and with every field that the hash chain covers as the chain covers it."""

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import F, Func, TextField
from django.db.models.functions import Cast
from django.http import StreamingHttpResponse

from costinsights.accounts.audit.filters import AuditFilter
from costinsights.accounts.models import AuditEntry
from costinsights.core.audit import record_event
from costinsights.core.csv_cells import safe_cells
from costinsights.core.tenancy import TenantLike, current_tenant, tenant_context

COLUMNS: Final = (
    "sequence",
    "id",
    "at",
    "actor_kind",
    "actor_identifier",
    "actor_label",
    "actor_ip",
    "request_id",
    "action",
    "object_type",
    "object_id",
    "object_label",
    "before",
    "after",
    "details",
    "transaction_id",
    "prev_hash",
    "hash",
)
BATCH: Final = 1_000
_ALIASES: Final = {
    "at": "at_text",
    "before": "before_text",
    "after": "after_text",
    "details": "details_text",
}


class _UtcText(Func):
    """An instant as the chain has it: 2026-01-31T10:05:00.123456Z."""

    template = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    output_field = TextField()


def download(chosen: AuditFilter) -> StreamingHttpResponse:
    """The chosen entries as a file, the newest first. The download itself is logged before."""
    tenant = current_tenant()
    record_event("download.audit_log", details=chosen.as_parameters())
    response = StreamingHttpResponse(
        csv_lines(tenant, chosen), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{tenant.slug}_audit-log.csv"'
    response["Cache-Control"] = "private, no-store"
    return response


def csv_lines(tenant: TenantLike, chosen: AuditFilter) -> Iterator[str]:
    """The file in parts of up to a thousand entries.

    It is sent after the request has left the tenant, so each part enters it again for as long as it reads.
    """
    yield _written([COLUMNS])
    last: int | None = None
    while True:
        with tenant_context(tenant):
            rows = _rows(chosen, last)
        if rows:
            yield _written(
                safe_cells("" if cell is None else str(cell) for cell in row) for row in rows
            )
            last = rows[-1][1]
        if len(rows) < BATCH:
            return


def _rows(chosen: AuditFilter, last: int | None) -> list[tuple[Any, ...]]:
    entries = chosen.apply(AuditEntry.objects.order_by("-id"))
    if last is not None:
        entries = entries.filter(id__lt=last)
    as_text = {
        "at_text": _UtcText(F("at")),
        **{f"{name}_text": Cast(name, TextField()) for name in ("before", "after", "details")},
    }
    names = [_ALIASES.get(name, name) for name in COLUMNS]
    return list(entries.annotate(**as_text).values_list(*names)[:BATCH])


def _written(rows: Any) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
