"""Reports of a month's statements: those that the member who asks may see, in one file for each format."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import QuerySet

from costinsights.core.errors import Conflict, InvalidInput
from costinsights.core.money import amount_text
from reporting import rendering
from reporting.allocation.types import Bucket
from reporting.exports.formats import Format, content_type, file_name
from reporting.models import CostCenter, Period, Statement, WorkState
from reporting.reports.making import (
    Asked,
    Made,
    Mover,
    Preview,
    Progress,
    Summary,
    keep_file,
    refuse_unknown,
)
from reporting.statements import work
from reporting.statements.asking import checked_month
from reporting.statements.closing import reporting_settings
from reporting.statements.document import decode
from reporting.statements.months import month_after
from reporting.tasks import prepare_month
from reporting.visibility import codes_below, sees_all, visible_statements

FORMATS = tuple(Format)
LAST, CURRENT = "last", "current"
_KNOWN = ("month", "centers")
_COLUMNS = ("number", "code", "name", "state", "billed_cost")


@dataclass(frozen=True, slots=True)
class Selection(rendering.Source):
    """Some statements of one revision of a month; revision 0 is preliminary."""

    revision: int = 0
    pks: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """What its files are called: `CI-2026-10-r1`."""
        state = f"r{self.revision}" if self.revision else "preliminary"
        return f"{reporting_settings().number_prefix}-{self.period}-{state}"

    def statements(self) -> QuerySet[Statement]:
        return Statement.objects.filter(pk__in=self.pks)


def checked(parameters: Mapping[str, Any], *, now: dt.datetime) -> dict[str, Any]:
    """The month (`last`, `current` or one of its own) and the cost centres; none for all. Raises InvalidInput."""
    refuse_unknown(parameters, _KNOWN)
    month = parameters.get("month") or LAST
    if not isinstance(month, str):
        raise InvalidInput("Write the month as text: last, current, or 2026-09.", field="month")
    if month not in (LAST, CURRENT):
        if checked_month(month) > now.date():
            raise InvalidInput("That month has not begun.", field="month", value=month)
        month = month.strip()
    codes = parameters.get("centers") or []
    if not (isinstance(codes, list) and all(isinstance(code, str) for code in codes)):
        raise InvalidInput("Give a list of cost centres' codes.", field="centers")
    known = set(CostCenter.objects.filter(code__in=codes).values_list("code", flat=True))
    for code in codes:
        if code not in known:
            raise InvalidInput(
                f"There is no cost centre “{code[:32]}”.", field="centers", value=code[:32]
            )
    return {"month": month, "centers": sorted(known)}


def make(asked: Asked, progress: Progress) -> Made:
    """Prepare the month if nobody has, and write the statements in every format. Raises Conflict where there are none."""
    month = _month(asked)
    if sees_all(asked.member):
        _have_prepared(month, asked)
    found = list(_chosen(month, asked))
    if not found:
        raise Conflict(f"There are no statements of {month:%B %Y} that you may see.")
    period = found[0].period
    source = Selection(period, revision=found[0].revision, pks=tuple(one.pk for one in found))
    count = len(found)
    whole = len(asked.formats) * count
    made = [
        _kept(source, Format(wanted), partial(_told, progress, place * count, whole))
        for place, wanted in enumerate(asked.formats)
    ]
    return Made(_summary(month, found), made, statements=[one.pk for one in found])


def _told(progress: Progress, before: int, whole: int, done: int) -> None:
    """Statements written of the formats before, and of this one."""
    progress(before + done, whole)


def _kept(source: Selection, wanted: Format, told: Callable[[int], None]) -> dict[str, Any]:
    told(0)
    name, kind = file_name(wanted, source.name, period=True), content_type(wanted, period=True)
    return keep_file(
        name, wanted.value, kind, lambda out: rendering.write(source, wanted, out, told)
    )


def preview(asked: Asked, *, most: int) -> Preview:
    """The first statements and what all come to. Nothing is prepared."""
    month = _month(asked)
    found = list(_chosen(month, asked))
    rows = [
        [
            one.number,
            one.code,
            one.name,
            f"closed r{one.revision}" if one.revision else "preliminary",
            amount_text(one.billed),
        ]
        for one in found[:most]
    ]
    return Preview(_summary(month, found), _COLUMNS, rows)


def _month(asked: Asked) -> dt.date:
    text = asked.parameters.get("month", LAST)
    first = asked.wall_clock.date().replace(day=1)
    if text == CURRENT:
        return first
    return month_after(first, -1) if text == LAST else checked_month(text)


def _have_prepared(month: dt.date, asked: Asked) -> None:
    """Make preliminary statements where there are none at all; what somebody prepared is left as it is."""
    if month > asked.now.date():
        raise Conflict(f"{month:%B %Y} has not begun by UTC, which costs are kept in.")
    period, _ = Period.objects.get_or_create(month=month)
    if Statement.objects.filter(period=period).exists():
        return
    work.claim(period, "prepare")
    if prepare_month(period_id=period.pk, member_id=asked.member.pk) != WorkState.IDLE:
        period.refresh_from_db()
        raise Conflict(f"{month:%B %Y} could not be prepared. {period.work_message}".strip())


def _chosen(month: dt.date, asked: Asked) -> QuerySet[Statement]:
    """What is preliminary for those who see all, otherwise the last close."""
    seen = visible_statements(asked.member).filter(period__month=month)
    newest = seen.filter(revision=0) if sees_all(asked.member) else seen.none()
    if not newest.exists():
        period = Period.objects.filter(month=month).first()
        newest = seen.filter(revision=period.revision if period else 0)
    codes = asked.parameters.get("centers") or []
    if codes:
        own = set(CostCenter.objects.filter(code__in=codes).values_list("pk", flat=True))
        newest = newest.filter(bucket=Bucket.CENTER, code__in=codes_below(own))
    return newest.select_related("period", "center__owner").order_by("bucket", "code")


def _summary(month: dt.date, found: Sequence[Statement]) -> Summary:
    before = [decode(one.document).summary.previous for one in found]
    known = [amount for amount in before if amount is not None]
    is_open = bool(found) and found[0].revision == 0
    notes = []
    if not found:
        notes.append("There are no statements yet: a run by an analyst makes preliminary ones.")
    elif is_open:
        notes.append("The month is not closed: amounts are preliminary and may change.")
    return Summary(
        title=f"Statements of {month:%B %Y}",
        start=month,
        end=month_after(month),
        currency=found[0].currency if found else "",
        total=sum(one.billed for one in found) if found else None,
        previous=sum(known) if known and len(known) == len(found) else None,
        movers=[
            Mover(_label(one), one.billed, amount, one.billed - amount)
            for one, amount in zip(found, before, strict=True)
            if amount is not None and one.billed != amount
        ],
        rows=len(found),
        notes=notes,
        is_preliminary=is_open,
    )


def _label(statement: Statement) -> str:
    """`CC100 Shop`; what belongs to no cost centre has a name alone."""
    is_center = statement.bucket == Bucket.CENTER
    return f"{statement.code} {statement.name}" if is_center else statement.name
