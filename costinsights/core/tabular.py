"""A table of typed columns as CSV and as Parquet: one source of rows, so that both say the same in the same order.

Both are made piece by piece, so that memory does not grow with the number of rows.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from costinsights.core.csv_cells import safe_cells
from costinsights.core.money import amount_text
from costinsights.core.periods import instant_text

CSV_TYPE = "text/csv; charset=utf-8"
PARQUET_TYPE = "application/vnd.apache.parquet"
ROWS_PER_GROUP = 20_000
_LINES_PER_PIECE = 1_000
_MONEY_BYTES = 16


class ColumnKind(StrEnum):
    """What a column's values are."""

    TEXT = "text"
    MONEY = "money"  # micro-units as int; decimal text with six decimals, or decimal128(38, 6)
    RATIO = "ratio"  # Decimal with up to six decimals
    COUNT = "count"
    INSTANT = "instant"  # UTC


_TYPES: dict[ColumnKind, pa.DataType] = {
    ColumnKind.TEXT: pa.string(),
    ColumnKind.MONEY: pa.decimal128(38, 6),
    ColumnKind.RATIO: pa.decimal128(38, 6),
    ColumnKind.COUNT: pa.int64(),
    ColumnKind.INSTANT: pa.timestamp("ms", tz="UTC"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `description` says unit and meaning to whoever opens the file. None in a row is unknown."""

    name: str
    kind: ColumnKind = ColumnKind.TEXT
    description: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with as many values as there are columns, read once. `notes` go with the file as a whole."""

    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    notes: Mapping[str, str] = field(default_factory=dict)


# CSV --------------------------------------------------------------------------------------------


def csv_pieces(table: Table) -> Iterator[str]:
    """The file: one header line, unknown values empty, no cell that a spreadsheet would run."""
    yield _csv([safe_cells(column.name for column in table.columns)])
    writers = [_CELLS[column.kind] for column in table.columns]
    for rows in _batches(table.rows, _LINES_PER_PIECE):
        yield _csv(
            [
                [
                    "" if value is None else write(value)
                    for write, value in zip(writers, row, strict=True)
                ]
                for row in rows
            ]
        )


def _csv(lines: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    return out.getvalue()


def _safe(text: str) -> str:
    return safe_cells([text])[0]


_CELLS: dict[ColumnKind, Callable[[Any], str]] = {
    ColumnKind.TEXT: _safe,
    ColumnKind.MONEY: amount_text,
    ColumnKind.RATIO: str,
    ColumnKind.COUNT: str,
    ColumnKind.INSTANT: instant_text,
}


# Parquet ----------------------------------------------------------------------------------------


class _Sink(io.RawIOBase):
    """Where the writer writes: what has come together is taken away after each row group."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        self._written += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._written

    def taken(self) -> bytes:
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found


def parquet_schema(table: Table) -> pa.Schema:
    """Types, with each column's description and the table's notes as metadata."""
    fields = [
        pa.field(
            column.name,
            _TYPES[column.kind],
            metadata={"description": column.description} if column.description else None,
        )
        for column in table.columns
    ]
    return pa.schema(fields, metadata=dict(table.notes) or None)


def parquet_pieces(table: Table, *, rows_per_group: int = ROWS_PER_GROUP) -> Iterator[bytes]:
    """The file: a row group per piece, compressed with Zstandard."""
    schema = parquet_schema(table)
    sink = _Sink()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for rows in _batches(table.rows, rows_per_group):
            values = zip(*rows, strict=True)
            arrays = [
                _array(column.kind, held)
                for column, held in zip(table.columns, values, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield sink.taken()
    yield sink.taken()


def _array(kind: ColumnKind, values: Sequence[Any]) -> pa.Array:
    if kind is ColumnKind.MONEY:
        return whole_decimals(values, _TYPES[kind])
    if kind is ColumnKind.RATIO:
        quantum = Decimal("0.000001")
        values = [None if value is None else value.quantize(quantum) for value in values]
    return pa.array(values, _TYPES[kind])


def whole_decimals(values: Sequence[int | None], kind: pa.DataType) -> pa.Array:
    """Whole numbers of the last digit of a decimal128, taken over as they are, never through text."""
    known = pa.array([value is not None for value in values], pa.bool_())
    body = b"".join((value or 0).to_bytes(_MONEY_BYTES, "little", signed=True) for value in values)
    return pa.Array.from_buffers(kind, len(values), [known.buffers()[1], pa.py_buffer(body)])


def _batches(rows: Iterable[Sequence[Any]], size: int) -> Iterator[list[Sequence[Any]]]:
    found = iter(rows)
    while batch := list(islice(found, size)):
        yield batch
