"""Reading every format back the way its users do."""

import csv
import io
import re
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pypdf

from reporting.exports.formats import Format, Options, write_statement
from reporting.statements.document import Line, StatementDocument


def written(
    wanted: Format, document: StatementDocument, lines: list[Line], options: Options | None = None
) -> bytes:
    out = io.BytesIO()
    write_statement(wanted, document, lines, out, options)
    return out.getvalue()


def csv_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def workbook(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def sheet_rows(content: bytes, name: str) -> list[dict[str, Any]]:
    """A sheet whose first row is its head."""
    head, *rows = workbook(content)[name].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def parquet_rows(content: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(io.BytesIO(content)).to_pylist()
    return found


def pdf_text(content: bytes, pages: int | None = None) -> str:
    """The words of the first `pages`, or of all, without the invisible places where a long one may break, white space as one space."""
    found = pypdf.PdfReader(io.BytesIO(content)).pages[:pages]
    text = " ".join(page.extract_text() for page in found).replace("\u200b", "")
    return re.sub(r"\s+", " ", text)


def total(rows: list[dict[str, Any]], column: str) -> Decimal:
    return sum((Decimal(str(row[column] or 0)) for row in rows), Decimal())
