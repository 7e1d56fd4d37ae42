"""Cost centres as CSV: all lines taken or none, every wrong one named, and written so that it reads back."""

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from costinsights.core.audit import record_event
from costinsights.core.csv_cells import safe_cells
from costinsights.core.csv_files import ImportCounts, ImportRefused, LineError, Table
from costinsights.core.errors import ApplicationError, InvalidInput
from reporting.centers.checks import one_writer
from reporting.centers.services import (
    RANKS,
    CenterDraft,
    check_room,
    checked_center,
    member_with,
    values_of,
    write_center,
)
from reporting.models import CenterLevel, CostCenter

COLUMNS = (
    "code",
    "name",
    "level",
    "parent_code",
    "owner_email",
    "owner_name",
    "gl_account",
    "valid_from",
    "valid_to",
    "note",
)
_REQUIRED = ("code", "name")
MOST_LINES = 2_000
EXAMPLE = (
    "code,name,level,parent_code,owner_email,gl_account\n"
    "ENG,Engineering,department,,,\n"
    "CC100,Checkout,cost_center,ENG,checkout@example.com,6200"
)


class _DryRun(Exception):
    """Undoes what a dry run wrote."""


def import_centers(content: bytes, *, dry_run: bool = False) -> ImportCounts:
    """Make the centres of new codes and change those of known ones; columns left out stay, none is deleted.

    Raises ImportRefused with all that is wrong, and then nothing is stored; nothing is by a dry run either.
    """
    table = Table(content, columns=COLUMNS, required=_REQUIRED, most_lines=MOST_LINES)
    counts = ImportCounts(0, 0, 0)
    with suppress(_DryRun), one_writer():
        counts = _written(table)
        if dry_run:
            raise _DryRun
        record_event(
            "cost_centers.imported",
            details={
                "added": counts.added,
                "changed": counts.changed,
                "unchanged": counts.unchanged,
            },
        )
    return counts


def _written(table: Table) -> ImportCounts:
    known = {row.code: row for row in CostCenter.objects.select_related("parent", "owner")}
    errors: list[LineError] = []
    drafts = list(_drafts(table, known, errors))
    added = changed = 0
    # Whoever is above is there before those below it, in whatever order the file names them.
    for number, draft in sorted(drafts, key=lambda pair: RANKS[pair[1].level]):
        row = known.get(draft.code)
        if row is not None and _is_same(row, draft):
            continue
        try:
            if row is None:
                check_room()
            write_center(row or CostCenter(), draft)
        except ApplicationError as error:
            errors.append(_line_error(number, error))
            continue
        added, changed = added + (row is None), changed + (row is not None)
    if errors:
        raise ImportRefused(sorted(errors, key=lambda error: error.line))
    return ImportCounts(added, changed, len(drafts) - added - changed)


def _drafts(
    table: Table, known: dict[str, CostCenter], errors: list[LineError]
) -> Iterator[tuple[int, CenterDraft]]:
    first_lines: dict[str, int] = {}
    for number, given in table.rows(errors):
        row = known.get(given["code"])
        values: dict[str, Any] = values_of(row) if row else {}
        values |= {
            "parent" if name == "parent_code" else name: text for name, text in given.items()
        }
        try:
            draft = checked_center(**values)
        except InvalidInput as error:
            errors.append(_line_error(number, error))
            continue
        earlier = first_lines.setdefault(draft.code, number)
        if earlier != number:
            errors.append(LineError(number, "code", f"Line {earlier} gives the same code already."))
            continue
        yield number, draft


def _line_error(number: int, error: ApplicationError) -> LineError:
    field = str(error.extra.get("field", ""))
    return LineError(number, "parent_code" if field == "parent" else field, error.message)


def _is_same(row: CostCenter, draft: CenterDraft) -> bool:
    if checked_center(**values_of(row)) != draft:
        return False
    # Somebody may have become a member, or gone, since it was written.
    member = member_with(draft.owner_email)
    return row.owner_id == (member.pk if member else None)


def export_centers() -> str:
    """All of them as a file that `import_centers` takes back, from the top of the tree down."""
    rows = CostCenter.objects.select_related("parent")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=lambda row: (RANKS[CenterLevel(row.level)], row.code)):
        texts = [row.owner_email, row.owner_name, row.gl_account]
        writer.writerow(
            [
                row.code,
                *safe_cells([row.name]),
                row.level,
                row.parent.code if row.parent else "",
                *safe_cells(texts),
                row.valid_from or "",
                row.valid_to or "",
                *safe_cells([row.note]),
            ]
        )
    return out.getvalue()
