"""A statement's lines as CSV, and the JSON file that says what its columns are.

UTF-8, one header line, CR LF, ISO dates, a point in decimals, unknown values empty. A cell that a spreadsheet would
run as a formula has an apostrophe in front, and whatever some program might take for a separator is quoted.
"""

from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Any, BinaryIO

import msgspec

from costinsights.core.csv_cells import safe_cells
from reporting.exports.columns import (
    COLUMNS,
    HEADER_COLUMNS,
    SCALE,
    Batch,
    Kind,
    Values,
    batches,
)
from reporting.exports.numbers import amount_texts, decimal_text
from reporting.statements.document import Line, StatementDocument, sha256_of

CSV_TYPE = "text/csv; charset=utf-8"
_TO_QUOTE = frozenset('",;\t\r\n')
_MOST_REMEMBERED = 50_000

Statements = Iterable[tuple[StatementDocument, Iterable[Line]]]


class Cells(dict[str, str]):
    """Text → the cell that holds it. Names repeat, so what was worked out is remembered, within bounds."""

    def __missing__(self, text: str) -> str:
        cell = safe_cells([text.replace("\x00", "")])[0]
        if not _TO_QUOTE.isdisjoint(cell):
            cell = '"' + cell.replace('"', '""') + '"'
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        self[text] = cell
        return cell


def csv_row(texts: Iterable[str]) -> str:
    """One line of texts, its end included."""
    cells = Cells()
    return ",".join(cells[text] for text in texts) + "\r\n"


def write_csv(document: StatementDocument, lines: Iterable[Line], out: BinaryIO) -> None:
    """One statement. Raises LinesDiffer if the lines are not the document's."""
    write_csv_period([(document, lines)], out)


def write_csv_period(statements: Statements, out: BinaryIO) -> None:
    """All statements below one header line, in the order given."""
    out.write(csv_row(column.name for column in COLUMNS).encode())
    cells = Cells()
    for document, lines in statements:
        for batch in batches(document, lines):
            out.write(_batch_text(batch, cells).encode())


def _batch_text(batch: Batch, cells: Cells) -> str:
    head = ",".join(
        _texts(column.kind, values[:1], cells)[0]
        for column, values in zip(COLUMNS[:HEADER_COLUMNS], batch, strict=False)
    )
    columns = [
        _texts(column.kind, values, cells)
        for column, values in zip(COLUMNS[HEADER_COLUMNS:], batch[HEADER_COLUMNS:], strict=True)
    ]
    rows = zip(repeat(head), *columns, strict=False)  # `head` has no end of its own
    return "\r\n".join(map(",".join, rows)) + "\r\n"


def _texts(kind: Kind, values: Values, cells: Cells) -> list[str]:
    match kind:
        case Kind.TEXT | Kind.DAY:
            return [cells[value] for value in values]
        case Kind.MICROS:
            return amount_texts(values)
        case Kind.COUNT:
            return ["" if value is None else str(value) for value in values]
    scale = SCALE[kind]
    return ["" if value is None else decimal_text(value, scale) for value in values]


def metadata(document: StatementDocument, *, file_name: str, file_sha256: str) -> bytes:
    """The JSON beside a CSV: what it is, of what, how to prove it, and each column."""
    header, lines = document.header, document.lines
    return _json(
        {
            "file": {"name": file_name, "sha256": file_sha256, "rows": lines.count},
            "format": {
                "encoding": "utf-8",
                "delimiter": ",",
                "quote": '"',
                "line_end": "CRLF",
                "decimal": ".",
                "null": "",
                "formula_guard": "an apostrophe before a cell that begins like a formula",
            },
            "statement": {
                "schema": document.schema,
                "sha256": sha256_of(document),
                "lines_sha256": lines.sha256,
                **{
                    name: getattr(header, name)
                    for name in (
                        "statement_no",
                        "revision",
                        "tenant",
                        "cost_center_code",
                        "period_start",
                        "period_end",
                        "currency",
                        "mode",
                        "generated_at",
                        "sample",
                    )
                },
            },
            "totals": dict(
                zip(
                    ("list_cost", "effective_cost", "billed_cost"),
                    amount_texts((lines.list_cost, lines.effective, lines.billed)),
                    strict=True,
                )
            ),
            "columns": [
                {
                    "name": column.name,
                    "type": _JSON_TYPES[column.kind],
                    "unit": column.unit,
                    "meaning": column.meaning,
                }
                for column in COLUMNS
            ],
        }
    )


_JSON_TYPES = {
    Kind.TEXT: "string",
    Kind.DAY: "date",
    Kind.COUNT: "integer",
    Kind.MICROS: "decimal(38,6)",
    Kind.RATIO: "decimal(38,12)",
    Kind.PERCENT: "decimal(38,2)",
}
_indent: Callable[[bytes], bytes] = msgspec.json.format


def _json(value: Any) -> bytes:
    return _indent(msgspec.json.encode(value)) + b"\n"
