"""A forecast as a plain document. Money is text with six decimals."""

from typing import Any

from costinsights.core.money import amount_text
from costinsights.core.periods import DAY, instant_text
from costinsights.costs.history.forecast import METHOD, Forecast, Span
from costinsights.costs.history.forecasting import Interval, Projection


def forecast_document(found: Forecast) -> dict[str, Any]:
    """The body of GET /api/v1/costs/forecast."""
    query, answer, known = found.answer.query, found.answer, found.known
    return {
        "period": span_document(found.span),
        "currency": answer.currency,
        "query": {
            "filter": query.filter_text,
            "cluster": list(query.clusters),
            "idle": str(query.idle),
        },
        "clusters": answer.clusters,
        "excluded": [
            {
                "cluster": cluster.cluster,
                "name": cluster.name,
                "currency": cluster.currency,
                "reason": cluster.reason,
            }
            for cluster in answer.excluded
        ],
        "without_data": list(found.without_data),
        "data_through": instant_text(answer.data_through) if answer.data_through else None,
        "actual": amount_text(known.actual),
        "incomplete": amount_text(known.incomplete),
        "days": {
            "complete": known.days_complete,
            "incomplete": known.days_incomplete,
            "left": known.days_left,
        },
        "forecast": projection_document(found.projection),
        "reason": found.reason,
        "method": METHOD,
        "series": _series(found),
    }


def span_document(span: Span) -> dict[str, str]:
    return {
        "kind": str(span.horizon),
        "name": span.name,
        "start": instant_text(span.period.start),
        "end": instant_text(span.period.end),
    }


def projection_document(projection: Projection | None) -> dict[str, Any] | None:
    if projection is None:
        return None
    return {
        "total": amount_text(projection.total),
        "gaps": amount_text(projection.gaps),
        "remainder": amount_text(projection.remainder),
        "interval_80": _interval(projection.within_80),
        "interval_95": _interval(projection.within_95),
        "learned_from_days": projection.learned_from,
    }


def _interval(interval: Interval) -> dict[str, str]:
    return {"low": amount_text(interval.low), "high": amount_text(interval.high)}


def _series(found: Forecast) -> list[dict[str, Any]]:
    """Every day of the span: what is stored of it and what is expected beyond that."""
    stored = {cost.day: cost for cost in found.days}
    expected = found.projection.expected if found.projection else {}
    days: list[dict[str, Any]] = []
    day, end = found.span.period.start, found.span.period.end
    while day < end:
        cost = stored.get(day.date())
        days.append(
            {
                "day": day.date().isoformat(),
                "is_complete": bool(cost and cost.is_complete),
                "actual": _amount(cost.amount if cost else None),
                "expected": _amount(expected.get(day.date())),
            }
        )
        day += DAY
    return days


def _amount(micros: int | None) -> str | None:
    return None if micros is None else amount_text(micros)
