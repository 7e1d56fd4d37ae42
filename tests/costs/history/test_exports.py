"""Every format says what the JSON says, to the micro-unit and in the same order."""

import csv
import io
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
import time_machine
from django.test import Client

from costinsights.accounts.models import AuditEntry, Role
from costinsights.core.tabular import Column, ColumnKind, Table, csv_pieces, parquet_pieces
from tenants.models import Tenant
from tests.costs.history.books import NOW, day, stored
from tests.costs.rows import cost_row, idle_row
from tests.factories.accounts import UserFactory
from tests.factories.costs import ClusterFactory

PERIOD = "start=2026-10-28&end=2026-11-03"
HISTORY = f"/api/v1/costs/history?{PERIOD}&step=day&group_by=namespace,controller&limit=2"
COMPARE = "/api/v1/costs/compare?start=2026-10-30&end=2026-11-01&limit=2"
QUESTIONS = [HISTORY, HISTORY.replace("day&", "week&"), f"{HISTORY}&idle=share", COMPARE]
PARQUET = "application/vnd.apache.parquet"


@pytest.fixture
def browser(acme: Tenant) -> Iterator[Client]:
    """An analyst's session, as a link on a page has it."""
    cluster = ClusterFactory.create(slug="prod")
    stored(
        cluster,
        day(0).start,
        [
            cost_row(cpu_cost=3_000_001, cpu_core_hours=2.0, minutes=1440.0),
            cost_row(namespace="=web", ram_cost=1_000_003, minutes=1440.0),
            cost_row(namespace="data", pv_cost=-7, minutes=1440.0),
            idle_row(cpu_cost=500_000),
        ],
    )
    stored(cluster, day(2).start, [cost_row(cpu_cost=1_234_567, cpu_core_hours=1.0)])
    client = Client(HTTP_HOST="acme.localhost")
    analyst: Any = UserFactory.create(role=Role.ANALYST)
    client.force_login(analyst)
    with time_machine.travel(NOW, tick=False):
        yield client


def of_csv(answer: Any) -> list[dict[str, Any]]:
    body = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(body, newline="")))


def of_parquet(answer: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(
        io.BytesIO(b"".join(answer.streaming_content))
    ).to_pylist()
    return rows


def amount(value: str | Decimal | None) -> Decimal | None:
    return None if value in ("", None) else Decimal(value)


def numbers_of(document: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What the JSON says, in its order: line, then points or both periods with the parts of the delta."""
    if "steps" in document:
        return [
            (row["label"], step["state"], amount(point))
            for row in document["rows"]
            for step, point in zip(document["steps"], row["points"], strict=True)
        ]
    return [
        (
            row["label"],
            *(Decimal(row[name]) for name in ("current", "previous", "delta")),
            *(
                sum((Decimal(part[name]) for part in row["drivers"]), Decimal(0))
                for name in ("by_quantity", "by_price", "other")
            ),
        )
        for row in document["rows"]
    ]


def numbers_in(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    if rows and "step_start" in rows[0]:
        return [
            (row["label"].removeprefix("'"), row["state"], amount(row["total_cost"]))
            for row in rows
        ]
    names = ("current_cost", "previous_cost", "delta", "by_quantity", "by_price", "other")
    return [
        (row["label"].removeprefix("'"), *(Decimal(row[name]) for name in names)) for row in rows
    ]


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_format_is_the_json_in_its_order(browser: Client, question: str) -> None:
    expected = numbers_of(browser.get(question).json())
    assert expected
    assert numbers_in(of_csv(browser.get(f"{question}&format=csv"))) == expected
    assert numbers_in(of_parquet(browser.get(f"{question}&format=parquet"))) == expected
    assert numbers_in(of_csv(browser.get(question, HTTP_ACCEPT="text/csv"))) == expected
    assert numbers_in(of_parquet(browser.get(question, HTTP_ACCEPT=PARQUET))) == expected


def test_a_link_downloads_a_named_file_and_the_log_knows(browser: Client) -> None:
    answer = browser.get(f"{HISTORY}&format=parquet")
    name = "acme_history_2026-10-28_2026-11-03.parquet"
    assert answer["Content-Type"] == PARQUET
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert AuditEntry.objects.filter(action="download.history_parquet").count() == 1


def test_parquet_says_what_its_columns_are(browser: Client) -> None:
    answer: Any = browser.get(f"{HISTORY}&format=parquet")
    schema = pq.read_schema(io.BytesIO(b"".join(answer.streaming_content)))
    assert str(schema.field("total_cost").type) == "decimal128(38, 6)"
    assert b"not zero" in schema.field("total_cost").metadata[b"description"]
    assert schema.metadata[b"currency"] == b"USD"
    assert schema.metadata[b"start"] == b"2026-10-28T00:00:00Z"


def test_no_cell_of_the_csv_is_a_formula(browser: Client) -> None:
    rows = of_csv(browser.get(f"{HISTORY}&limit=10&format=csv"))
    assert {row["namespace"] for row in rows} >= {"'=web", "shop"}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_refused_file_says_why_as_a_problem(browser: Client, kind: str) -> None:
    answer = browser.get(f"/api/v1/costs/history?step=minute&format={kind}")
    assert (answer.status_code, answer.json()["field"]) == (400, "step")
    assert answer["Content-Type"] == "application/problem+json"


COLUMNS = [Column("name"), Column("cost", ColumnKind.MONEY), Column("share", ColumnKind.RATIO)]


@pytest.mark.parametrize("pieces", [csv_pieces, parquet_pieces])
def test_a_long_table_takes_no_more_memory_than_a_short_one(pieces: Any) -> None:
    def peak(rows: int) -> int:
        made = ((f"name-{n % 100}", n * 1_000_003, Decimal("0.5")) for n in range(rows))
        tracemalloc.start()
        for _ in pieces(Table(COLUMNS, made)):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(100_000) < peak(25_000) * 1.3


def test_row_groups_follow_each_other_in_order() -> None:
    rows = [(f"n{n}", None if n % 3 == 0 else -n * 10**15, None) for n in range(25)]
    body = b"".join(parquet_pieces(Table(COLUMNS, rows), rows_per_group=10))
    file = pq.ParquetFile(io.BytesIO(body))
    assert [file.metadata.row_group(n).num_rows for n in range(3)] == [10, 10, 5]
    expected = [None if cost is None else Decimal(cost).scaleb(-6) for _, cost, _ in rows]
    assert file.read().column("cost").to_pylist() == expected


def test_an_empty_table_is_a_file_with_a_header() -> None:
    assert "".join(csv_pieces(Table(COLUMNS, []))) == "name,cost,share\r\n"
    assert pq.read_table(io.BytesIO(b"".join(parquet_pieces(Table(COLUMNS, []))))).num_rows == 0
