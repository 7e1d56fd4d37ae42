"""Whether everything closed is still what it was: hashes of lines, statements and closes, and the chain of closes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from reporting.models import Period, PeriodClose, ReviewEvent, Statement
from reporting.statements.closing import GENESIS
from reporting.statements.document import decode, sha256_of_lines
from reporting.statements.writing import lines_of


@dataclass(frozen=True, slots=True)
class Problem:
    """What does not hold, and of what."""

    subject: str
    text: str


class StatementName(msgspec.Struct):
    """A statement as its close names it."""

    number: str
    sha256: str


class CloseNames(msgspec.Struct):
    """What of a close's document is checked."""

    prev_sha256: str
    statements: list[StatementName]


def verify_closes(*, of: Period | None = None) -> Iterator[Problem]:
    """Every close in the order of the chain, with its statements and their lines: all, or those of one month."""
    prev, number = GENESIS, 0
    for made in PeriodClose.objects.select_related("period").order_by("number").iterator():
        subject = f"{made.period} r{made.revision}"
        number += 1
        if made.number != number:
            yield Problem(subject, f"its number is {made.number}, the next would be {number}")
            number = made.number
        if hashlib.sha256(made.document.encode()).hexdigest() != made.sha256:
            yield Problem(subject, "its document is not what its hash says")
        try:
            document = msgspec.json.decode(made.document, type=CloseNames)
        except msgspec.DecodeError:
            yield Problem(subject, "its document cannot be read")
            prev = made.sha256
            continue
        if made.prev_sha256 != prev or document.prev_sha256 != prev:
            yield Problem(subject, "it does not follow on the close before")
        prev = made.sha256
        if of is not None and made.period_id != of.pk:
            continue
        named = {one.number: one.sha256 for one in document.statements}
        for statement in Statement.objects.filter(
            period=made.period, revision=made.revision
        ).iterator():
            if named.pop(statement.number, None) != statement.sha256:
                yield Problem(statement.number, "its close does not name it with this hash")
            yield from verify_statement(statement)
        for missing in named:
            yield Problem(missing, "its close names it and it is not there")


def verify_month(period: Period) -> tuple[int, list[Problem]]:
    """How many statements of a month were checked, and everything about it that does not hold.

    The chain of closes is one: a fault in it is named whichever month is looked at.
    """
    problems = list(verify_closes(of=period))
    rows = Statement.objects.filter(period=period, revision__gt=0)
    for statement in rows.iterator():
        problems += verify_review(statement)
    return rows.count(), problems


def verify_statement(statement: Statement) -> Iterator[Problem]:
    """A statement's document and lines against their hashes."""
    if hashlib.sha256(statement.document.encode()).hexdigest() != statement.sha256:
        yield Problem(statement.number, "its document is not what its hash says")
    try:
        document = decode(statement.document)
    except msgspec.DecodeError:
        yield Problem(statement.number, "its document cannot be read")
        return
    if sha256_of_lines(lines_of(statement)) != document.lines.sha256:
        yield Problem(statement.number, "its lines are not what its document says")
    if (statement.billed, statement.effective, statement.line_count) != (
        document.lines.billed,
        document.lines.effective,
        document.lines.count,
    ):
        yield Problem(statement.number, "its totals are not those of its document")


def verify_review(statement: Statement) -> Iterator[Problem]:
    """The chain of a statement's sign-off."""
    prev = statement.sha256
    for place, event in enumerate(
        ReviewEvent.objects.filter(statement=statement).order_by("sequence"), start=1
    ):
        if event.sequence != place or event.prev_sha256 != prev:
            yield Problem(
                statement.number, f"step {event.sequence} of its sign-off does not follow"
            )
        if event_sha256(event) != event.sha256:
            yield Problem(statement.number, f"step {event.sequence} of its sign-off was changed")
        prev = event.sha256


def event_sha256(event: ReviewEvent) -> str:
    """Over everything a step says, and the step before."""
    said = [
        event.statement_id,
        event.sequence,
        event.at.isoformat(),
        event.actor,
        event.action,
        event.position,
        event.text,
        event.prev_sha256,
    ]
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()
