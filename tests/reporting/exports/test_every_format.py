"""All formats say the same of a statement, the same way each time, whatever its names are."""

import io
import zipfile
from decimal import Decimal

import pytest

from costinsights.core.csv_cells import safe_cells
from reporting.exports.columns import LinesDiffer
from reporting.exports.formats import Format, content_type, file_name, write_period
from reporting.exports.numbers import grouped, minor_text
from reporting.statements.document import Line, StatementDocument
from tests.reporting.exports.documents import HOSTILE, blank_line, changed, statement
from tests.reporting.exports.reading import (
    csv_rows,
    parquet_rows,
    pdf_text,
    sheet_rows,
    total,
    workbook,
    written,
)

every_format = pytest.mark.parametrize("wanted", Format)
STATEMENTS = 100


def billed_of(document: StatementDocument) -> Decimal:
    return Decimal(document.summary.billed).scaleb(-6)


@pytest.mark.slow
@pytest.mark.parametrize("tens", range(STATEMENTS // 10))
def test_random_statements_have_one_total_in_every_format(tens: int) -> None:
    for seed in range(tens * 10, tens * 10 + 10):
        document, lines = statement(seed, count=seed % 19, hostile=seed % 3 == 0)
        billed = billed_of(document)
        files = {wanted: written(wanted, document, lines) for wanted in Format}

        assert total(csv_rows(files[Format.CSV]), "billed_cost") == billed
        assert total(csv_rows(files[Format.FOCUS]), "BilledCost") == billed
        assert total(parquet_rows(files[Format.PARQUET]), "billed_cost") == billed
        assert total(sheet_rows(files[Format.XLSX], "Lines"), "billed_cost") == billed
        assert total(csv_rows(files[Format.JOURNAL]), "amount") == abs(billed)
        assert f"{grouped(minor_text(document.summary.billed, 2))} EUR" in pdf_text(
            files[Format.PDF]
        )


@every_format
@pytest.mark.parametrize("hostile", [False, True])
def test_the_same_statement_gives_the_same_bytes(wanted: Format, hostile: bool) -> None:
    document, lines = statement(7, hostile=hostile)
    assert written(wanted, document, lines) == written(wanted, *statement(7, hostile=hostile))


@every_format
def test_a_statement_without_lines_is_a_file_too(wanted: Format) -> None:
    document, lines = statement(8, count=0, revision=0)
    assert written(wanted, document, lines)


@pytest.mark.parametrize("wanted", [each for each in Format if each is not Format.JOURNAL])
def test_lines_that_are_not_the_documents_make_no_file(wanted: Format) -> None:
    document, lines = statement(9)
    with pytest.raises(LinesDiffer):
        written(wanted, document, lines[1:])


@every_format
def test_a_whole_period_holds_every_statement(wanted: Format) -> None:
    statements = [statement(seed, count=5) for seed in (1, 2, 3)]
    out = io.BytesIO()
    write_period(wanted, statements, out, name="2026-09")
    numbers = [document.header.statement_no for document, _ in statements]

    if content_type(wanted, period=True) == "application/zip":
        names = zipfile.ZipFile(out).namelist()
        assert names == [file_name(wanted, number) for number in numbers]
    elif wanted is Format.PARQUET:
        assert {row["statement_no"] for row in parquet_rows(out.getvalue())} == set(numbers)
    else:
        column = {Format.FOCUS: "InvoiceId", Format.JOURNAL: "memo"}.get(wanted, "statement_no")
        assert {row[column] for row in csv_rows(out.getvalue())} == set(numbers)


def test_a_file_name_holds_nothing_but_letters_digits_points_and_dashes() -> None:
    assert file_name(Format.PDF, "../CI 2026/09\r\n=x") == "CI-2026-09-x.pdf"


# Hostile texts ----------------------------------------------------------------------------------


def named(text: str) -> tuple[StatementDocument, list[Line]]:
    """A statement with one line; the text stands wherever a text can stand."""
    line = blank_line(
        1,
        pool=text,
        cluster="prod",
        namespace=text,
        controller=text,
        label_value=text,
        notes=text,
        cpu_cost=1_000_000,
        list_cost=1_000_000,
        effective_cost=1_000_000,
        billed_cost=1_000_000,
    )
    document, _ = statement(1, count=0)
    document = changed(document, "lines", count=1, list_cost=10**6, effective=10**6, billed=10**6)
    return changed(document, "header", cost_center_name=text, owner_name=text), [line]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:24])
def test_csv_keeps_a_hostile_text_and_no_spreadsheet_runs_it(text: str) -> None:
    (row,) = csv_rows(written(Format.CSV, *named(text)))
    (focus,) = csv_rows(written(Format.FOCUS, *named(text)))
    expected = safe_cells([text])[0]
    assert row["namespace"] == row["notes"] == focus["x_Namespace"] == expected
    assert row["billed_cost"] == "1.000000"
    begins = ("=", "+", "-", "@", "\t", "\r", "\n", "＝")
    assert not any(cell.startswith(begins) for cell in [*row.values(), *focus.values()])


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:24])
def test_xlsx_keeps_a_hostile_text_as_text(text: str) -> None:
    book = workbook(written(Format.XLSX, *named(text)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d", "inlineStr"}
    assert not any(cell.hyperlink for cell in cells)
    found = book["Lines"]["L2"].value or ""
    shown = text.replace("\r\n", "\n").replace("\x01", "\ufffd").replace("\x08", "\ufffd")
    assert found == shown


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:24])
def test_parquet_keeps_a_hostile_text_unchanged(text: str) -> None:
    (row,) = parquet_rows(written(Format.PARQUET, *named(text)))
    assert row["namespace"] == row["cost_center_name"] == text


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:24])
def test_pdf_shows_a_hostile_text_and_never_reads_it_as_markup(text: str) -> None:
    found = pdf_text(written(Format.PDF, *named(text)))
    assert "1.00 EUR" in found
    if text.isascii() and text.isprintable() and len(text) < 30:
        assert text.strip() in found
    assert "root:" not in found
