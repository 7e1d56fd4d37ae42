"""Answers from stored history as plain documents. Money is text with six decimals."""

from datetime import datetime
from typing import Any

from costinsights.core.money import amount_text
from costinsights.core.periods import ChargePeriod, instant_text
from costinsights.costs.documents import conversion_document, ratio_or_none, row_document
from costinsights.costs.history.answers import HistoryAnswer, HistoryRow, StepInfo
from costinsights.costs.history.compare import ComparedRow, Comparison
from costinsights.costs.history.participants import Excluded
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.history.steps import Step


def history_document(answer: HistoryAnswer) -> dict[str, Any]:
    """The body of GET /api/v1/costs/history."""
    query = answer.query
    return {
        "window": _window(query.window, query.period),
        "step": str(query.step),
        "currency": answer.currency,
        "query": _query(query),
        "clusters": answer.clusters,
        "conversions": [conversion_document(rate) for rate in answer.conversions],
        "excluded": [_excluded(cluster) for cluster in answer.excluded],
        "data_through": _instant(answer.data_through),
        "steps": [_step(step, query.step) for step in answer.steps],
        "rows": [_history_row(row) for row in answer.rows],
        "totals": row_document(answer.totals),
        "hidden_idle": _amount(answer.hidden_idle),
        "reconciliation": {
            "rows_sum": amount_text(answer.totals.total + answer.difference),
            "total": amount_text(answer.totals.total),
            "difference": amount_text(answer.difference),
            "ledger_total": _amount(answer.ledger_total),
            "unknown_rows": answer.unknown_rows,
        },
    }


def comparison_document(found: Comparison) -> dict[str, Any]:
    """The body of GET /api/v1/costs/compare."""
    query = found.query
    rows_sum = sum(row.current.total for row in found.rows)
    return {
        "window": _window(query.window, query.period),
        "base": str(found.base),
        "previous": _window("", found.previous_period),
        "currency": found.currency,
        "query": _query(query),
        "conversions": [conversion_document(rate) for rate in found.conversions],
        "excluded": [_excluded(cluster) for cluster in found.excluded],
        "data_through": _instant(found.data_through),
        "completeness": round(found.current_completeness, 4),
        "previous_completeness": round(found.previous_completeness, 4),
        "rows": [_compared_row(row) for row in found.rows],
        "totals": _compared_row(found.totals),
        "movers": [_compared_row(row) for row in found.movers],
        "hidden_idle": _amount(found.hidden_idle),
        "previous_hidden_idle": _amount(found.hidden_idle_before),
        "reconciliation": {
            "rows_sum": amount_text(rows_sum),
            "total": amount_text(found.totals.current.total),
            "difference": amount_text(rows_sum - found.totals.current.total),
        },
    }


def _window(name: str, period: ChargePeriod) -> dict[str, str]:
    return {
        "name": name,
        "start": instant_text(period.start),
        "end": instant_text(period.end),
    }


def _query(query: HistoryQuery) -> dict[str, Any]:
    return {
        "group_by": [str(dimension) for dimension in query.group_by],
        "filter": query.filter_text,
        "cluster": list(query.clusters),
        "idle": str(query.idle),
        "limit": query.limit,
    }


def _step(info: StepInfo, step: Step) -> dict[str, Any]:
    """A point in time. A step ends where the next one starts, so its end is not repeated: there are many of them."""
    start = info.period.start
    share = float(info.share)
    return {
        "start": instant_text(start) if step is Step.HOUR else start.date().isoformat(),
        "state": str(info.state),
        "completeness": int(share) if share.is_integer() else share,
        "total": _amount(info.total),
    }


def _history_row(row: HistoryRow) -> dict[str, Any]:
    return {**row_document(row.row), "points": [_amount(point) for point in row.points]}


def _compared_row(row: ComparedRow) -> dict[str, Any]:
    return {
        "key": row.current.key,
        "label": row.current.label,
        "kind": str(row.current.kind),
        "current": amount_text(row.current.total),
        "previous": amount_text(row.previous.total),
        "delta": amount_text(row.delta),
        "ratio": ratio_or_none(row.ratio),
        "change": str(row.change),
        "drivers": [
            {
                "component": driver.component,
                "delta": amount_text(driver.delta),
                "by_quantity": amount_text(driver.by_quantity),
                "by_price": amount_text(driver.by_price),
                "other": amount_text(driver.other),
            }
            for driver in row.drivers
        ],
        "members": row.current.members,
    }


def _excluded(cluster: Excluded) -> dict[str, str]:
    return {
        "cluster": cluster.cluster,
        "name": cluster.name,
        "currency": cluster.currency,
        "reason": cluster.reason,
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def _amount(micros: int | None) -> str | None:
    return None if micros is None else amount_text(micros)
