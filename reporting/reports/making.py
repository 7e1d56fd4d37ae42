"""What the kinds of reports have in common: what is asked for, what comes of it, and putting files away."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, Any, BinaryIO, cast

from costinsights.accounts.models import User
from costinsights.core.errors import InvalidInput
from costinsights.core.money import amount_text
from costinsights.core.tenancy import current_tenant
from reporting import files
from reporting.rendering import spool

MOST_MOVERS = 5
# Done and whole; raises when the run was cancelled or another job has it.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A report for a member. `wall_clock` is the workspace's time of the moment that words such as “last” start from,
    written as if it were UTC: months and days of costs are those of UTC."""

    parameters: Mapping[str, Any]
    formats: Sequence[str]
    member: User
    wall_clock: dt.datetime
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class Mover:
    """Something whose cost changed: micro-units; None where nothing is known."""

    label: str
    current: int | None
    previous: int | None
    delta: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a report says in a few lines. Money in micro-units; None is unknown, never zero."""

    title: str
    start: dt.date  # UTC, included
    end: dt.date  # UTC, excluded
    currency: str
    total: int | None
    previous: int | None
    movers: Sequence[Mover] = ()
    rows: int = 0
    notes: Sequence[str] = ()
    is_preliminary: bool = False

    @property
    def delta(self) -> int | None:
        if self.total is None or self.previous is None:
            return None
        return self.total - self.previous

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it: money as decimal text, the ratio with four decimals."""
        delta, ratio = self.delta, None
        if delta is not None and self.previous:
            ratio = f"{Decimal(delta) / self.previous:.4f}"
        return {
            "title": self.title,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "currency": self.currency,
            "total": text_of(self.total),
            "previous": text_of(self.previous),
            "delta": text_of(delta),
            "ratio": ratio,
            "movers": [
                {
                    "label": mover.label,
                    "current": text_of(mover.current),
                    "previous": text_of(mover.previous),
                    "delta": amount_text(mover.delta),
                }
                for mover in sorted(self.movers, key=lambda one: -abs(one.delta))[:MOST_MOVERS]
            ],
            "rows": self.rows,
            "notes": list(self.notes),
            "is_preliminary": self.is_preliminary,
        }


@dataclass(frozen=True, slots=True)
class Made:
    """What a run leaves: its summary, its files, and what somebody must be allowed to see to open them."""

    summary: Summary
    files: list[dict[str, Any]]
    scope_digest: str = ""
    statements: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a report, as texts, with its summary."""

    summary: Summary
    columns: Sequence[str]
    rows: Sequence[Sequence[str | None]]


def text_of(micros: int | None) -> str | None:
    return None if micros is None else amount_text(micros)


def keep_file(
    name: str, wanted: str, content_type: str, write: Callable[[BinaryIO], None]
) -> dict[str, Any]:
    """Write a file and put it away under its content. Returns what the run notes of it."""
    with spool() as out:
        write(cast(BinaryIO, out))
        kept = files.keep(current_tenant().slug, cast(IO[bytes], out))
    return {
        "name": name,
        "format": wanted,
        "content_type": content_type,
        "sha256": kept.sha256,
        "bytes": kept.size,
        "storage_name": kept.name,
    }


def refuse_unknown(parameters: Mapping[str, Any], known: Sequence[str]) -> None:
    """A misspelt parameter is an error, never silently nothing."""
    for name in parameters:
        if name not in known:
            raise InvalidInput(
                f"There is no parameter “{str(name)[:40]}”. There are {', '.join(known)}.",
                field=str(name)[:40],
            )
