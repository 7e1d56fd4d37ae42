"""COPY through Django's own cursor.

A raw driver cursor would pass by the switch of tenant; Django's cursor enters the tenant first. This is the only
place that copies.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection
from psycopg import sql

_EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # Postgres counts from here
_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL = b"\xff\xff"
Integers = npt.NDArray[np.int64]


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
    """COPY `rows` into `table` of the current schema. Each is a line of COPY's text format, with its newline."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    # What the driver raises at the end of a COPY is Django's error, as of every other statement.
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        batch: list[bytes] = []
        for row in rows:
            batch.append(row)
            if len(batch) >= 2_000:
                copy.write(b"".join(batch))
                batch.clear()
        if batch:
            copy.write(b"".join(batch))


def copy_integers(
    table: str,
    columns: Mapping[str, Integers | int | dt.date | dt.datetime],
    *,
    rows: int,
    small: Sequence[str] = (),
) -> None:
    """COPY columns of whole numbers in the binary format: a fifth of the text format's work on both sides.

    A column is an array of `rows` numbers, or one value for all rows: a number, a UTC instant or a date. Columns are
    bigint; those in `small` are smallint.
    """
    values = {name: _stored(value) for name, value in columns.items()}
    kinds = {
        name: ">i2" if name in small else (">i4" if type(columns[name]) is dt.date else ">i8")
        for name in columns
    }
    layout: list[tuple[str, str]] = [("columns", ">i2")]
    for name, kind in kinds.items():
        layout += [(f"length of {name}", ">i4"), (name, kind)]
    lines = np.empty(rows, dtype=layout)
    lines["columns"] = len(columns)
    for name, value in values.items():
        lines[f"length of {name}"] = np.dtype(kinds[name]).itemsize
        lines[name] = value
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    # What the driver raises at the end of a COPY is Django's error, as of every other statement.
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        copy.write(_HEAD)
        for start in range(0, rows, 2_000):
            copy.write(lines[start : start + 2_000].tobytes())
        copy.write(_TAIL)


def _stored(value: Any) -> Any:
    """Instants as microseconds and dates as days, as Postgres counts them."""
    if isinstance(value, dt.datetime):
        return (value - _EPOCH) // dt.timedelta(microseconds=1)
    if isinstance(value, dt.date):
        return (value - _EPOCH.date()).days
    return value
