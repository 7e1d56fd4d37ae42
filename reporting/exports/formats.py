"""Every format that a statement, or a whole period, can be had in: one way to write each."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO

from reporting.exports.csv_file import CSV_TYPE, Statements, write_csv_period
from reporting.exports.focus import Version, write_focus_period
from reporting.exports.journal import Clearing, write_journal
from reporting.exports.parquet_file import PARQUET_TYPE, write_parquet, write_parquet_period
from reporting.exports.pdf_file import PDF_TYPE, write_pdf
from reporting.exports.xlsx_file import XLSX_TYPE, write_xlsx
from reporting.statements.document import Line, StatementDocument

ZIP_TYPE = "application/zip"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file knows


class Format(StrEnum):
    """What a download may ask for; also the word in the address and in the database."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"
    PARQUET = "parquet"
    FOCUS = "focus"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class Options:
    """What a format may be told: the version of FOCUS, and whom the journal credits."""

    focus: Version = Version.V1_3
    clearing: Clearing = field(default_factory=Clearing)


_TYPES = {
    Format.CSV: (CSV_TYPE, ".csv"),
    Format.XLSX: (XLSX_TYPE, ".xlsx"),
    Format.PDF: (PDF_TYPE, ".pdf"),
    Format.PARQUET: (PARQUET_TYPE, ".parquet"),
    Format.FOCUS: (CSV_TYPE, ".focus.csv"),
    Format.JOURNAL: (CSV_TYPE, ".journal.csv"),
}
# Of these a whole period is a zip with a file per statement; the others go on in one file.
ZIPPED: dict[Format, Callable[[StatementDocument, Iterable[Line], BinaryIO], None]] = {
    Format.PDF: write_pdf,
    Format.XLSX: write_xlsx,
}


def content_type(wanted: Format, *, period: bool = False) -> str:
    return ZIP_TYPE if period and wanted in ZIPPED else _TYPES[wanted][0]


def file_name(wanted: Format, name: str, *, period: bool = False) -> str:
    """A file name of letters, digits, points and dashes, whatever `name` (a statement's number) has in it."""
    extension = _TYPES[wanted][1] + (".zip" if period and wanted in ZIPPED else "")
    return re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.")[:150] + extension


def write_statement(
    wanted: Format,
    document: StatementDocument,
    lines: Iterable[Line],
    out: BinaryIO,
    options: Options | None = None,
) -> None:
    """One statement. Raises LinesDiffer if the lines are not the document's."""
    if wanted in ZIPPED:
        ZIPPED[wanted](document, lines, out)
    elif wanted is Format.PARQUET:
        write_parquet(document, lines, out)
    else:
        _write_texts(wanted, [(document, lines)], out, options or Options())


def write_period(
    wanted: Format,
    statements: Statements,
    out: BinaryIO,
    *,
    name: str,
    options: Options | None = None,
) -> None:
    """All statements in one file, in the order given and one after the other: memory holds one at a time."""
    if wanted in ZIPPED:
        _write_zip(wanted, statements, out)
    elif wanted is Format.PARQUET:
        write_parquet_period(statements, out, name=name)
    else:
        _write_texts(wanted, statements, out, options or Options())


def _write_texts(wanted: Format, statements: Statements, out: BinaryIO, options: Options) -> None:
    match wanted:
        case Format.CSV:
            write_csv_period(statements, out)
        case Format.FOCUS:
            write_focus_period(statements, out, options.focus)
        case Format.JOURNAL:
            write_journal((document for document, _ in statements), out, options.clearing)
        case _:
            raise ValueError(f"{wanted} is no text format")


def _write_zip(wanted: Format, statements: Statements, out: BinaryIO) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for document, lines in statements:
            whole = io.BytesIO()
            ZIPPED[wanted](document, lines, whole)
            entry = zipfile.ZipInfo(file_name(wanted, document.header.statement_no), _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, whole.getvalue())
