"""Statements into their tables: preliminary ones are replaced, closed ones are written once."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from costinsights.core.copying import copy_rows
from reporting.allocation.types import Bucket
from reporting.models import CostCenter, Period, PeriodPools, Statement, StatementLine
from reporting.statements.building import Draft
from reporting.statements.document import Line, canonical, sha256_of

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_COLUMNS = ("statement_id", *Line.__struct_fields__)


def write_statements(period: Period, revision: int, drafts: Iterable[Draft]) -> list[Statement]:
    """Insert the statements of a revision with their lines. For the surrounding transaction."""
    centers = dict(CostCenter.objects.values_list("code", "pk"))
    written = []
    for draft in drafts:
        document = draft.document
        statement = Statement.objects.create(
            period=period,
            revision=revision,
            bucket=draft.bucket.value,
            center_id=centers[draft.code] if draft.bucket is Bucket.CENTER else None,
            code=draft.code,
            name=draft.name,
            number=document.header.statement_no,
            currency=document.header.currency,
            billed=document.lines.billed,
            effective=document.lines.effective,
            line_count=document.lines.count,
            document=canonical(document).decode(),
            sha256=sha256_of(document),
        )
        copy_rows(StatementLine._meta.db_table, _COLUMNS, _copied(statement.pk, draft.lines))
        written.append(statement)
    return written


def forget_preliminary(period: Period) -> None:
    """Take a month's preliminary statements away."""
    rows = Statement.objects.filter(period=period, revision=0)
    StatementLine.objects.filter(statement__in=rows).delete()
    rows.delete()
    PeriodPools.objects.filter(period=period).delete()


def lines_of(statement: Statement) -> Iterator[Line]:
    """The lines of a statement in their order, a few at a time."""
    rows = (
        StatementLine.objects.filter(statement=statement)
        .order_by("position")
        .values_list(*Line.__struct_fields__)
    )
    for row in rows.iterator(chunk_size=2_000):
        yield Line(**dict(zip(Line.__struct_fields__, map(_plain, row), strict=True)))


def _plain(value: Any) -> Any:
    """Whole numbers that the database holds as decimals are whole numbers again."""
    return value if value is None or isinstance(value, str | int) else int(value)


def _copied(statement: int, lines: Iterable[Line]) -> Iterator[bytes]:
    head = str(statement)
    for line in lines:
        values = [head, *map(_copied_value, msgspec.structs.astuple(line))]
        yield ("\t".join(values) + "\n").encode()


def _copied_value(value: object) -> str:
    if value is None:
        return "\\N"
    return str(value).translate(_ESCAPES)
