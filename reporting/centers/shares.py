"""What changes about share rules: made, changed, moved, switched off, deleted."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from costinsights.core.errors import Conflict, InvalidInput, NotFound
from costinsights.core.money import AmountOutOfRange, amount_text, micros_from_number
from costinsights.costs.currencies import is_currency
from costinsights.opencost.filters import parse_filter
from reporting.allocation.matching import comparisons
from reporting.allocation.types import Driver, Fallback, PoolSource, ShareMethod
from reporting.centers.checks import (
    LONGEST_NAME,
    LONGEST_NOTE,
    checked_centers,
    checked_filter,
    checked_text,
    checked_validity,
    one_writer,
)
from reporting.centers.ordering import close_gaps, place
from reporting.models import CostCenter, ShareRule, ShareTarget

MOST_RULES = 500
LARGEST_WEIGHT = 1_000_000
KEPT = (ShareMethod.RETAIN, ShareMethod.EXCLUDE)
_PLAIN = (
    "name",
    "source",
    "filter",
    "fixed_amount",
    "fixed_currency",
    "method",
    "driver",
    "fallback",
    "by_cluster",
    "is_active",
    "valid_from",
    "valid_to",
    "note",
)
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class ShareDraft:
    """A share rule as somebody gave it, checked. `fixed_amount` is micro-units a month."""

    name: str
    source: PoolSource
    filter: str
    fixed_amount: int
    fixed_currency: str
    method: ShareMethod
    driver: Driver
    fallback: Fallback
    by_cluster: bool
    targets: tuple[tuple[CostCenter, int], ...]
    is_active: bool
    valid_from: dt.date | None
    valid_to: dt.date | None
    note: str


def checked_share(
    *,
    name: str,
    source: str,
    method: str,
    filter: str = "",
    fixed_amount: str = "",
    fixed_currency: str = "",
    driver: str = Driver.COST,
    fallback: str = Fallback.EVEN,
    by_cluster: bool = False,
    targets: Sequence[tuple[str, int]] = (),
    is_active: bool = True,
    valid_from: dt.date | str | None = None,
    valid_to: dt.date | str | None = None,
    note: str = "",
) -> ShareDraft:
    """Values into a draft; `targets` are codes and weights. Raises InvalidInput that names the field."""
    begin, end = checked_validity(valid_from, valid_to)
    pool, way = _one_of(PoolSource, source, "source"), _one_of(ShareMethod, method, "method")
    amount, currency = _fixed(pool, way, fixed_amount, fixed_currency)
    return ShareDraft(
        name=checked_text(name, "name", longest=LONGEST_NAME, least=1),
        source=pool,
        filter=_filter(pool, filter),
        fixed_amount=amount,
        fixed_currency=currency,
        method=way,
        driver=_one_of(Driver, driver, "driver"),
        fallback=_one_of(Fallback, fallback, "fallback"),
        by_cluster=by_cluster and pool is not PoolSource.FIXED,
        targets=_targets(way, targets),
        is_active=is_active,
        valid_from=begin,
        valid_to=end,
        note=checked_text(note, "note", longest=LONGEST_NOTE),
    )


def _one_of(kind: type[_Word], text: str, field: str) -> _Word:
    try:
        return kind(text)
    except ValueError:
        words = ", ".join(kind)
        raise InvalidInput(f"Choose one of {words}.", field=field, value=text[:20]) from None


def _filter(source: PoolSource, text: str) -> str:
    found = checked_filter(text)
    if source is PoolSource.FILTER:
        if not found:
            raise InvalidInput("Say which costs are shared, by a filter.", field="filter")
        return found
    if source is PoolSource.FIXED and found:
        raise InvalidInput("A fixed amount takes no filter: it is no cluster's.", field="filter")
    looked_at = {one.field for one in comparisons(parse_filter(found))} if found else set()
    if looked_at - {"cluster"}:
        raise InvalidInput(
            f"{source.value.capitalize()} cost belongs to clusters, "
            "so its filter looks at cluster only.",
            field="filter",
            value=found[:100],
        )
    return found


def _fixed(source: PoolSource, method: ShareMethod, amount: str, currency: str) -> tuple[int, str]:
    if source is not PoolSource.FIXED:
        return 0, ""
    if method is ShareMethod.EXCLUDE:
        raise InvalidInput("An amount that nobody pays need not be added.", field="method")
    code = currency.strip().upper()
    if not is_currency(code):
        raise InvalidInput(
            f"“{code[:20]}” is no currency. Use a code of ISO 4217, such as EUR.",
            field="fixed_currency",
            value=code[:20],
        )
    return _micros(amount), code


def _micros(given: str) -> int:
    text = given.strip()
    try:
        number = Decimal(text) if text.isascii() and len(text) <= 30 else Decimal("NaN")
        micros = micros_from_number(number)
    except (InvalidOperation, AmountOutOfRange):
        micros = 0
    if micros <= 0:
        raise InvalidInput(
            f"“{text[:30]}” is no amount above 0. Write a number with a point, such as 2500 or 99.50.",
            field="fixed_amount",
            value=text[:30],
        )
    return micros


def _targets(
    method: ShareMethod, given: Sequence[tuple[str, int]]
) -> tuple[tuple[CostCenter, int], ...]:
    if method in KEPT and given:
        raise InvalidInput("What is kept central is given to no cost centre.", field="targets")
    if method is ShareMethod.WEIGHTS and not given:
        raise InvalidInput("Name the cost centres and their weights.", field="targets")
    for code, weight in given:
        if not 1 <= weight <= LARGEST_WEIGHT:
            raise InvalidInput(
                f"The weight of {code[:32]} is not from 1 to {LARGEST_WEIGHT:,}.",
                field="targets",
                value=weight,
            )
    centers = checked_centers([code for code, _ in given])
    return tuple(zip(centers, (weight for _, weight in given), strict=True))


def values_of(rule: ShareRule) -> dict[str, Any]:
    """A stored rule as `checked_share` takes it."""
    values = {name: getattr(rule, name) for name in _PLAIN}
    values["fixed_amount"] = amount_text(rule.fixed_amount) if rule.fixed_amount else ""
    return {**values, "targets": [(one.center.code, one.weight) for one in rule.targets.all()]}


def access_share(pk: int) -> ShareRule:
    """Raises NotFound."""
    found = ShareRule.objects.prefetch_related("targets__center").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such share rule.")
    return found


def create_share(draft: ShareDraft, *, position: int | None = None) -> ShareRule:
    """A new rule at this place, counted from 1; the last by default. Raises Conflict at the limit."""
    with one_writer():
        if ShareRule.objects.count() >= MOST_RULES:
            raise Conflict(f"A workspace has at most {MOST_RULES:,} share rules.")
        rule = _written(ShareRule(position=0), draft)
        place(ShareRule, rule, position)
        return access_share(rule.pk)


def change_share(pk: int, draft: ShareDraft, *, position: int | None = None) -> ShareRule:
    """Raises NotFound. Without a `position` it keeps its place."""
    with one_writer():
        rule = _written(access_share(pk), draft)
        if position is not None:
            place(ShareRule, rule, position)
        return access_share(pk)


def _written(rule: ShareRule, draft: ShareDraft) -> ShareRule:
    for name in _PLAIN:
        setattr(rule, name, getattr(draft, name))
    rule.save()
    wanted = [(center.pk, weight) for center, weight in draft.targets]
    if list(rule.targets.values_list("center_id", "weight")) != wanted:
        rule.targets.all().delete()
        for center, weight in draft.targets:
            ShareTarget.objects.create(rule=rule, center=center, weight=weight)
    return rule


def delete_share(pk: int) -> ShareRule:
    """What it took is mapped, or kept central, from the next preparation on. Raises NotFound."""
    with one_writer():
        rule = access_share(pk)
        ShareRule.objects.filter(pk=pk).delete()
        close_gaps(ShareRule)
        return rule
