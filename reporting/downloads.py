"""Statements and months as files.

What is closed is rendered once and kept under the hash of its content; every later download is those bytes, checked.
What is preliminary is rendered anew each time and says so. Large files are made by a job.
"""

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from django.core.cache import cache
from django.db.models import Sum
from django.http import StreamingHttpResponse

from costinsights.core.audit import record_event
from costinsights.core.errors import ApplicationError, Conflict, InvalidInput, NotFound
from costinsights.core.tenancy import current_tenant
from reporting import files
from reporting.exports.formats import ZIPPED, Format, content_type, file_name
from reporting.models import Period, PeriodClose, Statement, StatementFile
from reporting.rendering import (
    PROGRESS_KEPT_SECONDS,
    Source,
    make,
    profile_of,
    progress_key,
    spool,
    write,
)
from reporting.tasks import make_file

_CHUNK = 1 << 16
# Up to so many lines and statements a file is made while the caller waits.
MOST_LINES = {Format.PDF: 2_000, Format.XLSX: 20_000}
MOST_LINES_OF_TEXT = 200_000
MOST_ZIPPED = 8


class FileDamaged(ApplicationError):
    """A kept file is not what it was, and what would be made now differs as well."""

    code = "file_damaged"
    status = 500
    title = "The file is damaged"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the job that makes a file is."""

    done: int
    whole: int


def source_of_statement(statement: Statement) -> Source:
    return Source(statement.period, statement=statement)


def source_of_period(period: Period, revision: int | None = None) -> Source:
    """The last close, a given revision (0: what is preliminary). Raises NotFound where there is none."""
    wanted = period.revision if revision is None else revision
    if revision is None and Statement.objects.filter(period=period, revision=0).exists():
        wanted = 0
    if not Statement.objects.filter(period=period, revision=wanted).exists():
        raise NotFound(f"{period} has no statements of that revision.")
    close = PeriodClose.objects.filter(period=period, revision=wanted).first()
    return Source(period, close=close)


def format_of(text: str) -> Format:
    """Raises InvalidInput."""
    try:
        return Format(text)
    except ValueError as error:
        raise InvalidInput(
            f"There is no such format. Use {', '.join(Format)}.", field="format", value=text[:20]
        ) from error


def file_answer(source: Source, wanted: Format) -> StreamingHttpResponse | Progress:
    """The file as a download, logged before its first byte; how far the job is while it is being made."""
    if source.is_closed:
        kept = source.kept().filter(format=wanted, profile=profile_of(wanted)).first()
        if kept is None:
            if is_large(source, wanted):
                return _have_it_made(source, wanted)
            kept = make(source, wanted)
        return _kept_answer(source, kept)
    if is_large(source, wanted):
        raise Conflict(
            f"As {wanted.upper()}, {source.name} is too large before its month is closed. Take CSV, or its "
            "statements one by one."
        )
    out = spool()
    write(source, wanted, cast(BinaryIO, out))
    out.seek(0)
    name = file_name(wanted, source.name, period=source.statement is None)
    _note(source, wanted, name, "")
    stack = ExitStack()
    stack.callback(out.close)
    return streamed(out, stack, name, content_type(wanted, period=source.statement is None))


def is_large(source: Source, wanted: Format) -> bool:
    """Whether a job makes it rather than the request."""
    rows = source.statements()
    if wanted in ZIPPED and rows.count() > MOST_ZIPPED:
        return True
    if wanted is Format.JOURNAL:
        return False
    lines = rows.aggregate(whole=Sum("line_count"))["whole"] or 0
    return bool(lines > MOST_LINES.get(wanted, MOST_LINES_OF_TEXT))


def _kept_answer(source: Source, kept: StatementFile) -> StreamingHttpResponse:
    stack = ExitStack()
    tenant = current_tenant().slug
    try:
        file = stack.enter_context(files.opened(tenant, kept.sha256))
    except (files.FileGone, files.FileChanged):
        # What is closed can be made again; it is handed out only if it is the same to the byte.
        if make(source, Format(kept.format)).sha256 != kept.sha256 or not files.verify(
            tenant, kept.sha256
        ):
            raise FileDamaged(
                f"{kept.file_name} is not what it was when it was made. Ask whoever runs the platform to "
                "restore it from a backup."
            ) from None
        file = stack.enter_context(files.opened(tenant, kept.sha256))
    _note(source, Format(kept.format), kept.file_name, kept.sha256)
    answer = streamed(file, stack, kept.file_name, kept.content_type)
    answer["Content-Length"] = str(kept.bytes)
    answer["ETag"] = f'"{kept.sha256}"'
    answer["Repr-Digest"] = f"sha-256=:{_base64(kept.sha256)}:"
    return answer


def _base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()


def streamed(file: IO[bytes], stack: ExitStack, name: str, kind: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(_pieces(file, stack), content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _pieces(file: IO[bytes], stack: ExitStack) -> Iterator[bytes]:
    with stack:
        while chunk := file.read(_CHUNK):
            yield chunk


def _note(source: Source, wanted: Format, name: str, sha256: str) -> None:
    record_event(
        f"{source.kind}.downloaded",
        target=name,
        target_id=str(source.statement.pk if source.statement else source.period.pk),
        details={"format": wanted.value, "sha256": sha256},
    )


# By a job ---------------------------------------------------------------------------------------


def _have_it_made(source: Source, wanted: Format) -> Progress:
    whole = source.statements().count()
    key = progress_key(source, wanted)
    if cache.add(key, 0, PROGRESS_KEPT_SECONDS):
        make_file.enqueue_on_commit(kind=source.kind, key=source.key, wanted=wanted.value)
    return Progress(int(cache.get(key) or 0), whole)
