"""Checks an audit log's hash chain against what stands in its tables, without the database's functions.

Everything is computed again here, so that a changed function or trigger in the database hides nothing.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from costinsights.core.audit_sql import GENESIS, HASHED, AuditLog

BATCH: Final = 2_000

_HEAD = "SELECT sequence, hash FROM {head} WHERE id = 1"
_AHEAD = (
    "SELECT sequence, prev_hash, hash, {hashed} FROM {entries} AS e "
    "WHERE sequence > %s ORDER BY e.sequence, e.id LIMIT %s"
)
_ANY_AHEAD = "SELECT 1 FROM {entries} WHERE sequence > %s LIMIT 1"
# Entries of this very transaction wait for its commit.
_UNSEALED = (
    "SELECT id FROM {entries} WHERE sequence IS NULL AND transaction_id <> "
    "coalesce(pg_current_xact_id_if_assigned()::text::bigint, 0) ORDER BY id LIMIT 1"
)
_COUNT = "SELECT count(*) FROM {entries} WHERE sequence <= %s"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The end of a chain as it was noted elsewhere, so that a chain written anew shows."""

    sequence: int
    hash: str
    noted_on: str  # a day, for people


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: the chain held up to `sequence`, or `problem` names the first break."""

    sequence: int
    hash: str
    problem: str = ""

    @property
    def holds(self) -> bool:
        return not self.problem


class _Broken(Exception):
    """The first break, in words."""


def entry_hash(previous: str, fields: Iterable[str | None]) -> str:
    """SHA-256 over the previous hash and each field as `length in bytes:text,`; `-,` where there is none."""
    text = "".join("-," if f is None else f"{len(f.encode())}:{f}," for f in fields)
    return hashlib.sha256((previous + text).encode()).hexdigest()


def verify(log: AuditLog, anchors: Sequence[Anchor] = ()) -> Verdict:
    """Walk the whole chain of the current schema. Reads only, and may run while others write."""
    walk = _Walk(log, anchors)
    try:
        walk.to_the_end()
        walk.check_strays()
        walk.check_anchors()
    except _Broken as broken:
        return Verdict(walk.sequence, walk.hash, str(broken))
    return Verdict(walk.sequence, walk.hash)


class _Walk:
    """How far a check has come, and the checks of one entry after the other."""

    def __init__(self, log: AuditLog, anchors: Sequence[Anchor]) -> None:
        self.log = log
        self.sequence = 0
        self.hash = GENESIS
        self.anchors = {anchor.sequence: anchor for anchor in anchors}

    def to_the_end(self) -> None:
        """Entries may be added meanwhile: the end is where the head says it is and nothing follows."""
        while True:
            for sequence, previous, found, fields in self._entries_ahead():
                self._step(sequence, previous, found, fields)
            head = self._row(_HEAD)
            if head is None:
                if self.sequence:
                    raise _Broken("The row that keeps the end of the chain is missing.")
                return
            if head[0] <= self.sequence or not self._row(_ANY_AHEAD, self.sequence):
                break
        if head[0] > self.sequence:
            missing = f"{self.sequence + 1} to {head[0]}"
            raise _Broken(f"Entries {missing} are missing at the end of the chain.")
        if head[0] < self.sequence:
            raise _Broken(f"Entry {head[0] + 1} was added past the end of the chain.")
        if head[1] != self.hash:
            raise _Broken(f"Entry {self.sequence} is not the one that the end of the chain names.")

    def _entries_ahead(self) -> Iterator[tuple[int, str, str, Sequence[str | None]]]:
        while True:
            rows = self._rows(_AHEAD, self.sequence, BATCH)
            for sequence, previous, found, *fields in rows:
                yield sequence, previous, found, fields
            if len(rows) < BATCH:
                return

    def _step(self, sequence: int, previous: str, found: str, fields: Sequence[str | None]) -> None:
        if sequence <= self.sequence:
            raise _Broken(f"Entry {sequence} stands there twice.")
        if sequence != self.sequence + 1:
            raise _Broken(f"Entry {self.sequence + 1} is missing.")
        if previous != self.hash:
            raise _Broken(f"Entry {sequence} does not follow entry {sequence - 1}.")
        if found != entry_hash(previous, fields):
            raise _Broken(f"Entry {sequence} was changed after it was sealed.")
        anchor = self.anchors.pop(sequence, None)
        if anchor is not None and anchor.hash != found:
            raise _Broken(
                f"Entry {sequence} is another than the platform noted on {anchor.noted_on}."
            )
        self.sequence, self.hash = sequence, found

    def check_strays(self) -> None:
        """Entries outside of the chain, which the walk did not meet."""
        stray = self._row(_UNSEALED)
        if stray is not None:
            raise _Broken(f"The entry with id {stray[0]} was written past the chain.")
        for (count,) in self._rows(_COUNT, self.sequence):
            if count != self.sequence:
                raise _Broken(f"{count} entries stand there where {self.sequence} were sealed.")

    def check_anchors(self) -> None:
        for sequence in sorted(self.anchors):
            noted_on = self.anchors[sequence].noted_on
            raise _Broken(f"Entry {sequence}, which the platform noted on {noted_on}, is missing.")

    def _rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(self._filled(statement), parameters)
            return list(cursor.fetchall())

    def _filled(self, statement: str) -> str:
        log = self.log
        return statement.format(entries=log.entries, head=log.head, hashed=", ".join(HASHED))

    def _row(self, statement: str, *parameters: Any) -> tuple[Any, ...] | None:
        return next(iter(self._rows(statement, *parameters)), None)


def note_check(verdict: Verdict) -> None:
    """Keep what a check found beside the end of the chain, for the page."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT note_audit_check(%s, %s)", [verdict.sequence, verdict.problem])
