"""A statement's lines as CSV, and the JSON file that says what its columns are.

UTF-8, one header line, CR LF, ISO dates, a point in decimals, unknown values empty. A cell that a spreadsheet would
run as a formula has an apostrophe in front, and whatever some program might take for a separator is quoted.
"""

from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from costinsights.core.csv_cells import safe_cells
from costinsights.core.tabular import whole_decimals
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
            out.write(_batch_bytes(batch, cells))


def _batch_bytes(batch: Batch, cells: Cells) -> memoryview:
    """The rows of a batch. Numbers become text and cells become rows in Arrow, far faster than cell by cell."""
    fixed = ",".join(
        _texts(column.kind, values[:1], cells)[0].as_py()
        for column, values in zip(COLUMNS[:HEADER_COLUMNS], batch, strict=False)
    )
    columns = [
        _texts(column.kind, values, cells)
        for column, values in zip(COLUMNS[HEADER_COLUMNS:], batch[HEADER_COLUMNS:], strict=True)
    ]
    rows = _joined(pa.scalar(fixed), *columns, ",")
    _, offsets, content = _joined(rows, pa.scalar("\r\n"), "").buffers()
    return memoryview(content)[: memoryview(offsets).cast("i")[len(rows)]]


def _joined(*parts: Any) -> Any:
    """The parts of each row with the last argument between them; unknown is empty."""
    return pc.binary_join_element_wise(*parts, null_handling="replace", null_replacement="")


def _texts(kind: Kind, values: Values, cells: Cells) -> Any:
    """The cells of a column as an Arrow array of text."""
    match kind:
        case Kind.TEXT | Kind.DAY:
            return pa.array([cells[value] for value in values], pa.string())
        case Kind.COUNT:
            return pa.array(values, pa.int64()).cast(pa.string())
        case Kind.RATIO:  # Arrow would write the smallest ones with an exponent
            scale = SCALE[kind]
            return pa.array(
                [None if v is None else decimal_text(v, scale) for v in values], pa.string()
            )
    return whole_numbers(values, SCALE[kind]).cast(pa.string())


def whole_numbers(values: Values, scale: int) -> Any:
    """Whole numbers of 10^-scale as a decimal128 array, without a detour over text where 64 bits hold them."""
    kind = pa.decimal128(38, scale)
    try:
        found = pa.array(values, pa.int64())
    except OverflowError:
        return whole_decimals(values, kind)
    low = found.fill_null(0).to_numpy(zero_copy_only=False)
    wide = np.empty((len(low), 2), np.int64)
    wide[:, 0], wide[:, 1] = low, low >> 63  # the upper half is the sign
    return pa.Array.from_buffers(kind, len(low), [found.buffers()[0], pa.py_buffer(wide)])


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
