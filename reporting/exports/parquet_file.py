"""A statement's lines as Parquet: the columns of the CSV with types, amounts as decimal128(38, 6).

The file says in its metadata which statement it is and the hash that it has. The bytes depend on the rows and on the
version of pyarrow, which is pinned, and on nothing else.
"""

import datetime as dt
from collections.abc import Iterable
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from reporting.exports.columns import COLUMNS, SCALE, Column, Kind, Values, batches
from reporting.exports.csv_file import Statements, whole_numbers
from reporting.statements.document import Line, StatementDocument, sha256_of

PARQUET_TYPE = "application/vnd.apache.parquet"
ROWS_PER_GROUP = 20_000

_TYPES: dict[Kind, pa.DataType] = {
    Kind.TEXT: pa.string(),
    Kind.DAY: pa.date32(),
    Kind.COUNT: pa.int64(),
    **{kind: pa.decimal128(38, scale) for kind, scale in SCALE.items()},
}


def write_parquet(document: StatementDocument, lines: Iterable[Line], out: BinaryIO) -> None:
    """One statement. Raises LinesDiffer if the lines are not the document's."""
    header = document.header
    notes = {
        "statement_no": header.statement_no,
        "statement_sha256": sha256_of(document),
        "lines_sha256": document.lines.sha256,
        "generated_at": header.generated_at,
    }
    _write([(document, lines)], out, notes)


def write_parquet_period(statements: Statements, out: BinaryIO, *, name: str) -> None:
    """All statements in one file, in the order given. `name` says of what."""
    _write(statements, out, {"statements": name})


def _write(statements: Statements, out: BinaryIO, notes: dict[str, str]) -> None:
    schema = pa.schema([_field(column) for column in COLUMNS], metadata=notes)
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for document, lines in statements:
            for batch in batches(document, lines, ROWS_PER_GROUP):
                arrays = [
                    _array(column.kind, values)
                    for column, values in zip(COLUMNS, batch, strict=True)
                ]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _field(column: Column) -> pa.Field:
    said = {"description": column.meaning, "unit": column.unit}
    kept = {name: text for name, text in said.items() if text}
    return pa.field(column.name, _TYPES[column.kind], metadata=kept)


def _array(kind: Kind, values: Values) -> pa.Array:
    if kind in SCALE:
        return whole_numbers(values, SCALE[kind])
    if kind is Kind.DAY:
        values = [dt.date.fromisoformat(value) for value in values]
    return pa.array(values, _TYPES[kind])
