"""A statement as a workbook: a sheet per block, numbers as numbers, text always text.

The lines are streamed (constant memory) and go on in further sheets where a sheet is full. Times inside the file are
the document's, so the same statement gives the same bytes.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from reporting.exports.columns import COLUMNS, SCALE, Column, Kind, batches
from reporting.exports.xlsx_blocks import Block, Table, blocks_of
from reporting.statements.document import Line, StatementDocument, sha256_of

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_575  # lines of one sheet, below its header
_LONGEST_TEXT = 32_767
_CUT = " … [cut]"
WORKBOOK_SETTINGS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}


def write_xlsx(document: StatementDocument, lines: Iterable[Line], out: BinaryIO) -> None:
    """The workbook. Raises LinesDiffer if the lines are not the document's."""
    with Workbook(out, WORKBOOK_SETTINGS) as workbook:
        workbook.set_size(2_400, 1_500)
        workbook.set_properties(_properties(document))
        book = Book(workbook, document.header.minor_digits)
        first, *others = blocks_of(document)
        book.add(first)
        _add_lines(book, document, lines)
        for block in others:
            book.add(block)


def _properties(document: StatementDocument) -> dict[str, Any]:
    header = document.header
    made = dt.datetime.fromisoformat(header.generated_at)
    return {
        "title": plain(header.statement_no),
        "subject": plain(f"{header.cost_center_code} {header.period_start}"),
        "company": plain(header.tenant_name),
        "comments": f"SHA-256 of the statement: {sha256_of(document)}",
        "created": made.astimezone(dt.UTC).replace(tzinfo=None),
    }


def plain(text: str) -> str:
    """What a cell can hold: no control characters but tab and line feed, and not too long."""
    if len(text) <= _LONGEST_TEXT and text.isprintable():
        return text
    kept = "".join(
        "\ufffd" if (char < " " and char not in "\t\n") or "\ud800" <= char <= "\udfff" else char
        for char in text.replace("\r\n", "\n")
    )
    return kept if len(kept) <= _LONGEST_TEXT else kept[: _LONGEST_TEXT - len(_CUT)] + _CUT


class Book:
    """A workbook with the few formats that its sheets share."""

    def __init__(self, workbook: Workbook, minor_digits: int) -> None:
        self.workbook = workbook
        # The small print, so that a print-out says what it is.
        cents = "0" * minor_digits
        money = f"#,##0.{cents};[Red]-#,##0.{cents}" if cents else "#,##0;[Red]-#,##0"
        base = {"font_name": "Calibri", "font_size": 10, "valign": "top"}

        def made(**more: Any) -> Format:
            return workbook.add_format({**base, **more})

        self.formats = {
            "text": made(),
            "wrap": made(text_wrap=True),
            "strong": made(bold=True),
            "title": made(bold=True, font_size=14),
            "head": made(bold=True, bg_color="#1F3A5F", font_color="#FFFFFF", text_wrap=True),
            "head_number": made(
                bold=True, bg_color="#1F3A5F", font_color="#FFFFFF", text_wrap=True, align="right"
            ),
            "money": made(num_format=money),
            "money_strong": made(num_format=money, bold=True, top=1),
            "exact": made(num_format="#,##0.000000;[Red]-#,##0.000000"),
            "exact_strong": made(num_format="#,##0.000000;[Red]-#,##0.000000", bold=True, top=1),
            "hours": made(num_format="#,##0.00"),
            "percent": made(num_format="0.00%"),
            "ratio": made(num_format="0.000000"),
            "count": made(num_format="0"),
            "day": made(num_format="yyyy-mm-dd", align="left"),
        }

    def add(self, block: Block) -> None:
        """A sheet of tables below each other; the first table's header stays in sight if it is the only one."""
        sheet = self.sheet(block.name, block.widths)
        row = 0
        if block.title:
            self.write(sheet, row, 0, block.title, "title")
            row += 2
        if len(block.tables) == 1 and block.tables[0].head:
            sheet.freeze_panes(row + 1, 0)
        for table in block.tables:
            row = self._table(sheet, row, table) + 1
        self._chart(sheet, block)

    def sheet(self, name: str, widths: Iterable[float]) -> Worksheet:
        sheet = self.workbook.add_worksheet(name)
        for index, width in enumerate(widths):
            sheet.set_column(index, index, width)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&F&C&A&RPage &P of &N")
        return sheet

    def _table(self, sheet: Worksheet, row: int, table: Table) -> int:
        for index, (title, form) in enumerate(zip(table.head, table.forms, strict=False)):
            self.write(sheet, row, index, title, _head_form(form))
        row += bool(table.head)
        for values in table.rows:
            for index, (value, form) in enumerate(zip(values, table.forms, strict=True)):
                strong = values is table.total
                self.write(sheet, row, index, value, _strong_form(form) if strong else form)
            row += 1
        return row

    def write(self, sheet: Worksheet, row: int, column: int, value: Any, form: str) -> None:
        """A value by its Python type: text as text whatever it begins with, None as an empty cell."""
        style = self.formats[form]
        if value is None:
            return
        if isinstance(value, str):
            sheet.write_string(row, column, plain(value), style)
        elif isinstance(value, dt.date):
            sheet.write_datetime(row, column, value, style)
        else:
            sheet.write_number(row, column, value, style)

    def _chart(self, sheet: Worksheet, block: Block) -> None:
        """Columns over the months, from the cells that the block names, if it does."""
        if block.chart is None:
            return
        first, last, column = block.chart
        chart = self.workbook.add_chart({"type": "column"})
        chart.add_series(
            {
                "categories": [block.name, first, 0, last, 0],
                "values": [block.name, first, column, last, column],
                "fill": {"color": "#2F6DB5"},
                "gap": 60,
            }
        )
        chart.set_legend({"none": True})
        chart.set_title({"name": "Billed by month", "name_font": {"size": 11}})
        chart.set_y_axis(
            {
                "num_format": "#,##0",
                "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}},
            }
        )
        chart.set_size({"width": 560, "height": 280})
        sheet.insert_chart(2, 7, chart)


def _head_form(form: str) -> str:
    return "head" if form in ("text", "wrap", "day", "strong") else "head_number"


def _strong_form(form: str) -> str:
    return {
        "money": "money_strong",
        "exact": "exact_strong",
        "text": "strong",
        "wrap": "strong",
    }.get(form, form)


# Lines ------------------------------------------------------------------------------------------


def _add_lines(book: Book, document: StatementDocument, lines: Iterable[Line]) -> None:
    sheet, row, number = _lines_sheet(book, 1), 0, 1
    plan = [(_line_form(column), column.kind) for column in COLUMNS]
    for batch in batches(document, lines):
        for values in zip(*batch, strict=True):
            if row == MOST_ROWS:
                _filtered(sheet, row)
                number += 1
                sheet, row = _lines_sheet(book, number), 0
            row += 1
            for index, (value, (form, kind)) in enumerate(zip(values, plan, strict=True)):
                if value is not None and value != "":
                    book.write(sheet, row, index, _as_number(kind, value), form)
    _filtered(sheet, row)


def _lines_sheet(book: Book, number: int) -> Worksheet:
    sheet = book.sheet("Lines" if number == 1 else f"Lines {number}", map(_width, COLUMNS))
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    for index, column in enumerate(COLUMNS):
        book.write(sheet, 0, index, column.name, _head_form(_line_form(column)))
    return sheet


def _filtered(sheet: Worksheet, rows: int) -> None:
    sheet.autofilter(0, 0, rows, len(COLUMNS) - 1)


def _as_number(kind: Kind, value: Any) -> Any:
    """The nearest float: a spreadsheet holds 15 digits, what is beyond them is in the CSV."""
    match kind:
        case Kind.TEXT | Kind.COUNT:
            return value
        case Kind.DAY:
            return dt.date.fromisoformat(value)
        case Kind.PERCENT:
            return value / 10_000  # a spreadsheet's percent is a part of 1
    return value / 10 ** SCALE[kind]


def _line_form(column: Column) -> str:
    if column.name == "billed_cost":
        return "money"
    if column.unit == "currency":
        return "exact"
    by_kind = {
        Kind.DAY: "day",
        Kind.COUNT: "count",
        Kind.PERCENT: "percent",
        Kind.RATIO: "ratio",
        Kind.MICROS: "hours",
    }
    return by_kind.get(column.kind, "text")


_WIDTHS = {
    "statement_no": 22,
    "namespace": 22,
    "controller": 28,
    "cost_center_name": 22,
    "owner_email": 24,
    "pool": 26,
    "notes": 30,
    "snapshot_id": 18,
    "label_value": 16,
}


def _width(column: Column) -> float:
    by_kind = {Kind.MICROS: 15, Kind.DAY: 11, Kind.RATIO: 11}
    return _WIDTHS.get(column.name, by_kind.get(column.kind, max(10, len(column.name) + 1)))
