"""What is particular to one format: columns, numbers, sheets, bookings, letters of the PDF."""

import io
import json
from decimal import Decimal
from typing import Any, cast

import pyarrow.parquet as pq
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.exports import xlsx_file
from reporting.exports.columns import COLUMNS, SCALE, batches
from reporting.exports.csv_file import metadata, whole_numbers
from reporting.exports.formats import Format, Options
from reporting.exports.journal import JOURNAL_COLUMNS, Clearing
from reporting.exports.numbers import amount_text, decimal_text, grouped, minor_text
from reporting.exports.pdf_text import printable
from reporting.statements.document import STATEMENT_COLUMNS
from tests.reporting.exports.documents import blank_line, changed, statement
from tests.reporting.exports.reading import csv_rows, parquet_rows, pdf_text, workbook, written

WHOLE = st.integers(-(10**30), 10**30)


def test_the_columns_are_the_stable_ones_in_their_order() -> None:
    assert tuple(column.name for column in COLUMNS) == STATEMENT_COLUMNS


def test_csv_writes_the_numbers_of_the_columns() -> None:
    document, lines = statement(3, count=200)
    rows = csv_rows(written(Format.CSV, document, lines))
    (batch,) = batches(document, lines)
    for column, values in zip(COLUMNS, batch, strict=True):
        if scale := SCALE.get(column.kind):
            texts = ["" if value is None else decimal_text(value, scale) for value in values]
            assert [row[column.name] for row in rows] == texts


@given(st.lists(st.none() | WHOLE | st.integers(-5, 5), max_size=20))
def test_whole_numbers_of_any_size_are_decimals(values: list[int | None]) -> None:
    expected = [None if value is None else Decimal(decimal_text(value, 6)) for value in values]
    assert whole_numbers(values, 6).to_pylist() == expected


@given(st.integers(-(10**17), 10**17))
def test_texts_of_amounts_say_the_amount(micros: int) -> None:
    assert (
        Decimal(amount_text(micros)) == Decimal(minor_text(micros, 2)) == Decimal(micros).scaleb(-6)
    )
    assert grouped(minor_text(-123_456_7890_000, 2)) == "−1,234,567.89"


def one_line(**values: Any) -> dict[str, str]:
    line = blank_line(1, **values)
    document, _ = statement(1, count=0)
    sums = {
        "list_cost": line.list_cost,
        "effective": line.effective_cost,
        "billed": line.billed_cost,
    }
    document = changed(document, "lines", count=1, **sums)
    (row,) = csv_rows(written(Format.CSV, document, [line]))
    return row


@pytest.mark.parametrize(
    ("before", "delta", "percent"),
    [
        (None, "", ""),
        (0, "3.000000", ""),
        (2_000_000, "1.000000", "50.00"),
        (-2_000_000, "5.000000", "250.00"),
    ],
)
def test_a_change_has_no_percentage_of_nothing(
    before: int | None, delta: str, percent: str
) -> None:
    row = one_line(billed_cost=3_000_000, previous_period_cost=before)
    assert (row["delta"], row["delta_pct"]) == (delta, percent)


def test_units_are_hours_of_gibibytes_and_parts_of_one() -> None:
    row = one_line(
        line_type="idle",
        ram_byte_hours=3 << 29,
        share_driver="ram_requested",
        share_driver_value=1 << 30,
        share_weight=1,
        share_weight_total=3,
        efficiency_micros=614_000,
    )
    assert (row["ram_gib_hours"], row["share_driver_value"]) == ("1.500000", "1.000000")
    assert (row["share_ratio"], row["idle_share_pct"]) == ("0.333333333333", "33.33")
    assert row["efficiency_pct"] == "61.40"


def test_the_file_beside_a_csv_describes_every_column_and_proves_both() -> None:
    document, _ = statement(1)
    found = json.loads(metadata(document, file_name="x.csv", file_sha256="ab" * 32))
    assert [column["name"] for column in found["columns"]] == list(STATEMENT_COLUMNS)
    assert found["statement"]["lines_sha256"] == document.lines.sha256
    assert found["file"] == {"name": "x.csv", "sha256": "ab" * 32, "rows": 40}


def test_parquet_has_types_and_says_which_statement_it_is() -> None:
    document, lines = statement(1)
    schema = pq.read_schema(io.BytesIO(written(Format.PARQUET, document, lines)))
    assert str(schema.field("billed_cost").type) == "decimal128(38, 6)"
    assert str(schema.field("period_start").type) == "date32[day]"
    assert schema.metadata[b"statement_no"] == document.header.statement_no.encode()


# XLSX -------------------------------------------------------------------------------------------


def test_the_workbook_has_a_sheet_per_block_with_heads_that_stay() -> None:
    book = workbook(written(Format.XLSX, *statement(4)))
    assert book.sheetnames == [
        *("Summary", "Lines", "Shared", "Idle", "Reconciliation"),
        *("Adjustments", "Method", "Evidence", "Sign-off"),
    ]
    assert book["Lines"].freeze_panes == "A2"
    amount = book["Lines"]["AE2"]
    assert (amount.data_type, amount.number_format[:8]) == ("n", "#,##0.00")
    assert book["Lines"]["C2"].is_date


def test_lines_go_on_in_a_further_sheet_where_one_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_file, "MOST_ROWS", 25)
    document, lines = statement(4, count=60)
    book = workbook(written(Format.XLSX, document, lines))
    assert [book[name].max_row for name in ("Lines", "Lines 2", "Lines 3")] == [26, 26, 11]
    billed = [row[30] for name in ("Lines", "Lines 2", "Lines 3") for row in book[name].values][1:]
    amounts = [Decimal(str(value)) for value in billed if value != "billed_cost"]
    assert sum(amounts) == Decimal(document.summary.billed).scaleb(-6)


def test_a_text_too_long_for_a_cell_is_cut_and_says_so() -> None:
    assert xlsx_file.plain("x" * 40_000).endswith("[cut]")
    assert len(xlsx_file.plain("x" * 40_000)) == 32_767


# Journal ----------------------------------------------------------------------------------------


def booked(billed: int, **header: Any) -> list[dict[str, str]]:
    document, _ = statement(1, count=0)
    document = changed(changed(document, "lines", billed=billed), "header", **header)
    clearing = Options(clearing=Clearing("IT", "9000"))
    rows = csv_rows(written(Format.JOURNAL, document, [], clearing))
    assert all(tuple(row) == JOURNAL_COLUMNS for row in rows)
    return rows


def test_a_statement_debits_its_cost_centre_and_credits_the_platform() -> None:
    (row,) = booked(12_340_000)
    assert list(row.values()) == [
        *("2026-09-30", "CI-2026-09-CC101-r1", "CC101", "6420-01", "IT", "9000", "12.34", "EUR")
    ]


def test_a_negative_statement_is_booked_the_other_way_round() -> None:
    (row,) = booked(-12_340_000)
    assert (row["debit_cost_center"], row["credit_cost_center"], row["amount"]) == (
        "IT",
        "CC101",
        "12.34",
    )


@pytest.mark.parametrize("bucket", ["retained", "unmapped", "excluded"])
def test_what_charges_nobody_is_not_booked(bucket: str) -> None:
    assert booked(12_340_000, bucket=bucket) == []
    assert booked(0) == []


def test_a_currency_without_cents_is_booked_without_a_point() -> None:
    (row,) = booked(12_000_000, currency="JPY", minor_digits=0)
    assert row["amount"] == "12"


# PDF --------------------------------------------------------------------------------------------


def test_the_pdf_says_number_hash_blocks_and_when_it_was_made() -> None:
    document, lines = statement(4)
    content = written(Format.PDF, document, lines)
    text, reader = pdf_text(content), pypdf.PdfReader(io.BytesIO(content))
    for expected in (
        document.header.statement_no,
        "Reconciliation",
        "Sign-off",
        "Annex: idle cost",
    ):
        assert expected in text
    assert reader.metadata
    assert str(reader.metadata.creation_date) == "2026-10-03 06:15:00+00:00"
    conformance = cast(pypdf.generic.StreamObject, reader.root_object["/Metadata"]).get_data()
    assert b"<pdfaid:part>2" in conformance
    assert b"<pdfuaid:part>1" in conformance


def test_a_long_statement_prints_the_largest_and_says_where_the_rest_is() -> None:
    document, lines = statement(4, count=900)
    text = pdf_text(written(Format.PDF, document, lines))
    assert "The statement has 900 lines." in text
    assert "the rest is in the CSV" in text
    assert f"{grouped(minor_text(document.summary.billed, 2))} EUR" in text


@settings(max_examples=25, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_any_text_is_in_reach_of_the_pdfs_fonts(text: str) -> None:
    document, lines = statement(1, count=1)
    document = changed(document, "header", cost_center_name=text)
    assert written(Format.PDF, document, lines).startswith(b"%PDF-")


def test_what_has_no_letter_is_named() -> None:
    assert printable("a\u202eb 🚀\n c") == "a\\u{202E}b \\u{1F680} c"


def test_parquet_and_csv_hold_the_same_ratios() -> None:
    document, lines = statement(6)
    numbers = [row["share_ratio"] for row in parquet_rows(written(Format.PARQUET, document, lines))]
    texts = [row["share_ratio"] for row in csv_rows(written(Format.CSV, document, lines))]
    assert ["" if value is None else f"{value:f}" for value in numbers] == texts
