"""Where a budget stands, as a plain document: the API's body and what the page's chart is drawn from."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from costinsights.core.money import amount_text, split
from costinsights.core.periods import DAY, instant_text
from costinsights.costs.budgets.evaluation import Status
from costinsights.costs.budgets.models import Basis
from costinsights.costs.history.forecast_documents import projection_document, span_document
from costinsights.costs.history.forecasting import Interval


@dataclass(frozen=True, slots=True)
class Point:
    """Running sums at the end of a day, in micro-units. `line` is the budget spread evenly over the days."""

    day: dt.date
    spent: int | None  # of days that are over
    expected: int | None  # from the first day that is not complete on
    low: int | None
    high: int | None
    line: int
    is_complete: bool


def points_of(status: Status) -> list[Point]:
    """Every day of the period. Without a forecast, days to come have the budget's line alone."""
    found, span = status.found, status.span
    days = [period.start.date() for period in span.period.days()]
    shares = split(status.budget.amount, [1] * len(days))
    stored = {cost.day: cost for cost in found.days} if found else {}
    projection = found.projection if found else None
    beyond = projection.expected if projection else {}
    whole = sum(beyond.values())
    points: list[Point] = []
    spent = line = ahead = 0
    for day, share in zip(days, shares, strict=True):
        line += share
        cost = stored.get(day)
        spent += (cost.amount or 0) if cost else 0
        ahead += beyond.get(day, 0)
        band: Interval | None = None
        if projection is not None and (day in beyond or ahead):
            # The width grows with what is expected: days of one month err in the same direction.
            part = ahead / whole if whole else 1.0
            total = spent + ahead
            band = Interval(
                total - round((projection.total - projection.within_80.low) * part),
                total + round((projection.within_80.high - projection.total) * part),
            )
        points.append(
            Point(
                day=day,
                spent=spent if cost is not None else None,
                expected=spent + ahead if band else None,
                low=band.low if band else None,
                high=band.high if band else None,
                line=line,
                is_complete=bool(cost and cost.is_complete),
            )
        )
    return points


def day_reached(status: Status, percent: int, points: list[Point] | None = None) -> dt.date | None:
    """The day on which so much of the budget is spent, or expected to be; None where it is not in this period."""
    for point in points_of(status) if points is None else points:
        value = point.expected if point.expected is not None else point.spent
        if value is not None and value * 100 >= percent * status.budget.amount:
            return point.day
    return None


def percent_of(value: int | None, amount: int) -> float | None:
    """Percent with one decimal, for people and programs that only look at it."""
    return None if value is None else float(round(Decimal(value) * 100 / Decimal(amount), 1))


def status_document(status: Status) -> dict[str, Any]:
    """The body of GET /api/v1/budgets/{id}/status."""
    budget, found = status.budget, status.found
    points = points_of(status)
    reached = {(basis, percent) for basis, percent, _ in status.reached()}
    return {
        "budget": budget.pk,
        "state": status.state,
        "reason": status.reason,
        "period": span_document(status.span),
        "currency": budget.currency,
        "amount": amount_text(budget.amount),
        "spent": _amount(status.spent),
        "percent": percent_of(status.spent, budget.amount),
        "forecast": projection_document(found.projection if found else None),
        "forecast_percent": percent_of(status.total, budget.amount),
        "days": {
            "complete": found.known.days_complete if found else 0,
            "incomplete": found.known.days_incomplete if found else 0,
            "left": found.known.days_left if found else status.span.period.length // DAY,
        },
        "data_through": instant_text(found.answer.data_through)
        if found and found.answer.data_through
        else None,
        "excluded": [
            {
                "cluster": cluster.cluster,
                "name": cluster.name,
                "currency": cluster.currency,
                "reason": cluster.reason,
            }
            for cluster in (found.answer.excluded if found else [])
        ],
        "thresholds": [
            {
                "basis": basis.value,
                "percent": percent,
                "is_reached": (basis, percent) in reached,
                "day": _day(day_reached(status, percent, points)),
            }
            for basis, percents in (
                (Basis.ACTUAL, budget.actual_thresholds),
                (Basis.FORECAST, budget.forecast_thresholds),
            )
            for percent in percents
        ],
        "series": [
            {
                "day": point.day.isoformat(),
                "is_complete": point.is_complete,
                "spent": _amount(point.spent),
                "expected": _amount(point.expected),
                "low": _amount(point.low),
                "high": _amount(point.high),
                "line": amount_text(point.line),
            }
            for point in points
        ],
    }


def _amount(micros: int | None) -> str | None:
    return None if micros is None else amount_text(micros)


def _day(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()
