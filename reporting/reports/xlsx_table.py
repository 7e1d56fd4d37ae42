"""A table of typed columns as a workbook: numbers as numbers, text always text, notes on a sheet of their own."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from costinsights.core.tabular import Column, ColumnKind, Table
from reporting.exports.xlsx_file import MOST_ROWS, WORKBOOK_SETTINGS, plain

_SCALE = Decimal(1_000_000)
_WIDTHS = {ColumnKind.TEXT: 24, ColumnKind.INSTANT: 17}
_OTHER_WIDTH = 14


def write_table(table: Table, out: BinaryIO, *, made_at: dt.datetime) -> None:
    """The workbook, streamed; further sheets where one is full. `made_at` stands in it: the same bytes each time."""
    with Workbook(out, WORKBOOK_SETTINGS) as workbook:
        workbook.set_properties({"created": made_at.astimezone(dt.UTC).replace(tzinfo=None)})
        looks = {
            ColumnKind.MONEY: workbook.add_format({"num_format": "#,##0.00####"}),
            ColumnKind.RATIO: workbook.add_format({"num_format": "0.00%"}),
            ColumnKind.INSTANT: workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        }
        head = workbook.add_format({"bold": True, "bottom": 1})
        sheet, line = _sheet(workbook, table.columns, head), 1
        for row in table.rows:
            if line > MOST_ROWS:
                sheet, line = _sheet(workbook, table.columns, head), 1
            _write_row(sheet, line, table.columns, row, looks)
            line += 1
        notes = workbook.add_worksheet("Notes")
        notes.set_column(0, 1, 30)
        for place, (name, text) in enumerate(table.notes.items()):
            notes.write_string(place, 0, plain(name))
            notes.write_string(place, 1, plain(text))


def _sheet(workbook: Workbook, columns: Sequence[Column], head: Any) -> Worksheet:
    sheet = workbook.add_worksheet(f"Costs {len(workbook.worksheets()) + 1}")
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, _WIDTHS.get(column.kind, _OTHER_WIDTH))
        sheet.write_string(0, place, plain(column.name), head)
    return sheet


def _write_row(
    sheet: Worksheet, line: int, columns: Sequence[Column], row: Sequence[Any], looks: Any
) -> None:
    for place, (column, value) in enumerate(zip(columns, row, strict=True)):
        if value is None:
            continue  # unknown is empty, not zero
        look = looks.get(column.kind)
        if column.kind is ColumnKind.TEXT:
            sheet.write_string(line, place, plain(value))
        elif column.kind is ColumnKind.INSTANT:
            sheet.write_datetime(line, place, value.astimezone(dt.UTC).replace(tzinfo=None), look)
        else:
            number = value / _SCALE if column.kind is ColumnKind.MONEY else value
            sheet.write_number(line, place, number, look)
