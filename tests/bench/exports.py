"""A million lines of a statement as CSV, against Postgres' own `COPY … TO` of a table with the same columns.

    .venv/bin/python -m tests.bench.exports [lines]

Both write the same rows to nowhere, three times; the best run counts, by the clock. Memory is what the process takes
more at its peak while it writes; the lines come one by one, as they do from the database. Uses the server of the tests.
"""

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Any, BinaryIO, cast

import psycopg

import tests.environment  # noqa: F401  # before Django: it names the servers
from reporting.exports.columns import COLUMNS, SCALE, Kind, batches
from reporting.exports.csv_file import write_csv
from reporting.exports.numbers import decimal_text
from reporting.statements.document import Line, StatementDocument
from tests.bench.history import say
from tests.reporting.exports.documents import changed, statement

BUDGET_RATE = 0.3
BUDGET_MB = 64
DIFFERENT = 5_000
_TYPES = {Kind.TEXT: "text", Kind.DAY: "date", Kind.COUNT: "bigint"}


class Nowhere:
    """Counts the bytes."""

    size = 0

    def write(self, piece: bytes) -> int:
        self.size += len(piece)
        return len(piece)


def best_of_three(work: Callable[[], object]) -> float:
    found = []
    for _ in range(3):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return min(found)


def copy_seconds(document: StatementDocument, lines: list[Line], times: int) -> float:
    """`COPY … TO STDOUT (FORMAT csv)` of a table with these lines, `times` over."""
    columns = ", ".join(
        f"{column.name} {_TYPES.get(column.kind) or f'numeric(38, {SCALE[column.kind]})'}"
        for column in COLUMNS
    )
    with psycopg.connect(os.environ["TEST_DATABASE_ADMIN_URL"], autocommit=True) as server:
        server.execute(f"CREATE TEMPORARY TABLE exported ({columns})")
        with server.cursor() as cursor, cursor.copy("COPY exported FROM STDIN") as copy:
            for batch in batches(document, lines):
                for row in zip(*batch, strict=True):
                    copy.write_row([_stored(*pair) for pair in zip(COLUMNS, row, strict=True)])
        server.execute(
            f"INSERT INTO exported SELECT e.* FROM exported e, generate_series(2, {times})"
        )

        def read() -> None:
            with (
                server.cursor() as cursor,
                cursor.copy("COPY exported TO STDOUT (FORMAT csv, HEADER)") as copy,
            ):
                for _ in copy:
                    pass

        return best_of_three(read)


def _stored(column: Any, value: Any) -> Any:
    scale = SCALE.get(column.kind)
    return value if scale is None or value is None else decimal_text(value, scale)


def main(count: int) -> bool:
    document, pool = statement(7, count=DIFFERENT)
    times = max(1, count // DIFFERENT)
    copied = copy_seconds(document, pool, times)
    sums = document.lines
    whole = changed(
        document,
        "lines",
        count=sums.count * times,
        list_cost=sums.list_cost * times,
        effective=sums.effective * times,
        billed=sums.billed * times,
    )

    def lines() -> Iterator[Line]:
        return chain.from_iterable(repeat(pool, times))

    nowhere = Nowhere()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours = best_of_three(lambda: write_csv(whole, lines(), cast(BinaryIO, nowhere)))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    rows, rate = DIFFERENT * times, copied / ours
    say(f"{rows:,} lines, {nowhere.size / 3e6:,.0f} MB")
    say(f"COPY TO {copied:6.2f} s {rows / copied:10,.0f} lines/s")
    say(f"CSV     {ours:6.2f} s {rows / ours:10,.0f} lines/s")
    say(f"rate {rate:.2f} of COPY TO (budget {BUDGET_RATE})")
    say(f"memory +{grown:.0f} MB at the peak (budget {BUDGET_MB})")
    return rate >= BUDGET_RATE and grown <= BUDGET_MB


if __name__ == "__main__":
    raise SystemExit(not main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
