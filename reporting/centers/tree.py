"""Cost centres as a tree, with what the last month billed them and all below them."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from reporting.allocation.types import Bucket
from reporting.models import CenterLevel, CostCenter, Period, PeriodState, Statement


@dataclass(frozen=True, slots=True)
class TreeLine:
    """A unit in its place. `billed` are micro-units with everything below it; None: no statement."""

    center: CostCenter
    depth: int
    billed: int | None
    ended: bool

    @property
    def level(self) -> str:
        return CenterLevel(self.center.level).label


@dataclass(frozen=True, slots=True)
class Billed:
    """The last month that has statements, and the amounts of its last revision by code."""

    month: dt.date
    currency: str
    amounts: dict[str, int]


def last_billed() -> Billed | None:
    """None before the first preparation."""
    period = Period.objects.exclude(state=PeriodState.OPEN).order_by("-month").first()
    if period is None:
        return None
    revision = 0 if period.state == PeriodState.PRELIMINARY else period.revision
    rows = Statement.objects.filter(period=period, revision=revision, bucket=Bucket.CENTER)
    return Billed(period.month, period.currency, dict(rows.values_list("code", "billed")))


def tree_lines(search: str, billed: Billed | None, today: dt.date) -> list[TreeLine]:
    """Every unit under its parent, by code; with a search only those that hold it, and what they stand under."""
    rows = list(CostCenter.objects.select_related("owner"))
    below: dict[int | None, list[CostCenter]] = defaultdict(list)
    for row in rows:
        below[row.parent_id].append(row)
    wanted = _found(rows, search.strip().lower())
    lines: list[TreeLine] = []
    _walk(None, 0, below, billed.amounts if billed else {}, today, lines)
    return [line for line in lines if line.center.pk in wanted]


def _walk(
    parent: int | None,
    depth: int,
    below: dict[int | None, list[CostCenter]],
    amounts: dict[str, int],
    today: dt.date,
    lines: list[TreeLine],
) -> int | None:
    """Adds the units under `parent`; answers what they were billed together."""
    whole: int | None = None
    for center in below[parent]:
        place = len(lines)
        lines.append(TreeLine(center, depth, None, False))
        parts = [
            amounts.get(center.code),
            _walk(center.pk, depth + 1, below, amounts, today, lines),
        ]
        known = [part for part in parts if part is not None]
        own = sum(known) if known else None
        ended = center.valid_to is not None and center.valid_to <= today
        lines[place] = TreeLine(center, depth, own, ended)
        if own is not None:
            whole = (whole or 0) + own
    return whole


def _found(rows: list[CostCenter], search: str) -> set[int]:
    parents = {row.pk: row.parent_id for row in rows}
    wanted: set[int] = set()
    for row in rows:
        texts = (row.code, row.name, row.owner_name, row.owner_email, row.gl_account)
        if search and not any(search in text.lower() for text in texts):
            continue
        at: int | None = row.pk
        while at is not None and at not in wanted:
            wanted.add(at)
            at = parents.get(at)
    return wanted
