"""How budgets stand: computed from stored days, kept for lists, and an event for each threshold reached."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Count, Max, Sum
from django.utils import timezone

from costinsights.accounts.models import Workspace
from costinsights.core.errors import InvalidInput
from costinsights.core.periods import DAY, ChargePeriod, utc_day
from costinsights.core.snapshots import one_snapshot
from costinsights.costs.budgets.models import (
    Basis,
    Budget,
    BudgetEvent,
    BudgetStanding,
    BudgetState,
)
from costinsights.costs.history.forecast import Forecast, Horizon, Span, forecast
from costinsights.costs.history.models import Snapshot
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.models import Cluster, ExchangeRate
from costinsights.costs.parameters import IdleMode, parse_filter_text
from costinsights.costs.read_scope import EVERYTHING

# How long after its end a period may still reach a threshold: days are read again and come late.
LATE_FOR = 7 * DAY
# What of a budget decides how it stands.
_DEFINES = (
    "amount",
    "currency",
    "period",
    "filter_text",
    "clusters",
    "idle",
    "actual_thresholds",
    "forecast_thresholds",
    "valid_from",
    "valid_until",
)


@dataclass(frozen=True, slots=True)
class Status:
    """How a budget stands in one period. `found` None: nothing could be computed, `reason` says why."""

    budget: Budget
    span: Span
    state: BudgetState
    reason: str
    found: Forecast | None

    @property
    def spent(self) -> int | None:
        return None if self.found is None else self.found.known.spent

    @property
    def total(self) -> int | None:
        """The forecast of the whole period."""
        projection = self.found.projection if self.found else None
        return None if projection is None else projection.total

    def reached(self) -> list[tuple[Basis, int, int]]:
        """Basis, percent and value of every threshold reached. A percent is reached at exactly that much."""
        found = []
        for basis, value, percents in (
            (Basis.ACTUAL, self.spent, self.budget.actual_thresholds),
            (Basis.FORECAST, self.total, self.budget.forecast_thresholds),
        ):
            for percent in percents:
                if value is not None and value * 100 >= percent * self.budget.amount:
                    found.append((basis, percent, value))
        return found


def question_of(budget: Budget) -> HistoryQuery:
    """What a budget asks of history. Raises InvalidInput for a filter that is none any more."""
    return HistoryQuery(
        period=ChargePeriod.day_of(timezone.now()),  # of no account: a forecast has its own
        scope=EVERYTHING,
        filter_text=budget.filter_text,
        filter=parse_filter_text(budget.filter_text),
        clusters=tuple(budget.clusters),
        idle=IdleMode(budget.idle),
        currency=budget.currency,
    )


def span_of(budget: Budget, now: dt.datetime, *, start_month: int | None = None) -> Span:
    """The month or fiscal quarter of `now`."""
    if start_month is None:
        start_month = Workspace.load().fiscal_year_start_month
    return Span.of(Horizon(budget.period), now, start_month=start_month)


def is_valid_in(budget: Budget, span: Span) -> bool:
    """Whether the budget counts in any day of the span."""
    first, last = span.period.start.date(), (span.period.end - DAY).date()
    return budget.valid_from <= last and (budget.valid_until is None or budget.valid_until >= first)


def status_of(budget: Budget, *, now: dt.datetime, span: Span | None = None) -> Status:
    """How the budget stands now, or in `span`. Reads the store alone; nothing is written."""
    span = span or span_of(budget, now)

    def unknown(reason: str, found: Forecast | None = None) -> Status:
        return Status(budget, span, BudgetState.UNKNOWN, reason, found)

    if not is_valid_in(budget, span):
        return unknown(_not_valid(budget, span))
    try:
        found = forecast(question_of(budget), span, now=now)
    except InvalidInput as refused:
        return unknown(refused.message)
    if found.currency != budget.currency or not found.answer.clusters:
        return unknown(_no_currency(budget, found))
    if found.known.spent > budget.amount:
        return Status(budget, span, BudgetState.EXCEEDED, "", found)
    if found.projection is None:
        return unknown(found.reason, found)
    at_risk = found.projection.total > budget.amount
    return Status(budget, span, BudgetState.AT_RISK if at_risk else BudgetState.ON_TRACK, "", found)


def _not_valid(budget: Budget, span: Span) -> str:
    if budget.valid_from > (span.period.end - DAY).date():
        return f"It counts from {budget.valid_from:%-d %b %Y} on."
    return f"It counted until {budget.valid_until:%-d %b %Y}."


def _no_currency(budget: Budget, found: Forecast) -> str:
    if found.answer.excluded:
        names = ", ".join(cluster.name for cluster in found.answer.excluded)
        return f"None of its costs are in {budget.currency}: left out are {names}."
    return "No cluster is connected."


# Keeping ----------------------------------------------------------------------------------------


def evaluate_all(*, now: dt.datetime) -> int:
    """Evaluate every budget whose data, day or definition changed since. Returns how many were.

    Any number of these may run side by side, any number of times.
    """
    budgets = list(Budget.objects.select_related("standing"))
    if not budgets:
        return 0
    stamp = data_stamp(now=now)
    return sum(evaluate(budget, now=now, stamp=stamp) for budget in budgets)


def evaluate(budget: Budget, *, now: dt.datetime, stamp: str = "") -> bool:
    """Keep how a budget stands and add its events. Returns whether anything was computed."""
    fingerprint = _fingerprint(budget, stamp or data_stamp(now=now), now)
    standing = getattr(budget, "standing", None)
    if standing is not None and standing.fingerprint == fingerprint:
        return False
    start_month = Workspace.load().fiscal_year_start_month
    span = span_of(budget, now, start_month=start_month)
    with one_snapshot():
        seen = [status_of(budget, now=now, span=span)]
        before = span.before(start_month=start_month)
        if now < before.period.end + LATE_FOR and is_valid_in(budget, before):
            seen.append(status_of(budget, now=now, span=before))
    _keep(budget, seen, fingerprint, now)
    return True


def data_stamp(*, now: dt.datetime) -> str:
    """Changes when any stored day before today, any cluster, rate or the fiscal year changes."""
    windows = Snapshot.objects.filter(window_start__lt=utc_day(now), revision__gt=0).aggregate(
        read=Max("read_at"), count=Count("pk"), revisions=Sum("revision")
    )
    rates = ExchangeRate.objects.aggregate(changed=Max("updated_at"), count=Count("pk"))
    clusters = sorted(Cluster.objects.values_list("slug", "currency", "is_demo"))
    month = Workspace.load().fiscal_year_start_month
    return hashlib.sha256(f"{windows}{rates}{clusters}{month}".encode()).hexdigest()


def _fingerprint(budget: Budget, stamp: str, now: dt.datetime) -> str:
    own = [str(getattr(budget, name)) for name in _DEFINES]
    return hashlib.sha256("\x1f".join([stamp, str(now.date()), *own]).encode()).hexdigest()


@transaction.atomic
def _keep(budget: Budget, seen: Sequence[Status], fingerprint: str, now: dt.datetime) -> None:
    """Write what was seen, unless the budget changed or went meanwhile."""
    held = Budget.objects.select_for_update().filter(pk=budget.pk).first()
    if held is None or held.updated_at != budget.updated_at:
        return
    known = BudgetStanding.objects.filter(budget=held).first()
    if known is None or known.evaluated_at <= now:
        # Not overtaken by somebody who looked later.
        _keep_standing(seen[0], fingerprint, now)
    events = [
        _event(status, basis, percent, value, now)
        for status in seen
        for basis, percent, value in status.reached()
        if basis is Basis.ACTUAL or status is seen[0]
    ]
    if not events:
        return
    with connection.cursor() as cursor:
        # One after the other, so that no event becomes visible behind one with a greater id.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('budget events ' || current_schema(), 0))"
        )
    BudgetEvent.objects.bulk_create(events, ignore_conflicts=True)


def _keep_standing(status: Status, fingerprint: str, now: dt.datetime) -> None:
    found = status.found
    projection = found.projection if found else None
    BudgetStanding.objects.update_or_create(
        budget=status.budget,
        defaults={
            "state": status.state,
            "reason": status.reason,
            "period_start": status.span.period.start,
            "period_end": status.span.period.end,
            "period_name": status.span.name,
            "spent": status.spent,
            "forecast": status.total,
            "forecast_low": projection.within_80.low if projection else None,
            "forecast_high": projection.within_80.high if projection else None,
            "data_through": found.answer.data_through if found else None,
            "evaluated_at": now,
            "fingerprint": fingerprint,
        },
    )


def _event(status: Status, basis: Basis, percent: int, value: int, now: dt.datetime) -> BudgetEvent:
    budget, found = status.budget, status.found
    owner = budget.owner
    can_be_told = owner is not None and owner.is_active and not owner.is_limited
    return BudgetEvent(
        budget=budget,
        period_start=status.span.period.start,
        period_end=status.span.period.end,
        period_name=status.span.name,
        basis=basis,
        percent=percent,
        value=value,
        amount=budget.amount,
        currency=budget.currency,
        data_through=found.answer.data_through if found else None,
        happened_at=now,
        mail_due_at=now if can_be_told else None,
    )


def events_after(event_id: int, *, limit: int = 100) -> list[BudgetEvent]:
    """The events behind one, oldest first, with their budgets: how other parts of the product follow them.

    Whoever remembers the last id it handled misses none and sees none twice.
    """
    return list(
        BudgetEvent.objects.filter(pk__gt=event_id)
        .select_related("budget__owner")
        .order_by("pk")[:limit]
    )
