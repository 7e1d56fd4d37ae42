"""Statements as FOCUS cost and usage rows (CSV): https://focus.finops.org. What was checked with what stands in
docs/content/reporting/downloads.md."""

from collections.abc import Iterable
from typing import BinaryIO

from reporting.exports.columns import checked
from reporting.exports.csv_file import Cells, Statements, csv_row
from reporting.exports.focus.columns import Type, Version, columns_of, schema_metadata
from reporting.exports.focus.rows import RowMaker
from reporting.statements.document import Line, StatementDocument

__all__ = ["Version", "schema_metadata", "write_focus", "write_focus_period"]


def write_focus(
    document: StatementDocument,
    lines: Iterable[Line],
    out: BinaryIO,
    version: Version = Version.V1_3,
) -> None:
    """One statement. Raises LinesDiffer if the lines are not the document's."""
    write_focus_period([(document, lines)], out, version)


def write_focus_period(
    statements: Statements, out: BinaryIO, version: Version = Version.V1_3
) -> None:
    """All statements below one header line, in the order given."""
    columns = columns_of(version)
    names = [column.name for column in columns]
    # Numbers and instants are ours and hold nothing to guard against; a minus is no formula.
    guarded = [column.type in (Type.STRING, Type.JSON) for column in columns]
    cells = Cells()
    out.write(csv_row(names).encode())
    for document, lines in statements:
        maker = RowMaker(document)
        for line in checked(document, lines):
            for row in maker.rows(line):
                texts = (row.get(name, "") for name in names)
                kept = (
                    cells[text] if guard else text
                    for text, guard in zip(texts, guarded, strict=True)
                )
                out.write((",".join(kept) + "\r\n").encode())
