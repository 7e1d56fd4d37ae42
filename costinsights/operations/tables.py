"""A schema's tables as streams of rows: what export writes, import reads, and both compare by hash."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

# Live credentials and the product's own notes stay behind: everybody signs in again.
LEFT_BEHIND = frozenset({"accounts_tenantsession"})
MIGRATIONS = "django_migrations"


@dataclass(frozen=True, slots=True)
class Table:
    """A table's name, its columns that can be written, and its key's columns."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def reading(self) -> sql.Composed:
        """COPY out, in the order of the key: the same rows give the same bytes."""
        return sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
            _names(self.columns), sql.Identifier(self.name), _names(self.key or self.columns)
        )

    @property
    def writing(self) -> sql.Composed:
        return sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(self.name), _names(self.columns)
        )


def _names(columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


_TABLES = """
    SELECT c.relname,
        (SELECT array_agg(a.attname::text ORDER BY a.attname COLLATE "C") FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
        (SELECT array_agg(a.attname::text ORDER BY k.place)
         FROM pg_constraint p, unnest(p.conkey) WITH ORDINALITY AS k (attnum, place)
         JOIN pg_attribute a ON a.attnum = k.attnum
         WHERE p.conrelid = c.oid AND p.contype = 'p' AND a.attrelid = c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relkind = 'r' ORDER BY c.relname COLLATE "C"
"""


def tables_of(cursor: Any, schema: str) -> list[Table]:
    """Every table with rows of the tenant's own; its columns in alphabetical order."""
    cursor.execute(_TABLES, [schema])
    return [
        Table(name, tuple(columns), tuple(key or ()))
        for name, columns, key in cursor.fetchall()
        if name not in LEFT_BEHIND and name != MIGRATIONS
    ]


@dataclass(frozen=True, slots=True)
class Content:
    """How many rows a table has and the SHA-256 of their bytes."""

    rows: int
    sha256: str


def read(cursor: Any, table: Table, write: Callable[[bytes], object] = lambda _: None) -> Content:
    """Stream a table's rows to `write` and say what they were."""
    digest = hashlib.sha256()
    with cursor.copy(table.reading) as copy:
        for chunk in copy:
            digest.update(chunk)
            write(bytes(chunk))
    return Content(cursor.rowcount, digest.hexdigest())


def fill(cursor: Any, table: Table, chunks: Iterator[bytes]) -> Content:
    """Stream rows into a table and say what they were."""
    digest = hashlib.sha256()
    with cursor.copy(table.writing) as copy:
        for chunk in chunks:
            digest.update(chunk)
            copy.write(chunk)
    return Content(cursor.rowcount, digest.hexdigest())


def sequences_of(cursor: Any, schema: str) -> dict[str, tuple[int, bool]]:
    """Each sequence's last value and whether it was handed out."""
    cursor.execute(
        "SELECT sequencename FROM pg_sequences WHERE schemaname = %s ORDER BY 1", [schema]
    )
    found = {}
    for (name,) in cursor.fetchall():
        cursor.execute(
            sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(schema, name))
        )
        found[str(name)] = tuple(cursor.fetchone())
    return found
