"""What changes about budgets: made, changed, deleted."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import IntegrityError, transaction

from costinsights.accounts.models import User
from costinsights.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from costinsights.core.money import AmountOutOfRange, amount_text, micros_from_number
from costinsights.core.tenancy import current_tenant
from costinsights.costs.budgets.models import (
    HIGHEST_PERCENT,
    LONGEST_NAME,
    LONGEST_NOTE,
    MOST_CLUSTERS,
    MOST_THRESHOLDS,
    Budget,
    BudgetPeriod,
)
from costinsights.costs.currencies import is_currency
from costinsights.costs.history.conditions import Judge
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.parameters import parse_idle
from costinsights.costs.read_scope import EVERYTHING
from costinsights.costs.selectors import chosen_clusters

MOST_BUDGETS = 200


@dataclass(frozen=True, slots=True)
class BudgetDraft:
    """A budget as somebody gave it, checked. Amount in micro-units."""

    name: str
    amount: int
    currency: str
    period: BudgetPeriod
    filter_text: str
    clusters: list[str]
    idle: str
    actual_thresholds: list[int]
    forecast_thresholds: list[int]
    owner: User | None
    note: str
    valid_from: dt.date
    valid_until: dt.date | None

    @classmethod
    def of(cls, budget: Budget) -> "BudgetDraft":
        """A stored budget as it stands."""
        names = cls.__dataclass_fields__
        return cls(**{name: getattr(budget, name) for name in names})


def checked_draft(
    *,
    name: str,
    amount: Decimal | str,
    by: User,
    now: dt.datetime,
    currency: str = "",
    period: str = BudgetPeriod.MONTH,
    filter: str = "",
    cluster: Sequence[str] = (),
    idle: str = "separate",
    actual_thresholds: Sequence[int] = (50, 80, 100),
    forecast_thresholds: Sequence[int] = (100,),
    owner: str | None = "",
    note: str = "",
    valid_from: dt.date | None = None,
    valid_until: dt.date | None = None,
    like: Budget | None = None,
) -> BudgetDraft:
    """Values into a draft. `owner` is an e-mail, by default of `by`; None for nobody.

    `like` is the stored budget that is changed: its clusters and owner may stay though they are gone. Raises
    InvalidInput, and NotAllowed for a member who does not see all costs.
    """
    if by.is_limited:
        raise NotAllowed(
            "Budgets are over costs that your limits hide. Ask an analyst without limits."
        )
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidInput(f"Give a name of 1 to {LONGEST_NAME} characters.", field="name")
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(f"A note has at most {LONGEST_NOTE} characters.", field="note")
    question = checked_scope(filter=filter, cluster=cluster, idle=idle, now=now)
    if question.clusters and (like is None or list(question.clusters) != like.clusters):
        chosen_clusters(question.clusters)
    valid_from = valid_from or now.date().replace(day=1)
    if valid_until is not None and valid_until < valid_from:
        raise InvalidInput("It ends before it begins.", field="valid_until", value=valid_until)
    return BudgetDraft(
        name=name,
        amount=checked_amount(amount),
        currency=_currency(currency),
        period=_period(period),
        filter_text=question.filter_text,
        clusters=list(question.clusters),
        idle=str(question.idle),
        actual_thresholds=_percents(actual_thresholds, "actual_thresholds"),
        forecast_thresholds=_percents(forecast_thresholds, "forecast_thresholds"),
        owner=by if owner == "" else _member(owner, like),
        note=note.strip(),
        valid_from=valid_from,
        valid_until=valid_until,
    )


def checked_scope(
    *, filter: str, cluster: Sequence[str], idle: str, now: dt.datetime
) -> HistoryQuery:
    """What a budget is about, in history's own grammar. Raises InvalidInput for what history does not keep."""
    if len(cluster) > MOST_CLUSTERS:
        raise InvalidInput(f"Choose at most {MOST_CLUSTERS} clusters.", field="cluster")
    parse_idle(idle)
    given = {"filter": filter, "cluster": ",".join(cluster), "idle": idle}
    question = HistoryQuery.parse(given, now=now, scope=EVERYTHING)
    if question.filter is not None:
        Judge([], question.period).condition(question.filter)
    return question


def checked_amount(value: Decimal | str) -> int:
    """Micro-units of a positive amount. Raises InvalidInput."""
    text = str(value).strip()
    try:
        number = Decimal(text) if text.isascii() and len(text) <= 30 else Decimal("NaN")
        micros = micros_from_number(number)
    except (InvalidOperation, AmountOutOfRange):
        raise InvalidInput(
            f"“{text[:30]}” is no amount. Write a number with a point, such as 2500 or 99.50.",
            field="amount",
            value=text[:30],
        ) from None
    if micros <= 0:
        raise InvalidInput("A budget is more than nothing.", field="amount", value=text[:30])
    return micros


def _currency(text: str) -> str:
    code = (text or current_tenant().reporting_currency).strip().upper()
    if not is_currency(code):
        raise InvalidInput(
            f"“{code[:20]}” is no currency. Use a code of ISO 4217, such as EUR.",
            field="currency",
            value=code[:20],
        )
    return code


def _period(text: str) -> BudgetPeriod:
    try:
        return BudgetPeriod(text)
    except ValueError as error:
        raise InvalidInput(
            f"“{text}” is no period. Use {', '.join(BudgetPeriod.values)}.",
            field="period",
            value=text,
        ) from error


def _percents(values: Sequence[int], field: str) -> list[int]:
    percents = sorted(set(values))
    if len(percents) > MOST_THRESHOLDS:
        raise InvalidInput(f"Give at most {MOST_THRESHOLDS} thresholds.", field=field)
    for percent in percents:
        if not 1 <= percent <= HIGHEST_PERCENT:
            raise InvalidInput(
                f"A threshold is a whole percent from 1 to {HIGHEST_PERCENT:,}.",
                field=field,
                value=percent,
            )
    return percents


def _member(email: str | None, like: Budget | None) -> User | None:
    if not email:
        return None
    if like is not None and like.owner is not None and like.owner.email == email:
        return like.owner
    member = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if member is None or member.is_limited:
        raise InvalidInput(
            "The owner is an active member who sees all costs.", field="owner", value=email
        )
    return member


def access_budget(pk: int, member: User) -> Budget:
    """A budget that the member may see. Raises NotFound."""
    found = Budget.objects.visible_to(member).select_related("owner", "standing").filter(pk=pk)
    budget = found.first()
    if budget is None:
        raise NotFound("There is no such budget.", budget=pk)
    return budget


@transaction.atomic
def make_budget(*, draft: BudgetDraft, at: dt.datetime) -> Budget:
    """Keep a new budget. Raises Conflict for a name that is taken or one budget too many."""
    if Budget.objects.count() >= MOST_BUDGETS:
        raise Conflict(f"There are {MOST_BUDGETS} budgets. Delete one first.")
    budget = Budget(created_at=at)
    _keep(budget, draft, at)
    return budget


@transaction.atomic
def change_budget(
    *, pk: int, draft: BudgetDraft, at: dt.datetime, seen_at: dt.datetime | None = None
) -> Budget:
    """Change a budget. Raises NotFound, Conflict for a name that is taken or, with `seen_at` (its
    `updated_at` as the caller knows it), for a budget that somebody changed since."""
    budget = Budget.objects.select_for_update().filter(pk=pk).first()
    if budget is None:
        raise NotFound("There is no such budget.", budget=pk)
    if seen_at is not None and budget.updated_at != seen_at:
        raise Conflict("Somebody changed this budget in the meantime. Look at it again first.")
    _keep(budget, draft, at)
    return budget


def delete_budget(*, pk: int) -> None:
    """Delete a budget with its events. Raises NotFound."""
    deleted, _ = Budget.objects.filter(pk=pk).delete()
    if not deleted:
        raise NotFound("There is no such budget.", budget=pk)


def _keep(budget: Budget, draft: BudgetDraft, at: dt.datetime) -> None:
    values: dict[str, Any] = {name: getattr(draft, name) for name in draft.__dataclass_fields__}
    for name, value in values.items():
        setattr(budget, name, value)
    budget.updated_at = at
    try:
        with transaction.atomic():
            budget.save()
    except IntegrityError as error:
        raise Conflict(
            f"There is a budget called “{draft.name}” already. Choose another name.", field="name"
        ) from error


def given_of(budget: Budget) -> dict[str, Any]:
    """A stored budget as `checked_draft` would be given it, to be changed in part."""
    return {
        "name": budget.name,
        "amount": amount_text(budget.amount),
        "currency": budget.currency,
        "period": budget.period,
        "filter": budget.filter_text,
        "cluster": budget.clusters,
        "idle": budget.idle,
        "actual_thresholds": budget.actual_thresholds,
        "forecast_thresholds": budget.forecast_thresholds,
        "owner": budget.owner.email if budget.owner else None,
        "note": budget.note,
        "valid_from": budget.valid_from,
        "valid_until": budget.valid_until,
    }
