"""Making files of statements and months, and keeping those of what is closed."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from django.core.cache import cache
from django.db.models import QuerySet

from costinsights.core.errors import Conflict
from costinsights.core.tenancy import current_tenant
from reporting import files
from reporting.exports.formats import (
    Format,
    Options,
    content_type,
    file_name,
    write_period,
    write_statement,
)
from reporting.exports.journal import Clearing
from reporting.models import Period, PeriodClose, Statement, StatementFile
from reporting.statements.closing import reporting_settings
from reporting.statements.document import Line, StatementDocument, decode
from reporting.statements.writing import lines_of

IN_MEMORY = 8 << 20
PROGRESS_KEPT_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Source:
    """What a file is made of: one statement, or every statement of a month's revision."""

    period: Period
    statement: Statement | None = None
    close: PeriodClose | None = None

    @property
    def name(self) -> str:
        if self.statement:
            return self.statement.number
        prefix = reporting_settings().number_prefix
        revision = f"r{self.close.revision}" if self.close else "p"
        return f"{prefix}-{self.period}-{revision}"

    @property
    def is_closed(self) -> bool:
        return bool(self.close or (self.statement and self.statement.revision))

    @property
    def kind(self) -> str:
        return "statement" if self.statement else "period"

    @property
    def key(self) -> int:
        """Of the statement or of the close."""
        one = self.statement or self.close
        return one.pk if one else 0

    def statements(self) -> QuerySet[Statement]:
        if self.statement:
            return Statement.objects.filter(pk=self.statement.pk)
        revision = self.close.revision if self.close else 0
        return Statement.objects.filter(period=self.period, revision=revision)

    def kept(self) -> QuerySet[StatementFile]:
        if self.statement:
            return StatementFile.objects.filter(statement=self.statement)
        return (
            StatementFile.objects.filter(close=self.close)
            if self.close
            else (StatementFile.objects.none())
        )


def make(
    source: Source, wanted: Format, progress: Callable[[int], None] = lambda _: None
) -> StatementFile:
    """Render what is closed and keep it. Safe to repeat and to race: the same bytes, one row."""
    if not source.is_closed:
        raise Conflict(f"{source.name} is preliminary: it is not kept.")
    is_period = source.statement is None
    with spool() as out:
        write(source, wanted, cast(BinaryIO, out), progress)
        kept = files.keep(current_tenant().slug, cast(IO[bytes], out))
    made, _ = StatementFile.objects.get_or_create(
        statement=source.statement,
        close=source.close,
        format=wanted,
        profile=profile_of(wanted),
        defaults={
            "file_name": file_name(wanted, source.name, period=is_period),
            "content_type": content_type(wanted, period=is_period),
            "sha256": kept.sha256,
            "bytes": kept.size,
            "storage_name": kept.name,
        },
    )
    return made


def profile_of(wanted: Format) -> str:
    return str(Options().focus.value) if wanted is Format.FOCUS else ""


def write(
    source: Source,
    wanted: Format,
    out: BinaryIO,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    own = reporting_settings()
    clearing = Clearing(
        cost_center=own.credit_cost_center or Clearing().cost_center, account=own.credit_account
    )
    options = Options(clearing=clearing)
    if source.statement:
        document = decode(source.statement.document)
        write_statement(wanted, document, lines_of(source.statement), out, options)
        return
    write_period(wanted, _each(source, progress), out, name=source.name, options=options)


def _each(
    source: Source, progress: Callable[[int], None]
) -> Iterator[tuple[StatementDocument, Iterable[Line]]]:
    for done, statement in enumerate(source.statements().order_by("bucket", "code").iterator()):
        progress(done)
        yield decode(statement.document), lines_of(statement)


def spool() -> "tempfile.SpooledTemporaryFile[bytes]":
    return tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)


def make_by_job(kind: str, key: int, wanted: Format) -> None:
    """The job's part: make the file and say on the way how far it is."""
    if kind == "statement":
        statement = Statement.objects.select_related("period").get(pk=key)
        source = Source(statement.period, statement=statement)
    else:
        close = PeriodClose.objects.select_related("period").get(pk=key)
        source = Source(close.period, close=close)
    place = progress_key(source, wanted)
    try:
        make(source, wanted, lambda done: cache.set(place, done, PROGRESS_KEPT_SECONDS))
    finally:
        cache.delete(place)


def progress_key(source: Source, wanted: Format) -> str:
    return f"reporting:file:{source.kind}:{source.key}:{wanted}"
