"""Stored costs in words: periods, steps, what drove a change."""

from datetime import timedelta

from costinsights.core.periods import ChargePeriod
from costinsights.core.templatetags.display import money_text, signed_money
from costinsights.costs.charts import COMPONENT_NAMES
from costinsights.costs.history.compare import Base, Change, ComparedRow, Driver
from costinsights.costs.history.completeness import StepState
from costinsights.costs.history.steps import Step

WINDOWS = {
    "today": "Today",
    "yesterday": "Yesterday",
    "7d": "Last 7 days",
    "14d": "Last 14 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "180d": "Last 180 days",
    "week": "Week to date",
    "lastweek": "Last week",
    "month": "Month to date",
    "lastmonth": "Last month",
    "quarter": "Quarter to date",
    "lastquarter": "Last quarter",
    "year": "Year to date",
    "lastyear": "Last year",
    "12m": "Last 12 months",
}
BASES = {
    Base.PREVIOUS: "Previous period",
    Base.LAST_MONTH: "Same period last month",
    Base.LAST_QUARTER: "Same period last quarter",
    Base.LAST_YEAR: "Same period last year",
    Base.CUSTOM: "A period of your own",
}
STEPS = {
    Step.HOUR: "Hours",
    Step.DAY: "Days",
    Step.WEEK: "Weeks",
    Step.MONTH: "Months",
    Step.QUARTER: "Quarters",
}
# More parts than these are named together: a sentence stays one.
_MOST_PARTS = 3


def period_words(period: ChargePeriod) -> str:
    """A period in words, both days included; the year once, where it is the same."""
    start, end = period.start, period.end
    if start.hour or end.hour:
        return f"{start:%-d %b, %H:%M} – {end:%-d %b %Y, %H:%M} UTC"
    last = end - timedelta(days=1)
    if last == start:
        return f"{start:%-d %b %Y}"
    if last.year != start.year:
        return f"{start:%-d %b %Y} – {last:%-d %b %Y}"
    return f"{start:%-d %b} – {last:%-d %b %Y}"


def step_label(period: ChargePeriod, step: Step) -> str:
    """A step under the axis: as short as it stays clear."""
    start = period.start
    match step:
        case Step.HOUR:
            return f"{start:%-d %b %H:%M}"
        case Step.MONTH:
            return f"{start:%b %Y}"
        case Step.QUARTER:
            return f"Q{(start.month - 1) // 3 + 1} {start.year}"
        case _:
            return f"{start:%-d %b}"


def step_title(period: ChargePeriod, step: Step) -> str:
    """A step in full, as its tooltip is headed."""
    if step is Step.HOUR:
        return f"{period.start:%a %-d %b %Y, %H:%M} – {period.end:%H:%M} UTC"
    if step is Step.DAY:
        return f"{period.start:%a %-d %b %Y}"
    return period_words(period)


def change_words(row: ComparedRow) -> str:
    """What became of a line, where that is more than an amount."""
    return {Change.NEW: "new", Change.GONE: "gone"}.get(row.change, "")


def driver_words(row: ComparedRow, currency: str) -> str:
    """“+$55.00 from more CPU, −$15.00 from a lower CPU price”. The parts named add up to the change."""
    parts = sorted(
        (part for driver in row.drivers for part in _parts(driver)), key=lambda part: -abs(part[0])
    )
    named = parts if len(parts) <= _MOST_PARTS else parts[: _MOST_PARTS - 1]
    rest = sum(amount for amount, _ in parts[len(named) :])
    if rest:
        named = [*named, (rest, "everything else")]
    return ", ".join(f"{signed_money(amount, currency)} from {what}" for amount, what in named)


def _parts(driver: Driver) -> list[tuple[int, str]]:
    name = COMPONENT_NAMES[driver.component]
    spoken = name if name.isupper() else name.lower()
    listed = [
        (driver.by_quantity, f"{'more' if driver.by_quantity > 0 else 'less'} {spoken}"),
        (driver.by_price, f"a {'higher' if driver.by_price > 0 else 'lower'} {spoken} price"),
        (driver.other, spoken),
    ]
    return [(amount, what) for amount, what in listed if amount]


def total_words(total: int | None, state: StepState, completeness: float, currency: str) -> str:
    """A step's amount with what must be known about it."""
    if state is StepState.MISSING:
        return "nothing stored"
    amount = money_text(total, currency)
    return amount if state is StepState.COMPLETE else f"{amount}, {completeness:.0%} stored"
