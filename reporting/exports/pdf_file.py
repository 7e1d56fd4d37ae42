"""A statement as PDF: typst over the template in `typst/`, archivable (PDF/A-2a) and accessible (PDF/UA-1).

What people wrote reaches the template as JSON and is never read as markup. Fonts are those inside typst, the time
inside the file is the document's: the same statement gives the same bytes.
"""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import typst

from reporting.exports.pdf_data import encoded
from reporting.exports.pdf_lines import grouped_lines
from reporting.statements.document import Line, StatementDocument

PDF_TYPE = "application/pdf"
_FOLDER = Path(__file__).parent / "typst"


def write_pdf(document: StatementDocument, lines: Iterable[Line], out: BinaryIO) -> None:
    """The document. Raises LinesDiffer if the lines are not the document's."""
    out.write(rendered(document, lines))


def rendered(document: StatementDocument, lines: Iterable[Line]) -> bytes:
    data = encoded(document, grouped_lines(document, lines))
    made = dt.datetime.fromisoformat(document.header.generated_at)
    return typst.compile(
        _FOLDER / "statement.typ",
        root=_FOLDER,
        ignore_system_fonts=True,
        sys_inputs={"data": data},
        pdf_standards=["a-2a", "ua-1"],
        timestamp=int(made.timestamp()),
        format="pdf",
    )
