"""What cost centres, rules and rates have in common: who may change them, and what a value may be."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation

from django.db import connection, transaction

from costinsights.accounts.models import Role, User
from costinsights.core.errors import InvalidInput, NotAllowed
from costinsights.opencost.filters import parse_filter
from reporting.allocation.matching import check_condition
from reporting.models import CostCenter
from reporting.models.centers import WHOLE
from reporting.visibility import sees_all

FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2100, 1, 1)
LONGEST_NAME = 120
LONGEST_NOTE = 500
MOST_TARGETS = 200
PPM_OF_PERCENT = WHOLE // 100


def check_configures(member: User) -> None:
    """Raises NotAllowed for members who do not see every statement: rules and previews tell of all costs."""
    if not member.has_role(Role.ANALYST):
        raise NotAllowed("This needs the role Analyst or more.")
    if not sees_all(member):
        raise NotAllowed("Cost centres and rules are over costs that your limits hide.")


@contextmanager
def one_writer() -> Iterator[None]:
    """One change of this workspace's configuration at a time: trees stay trees and orders stay orders."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('charging rules ' || current_schema(), 0))"
            )
        yield


def checked_text(text: str, field: str, *, longest: int, least: int = 0) -> str:
    """One line without double blanks. Raises InvalidInput."""
    found = " ".join(text.split())
    if not least <= len(found) <= longest:
        span = f"{least} to {longest}" if least else f"at most {longest}"
        raise InvalidInput(f"Write {span} characters.", field=field, value=found[:40])
    return found


def checked_day(value: dt.date | str | None, field: str) -> dt.date | None:
    """A day, or None for open. Raises InvalidInput."""
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        try:
            value = dt.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            raise InvalidInput(
                f"“{text[:20]}” is no day. Write it as 2026-01-31.", field=field, value=text[:20]
            ) from None
    if value is not None and not FIRST_DAY <= value < LAST_DAY:
        raise InvalidInput(
            f"Give a day between {FIRST_DAY.year} and {LAST_DAY.year}.", field=field, value=value
        )
    return value


def checked_validity(
    valid_from: dt.date | str | None, valid_to: dt.date | str | None
) -> tuple[dt.date | None, dt.date | None]:
    """[from, to). Raises InvalidInput."""
    begin, end = checked_day(valid_from, "valid_from"), checked_day(valid_to, "valid_to")
    if begin and end and end <= begin:
        raise InvalidInput(
            "It ends before it begins: the end is the first day on which it no longer holds.",
            field="valid_to",
            value=end,
        )
    return begin, end


def checked_filter(text: str) -> str:
    """A filter that allocation can judge, or "". Raises InvalidInput for field `filter`."""
    found = text.strip()
    if found:
        check_condition(parse_filter(found))
    return found


def checked_centers(codes: Sequence[str]) -> list[CostCenter]:
    """Cost centres by code, each once, in this order. Raises InvalidInput for field `targets`."""
    if len(codes) > MOST_TARGETS:
        raise InvalidInput(f"Name at most {MOST_TARGETS} cost centres.", field="targets")
    if len(set(codes)) < len(codes):
        raise InvalidInput("A cost centre is named twice.", field="targets")
    known = {row.code: row for row in CostCenter.objects.filter(code__in=codes)}
    for code in codes:
        if code not in known:
            raise InvalidInput(
                f"There is no cost centre “{code[:32]}”.", field="targets", value=code[:32]
            )
    return [known[code] for code in codes]


def checked_percent(value: Decimal | str, field: str, *, least: Decimal, most: Decimal) -> Decimal:
    """A percentage with up to four decimals. Raises InvalidInput."""
    shown = str(value).strip().removesuffix("%").strip()
    try:
        number = Decimal(shown) if shown.isascii() and len(shown) <= 20 else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not least <= number <= most:
        raise InvalidInput(
            f"“{shown[:20]}” is no percentage from {least:f} to {most:f}.",
            field=field,
            value=shown[:20],
        )
    if number != round(number, 4):
        raise InvalidInput("A percentage has at most four decimals.", field=field, value=shown[:20])
    return number


def percent_text(weight: int) -> str:
    """Parts per million as a percentage without needless zeros: `33.3333`."""
    return f"{(Decimal(weight) / PPM_OF_PERCENT).normalize():f}"
