"""COPY through Django's own cursor.

A raw driver cursor would pass by the switch of tenant; Django's cursor enters the tenant first. This is the only
place that copies.
"""

from collections.abc import Iterable, Sequence

from django.db import connection
from psycopg import sql


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
    """COPY `rows` into `table` of the current schema. Each is a line of COPY's text format, with its newline."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        batch: list[bytes] = []
        for row in rows:
            batch.append(row)
            if len(batch) >= 2_000:
                copy.write(b"".join(batch))
                batch.clear()
        if batch:
            copy.write(b"".join(batch))
