"""What the pages of budgets show: meters, a chart as shapes, thresholds in words."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from costinsights.core.periods import DAY
from costinsights.core.templatetags.display import money_short_text, money_text
from costinsights.costs.budgets.documents import Point, day_reached, percent_of, points_of
from costinsights.costs.budgets.evaluation import Status, question_of, span_of, status_of
from costinsights.costs.budgets.models import Basis, Budget, BudgetState
from costinsights.costs.history.forecast import Span, forecast
from costinsights.costs.history.page.forecast import forecast_card

TONES = {
    BudgetState.ON_TRACK: "ok",
    BudgetState.AT_RISK: "warning",
    BudgetState.EXCEEDED: "failed",
    BudgetState.UNKNOWN: "unknown",
}
# The drawing's own units; it is stretched to its place.
WIDTH, HEIGHT = 1_000, 300


@dataclass(frozen=True, slots=True)
class Meter:
    """A bar of what is spent, up to what is expected, against the budget. Places are percents of its width."""

    spent: float
    forecast: float
    forecast_low: float
    forecast_high: float
    budget: float
    ticks: tuple[float, ...]
    has_forecast: bool
    text: str


def meter(
    budget: Budget,
    *,
    spent: int | None,
    forecast: int | None,
    low: int | None = None,
    high: int | None = None,
) -> Meter:
    """`text` says it for whoever does not see the bar."""
    most = max(budget.amount, spent or 0, high or forecast or 0)

    def place(value: int | None) -> float:
        return round(max(0, value or 0) / most * 100 / 1.08, 2)

    words = [f"{_percent(spent, budget.amount)} spent" if spent is not None else "nothing known"]
    if forecast is not None:
        words.append(f"forecast {_percent(forecast, budget.amount)}")
    return Meter(
        spent=place(spent),
        forecast=place(forecast),
        forecast_low=place(low),
        forecast_high=place(high),
        budget=place(budget.amount),
        ticks=tuple(
            place(budget.amount * percent // 100)
            for percent in budget.actual_thresholds
            if percent != 100 and budget.amount * percent // 100 < most
        ),
        has_forecast=forecast is not None,
        text=", ".join(words),
    )


def _percent(value: int | None, amount: int) -> str:
    percent = percent_of(value, amount)
    return "" if percent is None else f"{percent:,.1f}%"


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A budget in the list, as it was last evaluated."""

    budget: Budget
    state: str
    tone: str
    reason: str
    period: str
    spent: str
    spent_percent: str
    forecast: str
    forecast_percent: str
    meter: Meter
    scope: str


def line_of(budget: Budget) -> BudgetLine:
    standing = getattr(budget, "standing", None)
    state = BudgetState(standing.state) if standing else BudgetState.UNKNOWN
    spent = standing.spent if standing else None
    total = standing.forecast if standing else None
    return BudgetLine(
        budget=budget,
        state=state.label,
        tone=TONES[state],
        reason=standing.reason if standing else "It is evaluated within a quarter of an hour.",
        period=standing.period_name if standing else budget.get_period_display(),
        spent=money_text(spent, budget.currency),
        spent_percent=_percent(spent, budget.amount),
        forecast=money_text(total, budget.currency),
        forecast_percent=_percent(total, budget.amount),
        meter=meter(
            budget,
            spent=spent,
            forecast=total,
            low=standing.forecast_low if standing else None,
            high=standing.forecast_high if standing else None,
        ),
        scope=scope_words(budget),
    )


def scope_words(budget: Budget) -> str:
    """What a budget is about, in one line."""
    parts = [budget.filter_text or "All costs"]
    if budget.clusters:
        parts.append(f"in {', '.join(budget.clusters)}")
    idle = {"separate": "with idle", "share": "with idle shared", "hide": "without idle"}
    return " ".join([*parts, idle[budget.idle]])


# One budget -------------------------------------------------------------------------------------


def detail_context(status: Status) -> dict[str, Any]:
    """The variables of budgets/detail.html about how the budget stands now."""
    budget, found = status.budget, status.found
    points = points_of(status)
    projection = found.projection if found else None
    return {
        "status": status,
        "state": status.state.label,
        "tone": TONES[status.state],
        "scope": scope_words(budget),
        "spent": money_text(status.spent, budget.currency),
        "spent_percent": _percent(status.spent, budget.amount),
        "forecast": forecast_card(found) if found else None,
        "forecast_percent": _percent(status.total, budget.amount),
        "left": money_text(
            None if status.spent is None else max(0, budget.amount - status.spent),
            budget.currency,
        ),
        "chart": chart(points, budget, projection is not None) if found else None,
        "point_lines": [_point_line(point, budget.currency) for point in points],
        "thresholds": _thresholds(status, points),
        "last_day": status.span.period.end - DAY,
    }


def _point_line(point: Point, currency: str) -> dict[str, Any]:
    return {
        "day": point.day,
        "spent": money_text(point.spent, currency),
        "expected": money_text(point.expected, currency),
        "range": ""
        if point.low is None
        else f"{money_text(point.low, currency)} – {money_text(point.high, currency)}",
        "line": money_text(point.line, currency),
        "is_complete": point.is_complete,
        "is_over": point.spent is not None,
    }


def _thresholds(status: Status, points: list[Point]) -> list[dict[str, Any]]:
    reached = {(basis, percent) for basis, percent, _ in status.reached()}
    found = []
    for basis, value, percents in (
        (Basis.ACTUAL, status.spent, status.budget.actual_thresholds),
        (Basis.FORECAST, status.total, status.budget.forecast_thresholds),
    ):
        for percent in percents:
            day = day_reached(status, percent, points) if basis is Basis.ACTUAL else None
            found.append(
                {
                    "label": f"{percent}% {'spent' if basis is Basis.ACTUAL else 'forecast'}",
                    "amount": money_text(
                        status.budget.amount * percent // 100, status.budget.currency
                    ),
                    "is_reached": (basis, percent) in reached,
                    "is_known": value is not None,
                    "day": day,
                }
            )
    return found


def chart(points: Sequence[Point], budget: Budget, has_forecast: bool) -> dict[str, Any]:
    """Running sums as shapes of a drawing WIDTH by HEIGHT. Its equal is the table of days."""
    most = max(
        budget.amount,
        *(value or 0 for point in points for value in (point.spent, point.high, point.expected)),
    )
    top = most * 1.06

    def at(index: int, value: int) -> str:
        x = (index + 1) / len(points) * WIDTH
        return f"{x:.1f},{HEIGHT - max(0, value) / top * HEIGHT:.1f}"

    def path(values: Sequence[int | None]) -> str:
        return " ".join(at(n, value) for n, value in enumerate(values) if value is not None)

    known = [n for n, point in enumerate(points) if point.spent is not None]
    today = known[-1] if known else -1
    ahead = [p.expected if n >= today else None for n, p in enumerate(points)]
    start = f"0,{HEIGHT} "
    spent = path([point.spent for point in points])
    begun = at(today, points[today].spent or 0) if known else f"0,{HEIGHT}"
    high = [at(n, p.high) for n, p in enumerate(points) if n > today and p.high is not None]
    low = [at(n, p.low) for n, p in enumerate(points) if n > today and p.low is not None]
    last_x = (today + 1) / len(points) * WIDTH
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "spent": start + spent if known else "",
        "area": f"{start}{spent} {last_x:.1f},{HEIGHT}" if known else "",
        "ahead": f"{begun} {path(ahead)}" if has_forecast else "",
        "band": " ".join([begun, *high, *reversed(low)]) if high else "",
        "line": f"{start}{at(len(points) - 1, budget.amount)}",
        "budget_y": f"{HEIGHT - budget.amount / top * HEIGHT:.1f}",
        "ticks": [
            f"{HEIGHT - budget.amount * percent / 100 / top * HEIGHT:.1f}"
            for percent in budget.actual_thresholds
            if percent < 100
        ],
        "top": money_short_text(round(top), budget.currency),
        "middle": money_short_text(round(top / 2), budget.currency),
        "zero": "0",
        "days": [points[0].day, points[len(points) // 2].day, points[-1].day],
    }


# The form's preview -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preview:
    """What a budget that is being written would mean."""

    before: str  # what the period before cost
    before_name: str
    before_note: str
    after: str  # how the running period would stand
    tone: str


def preview(budget: Budget, *, now: dt.datetime, start_month: int) -> Preview:
    """For a budget that is not stored. Raises InvalidInput for a scope that cannot be read."""
    span = span_of(budget, now, start_month=start_month)
    earlier = span.before(start_month=start_month)
    before = forecast(question_of(budget), earlier, now=now)
    known = before.known
    days = known.days_complete + known.days_incomplete
    has_all = known.days_complete == days
    status = status_of(budget, now=now, span=span)
    return Preview(
        before=money_text(known.spent if known.days_complete else None, budget.currency),
        before_name=earlier.name,
        before_note="" if has_all else f"{known.days_complete} of {days} days are stored",
        after=_after(status, span),
        tone=TONES[status.state],
    )


def _after(status: Status, span: Span) -> str:
    budget, points = status.budget, points_of(status)
    if status.state is BudgetState.UNKNOWN:
        return f"How it would stand in {span.name} is unknown: {status.reason}"
    share = _percent(status.total, budget.amount)
    total = money_text(status.total, budget.currency)
    end = f" and end {span.name} at {total} ({share})" if status.total is not None else ""
    watched = max((p for p in budget.actual_thresholds if p < 100), default=100)
    day = day_reached(status, watched, points)
    if day is None:
        return f"It would stay below {watched}%{end}."
    return f"It would be at {watched}% on {day:%-d %B}{end}."
