"""The headline numbers of the history page, and how each changed."""

from datetime import datetime, timedelta
from typing import Any

from costinsights.core.periods import DAY
from costinsights.core.templatetags.display import signed_money, signed_percent, utc_instant
from costinsights.costs.current.rows import Kind
from costinsights.costs.history.answers import HistoryAnswer, StepInfo
from costinsights.costs.history.compare import Comparison
from costinsights.costs.history.page.table import direction_of


def kpis(answer: HistoryAnswer, compared: Comparison | None, *, now: datetime) -> dict[str, Any]:
    """The headline numbers, and how each changed."""
    days = stored_days(answer, now=now)
    idle = sum(row.row.total for row in answer.rows if row.row.kind is Kind.IDLE)
    elapsed = _elapsed(answer, now)
    covered = sum(_elapsed_days(info, now) * info.completeness for info in answer.steps)
    found: dict[str, Any] = {
        "average": round(answer.totals.total / days) if days else None,
        "idle": idle,
        "idle_share": idle / answer.totals.total if answer.totals.total > 0 else None,
        "completeness": covered / elapsed if elapsed else 0.0,
        "days": days,
        "through": f"data through {utc_instant(answer.data_through)}"
        if answer.data_through
        else "not every cluster has data",
    }
    if compared is not None:
        totals = compared.totals
        found["total_change"] = _change(totals.delta, totals.ratio, answer.currency)
        found["total_direction"] = direction_of(totals.delta)
        idle_rows = [row for row in compared.rows if row.current.kind is Kind.IDLE]
        idle_before = sum(row.previous.total for row in idle_rows)
        idle_delta = sum(row.delta for row in idle_rows)
        ratio = idle_delta / idle_before if idle_before else None
        found["idle_change"] = _change(idle_delta, ratio, answer.currency)
        found["idle_direction"] = direction_of(idle_delta)
        average_before = _average_before(compared)
        if average_before is not None and found["average"] is not None:
            delta = found["average"] - average_before
            share = delta / average_before if average_before else None
            found["average_change"] = _change(delta, share, answer.currency)
            found["average_direction"] = direction_of(delta)
        found["previous_completeness"] = compared.previous_completeness
    return found


def _average_before(compared: Comparison) -> int | None:
    days = compared.previous_period.length / DAY * compared.previous_stored
    return round(compared.totals.previous.total / days) if days else None


def _change(delta: int, ratio: Any, currency: str) -> str:
    if not delta:
        return "unchanged"
    percent = f" ({signed_percent(ratio)})" if ratio is not None else ""
    return f"{signed_money(delta, currency)}{percent}"


def stored_days(answer: HistoryAnswer, *, now: datetime) -> float:
    """How many days of the period are stored for some cluster, parts of days counted as such."""
    return sum(_elapsed_days(info, now) * info.stored for info in answer.steps)


def _elapsed_days(info: StepInfo, now: datetime) -> float:
    return max(timedelta(), min(info.period.end, now) - info.period.start) / DAY


def _elapsed(answer: HistoryAnswer, now: datetime) -> float:
    period = answer.query.period
    return max(timedelta(), min(period.end, now) - period.start) / DAY
