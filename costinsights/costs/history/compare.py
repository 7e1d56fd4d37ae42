"""Two periods side by side: what changed, and whether it was the amount used or the price of it.

For each component with a quantity, delta = Δquantity × old price + Δprice × new quantity. The first part is rounded
to a micro-unit and the second is the rest of the delta, so that the parts always add up to it exactly.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from costinsights.core.errors import InvalidInput
from costinsights.core.periods import ChargePeriod, utc_day
from costinsights.costs.current.rows import CostRow, Kind, Sums
from costinsights.costs.history.lines import Answering, Line, LineKey, cost_row
from costinsights.costs.history.participants import Excluded
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.history.steps import Step, add_months
from costinsights.costs.rates import Rate, rates_text
from costinsights.opencost.rows import COMPONENTS

_RATIO = Decimal("0.000001")
MOST_MOVERS = 5  # each way
# The quantity behind a component, as its place in Sums.hours; the others have none.
QUANTITIES = {"cpu": 0, "ram": 1, "gpu": 2, "pv": 3}


class Base(StrEnum):
    """What a period is compared with."""

    PREVIOUS = "previous"
    LAST_MONTH = "last_month"
    LAST_QUARTER = "last_quarter"
    LAST_YEAR = "last_year"
    CUSTOM = "custom"


class Change(StrEnum):
    """What became of a line."""

    CHANGED = "changed"
    NEW = "new"
    GONE = "gone"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Driver:
    """A component's part in a delta; the three parts add up to `delta`."""

    component: str
    delta: int
    by_quantity: int
    by_price: int
    other: int  # of components without a quantity, or where the old price is not known


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A line in both periods. Money in micro-units."""

    current: CostRow
    previous: CostRow
    delta: int
    ratio: Decimal | None  # delta / previous; None when that was 0
    change: Change
    drivers: list[Driver]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Σ current, Σ previous and Σ delta of the rows are those of the totals, to the micro-unit."""

    query: HistoryQuery
    base: Base
    previous_period: ChargePeriod
    currency: str
    excluded: list[Excluded]
    rows: list[ComparedRow]
    totals: ComparedRow
    movers: list[ComparedRow]
    risers: list[ComparedRow]  # what grew most, idle left aside
    fallers: list[ComparedRow]
    current_completeness: float
    previous_completeness: float
    previous_stored: float  # the share for which at least one cluster is stored
    data_through: dt.datetime | None
    hidden_idle: int | None
    hidden_idle_before: int | None
    conversions: list[Rate] = field(default_factory=list)  # the rates used in either period

    @property
    def conversions_text(self) -> str:
        """The rates used in one line, for exports; "" where nothing was converted."""
        return rates_text(self.conversions)


def previous_period(
    period: ChargePeriod, base: Base, *, start: dt.datetime | None = None
) -> ChargePeriod:
    """The period that `base` means. A custom one begins at `start` and is as long."""
    if base is Base.CUSTOM:
        if start is None:
            raise InvalidInput(
                "Comparing with a period of your own needs compare_start.", field="compare_start"
            )
        return ChargePeriod(start, start + period.length)
    if base is Base.PREVIOUS:
        return ChargePeriod(period.start - period.length, period.start)
    months = {Base.LAST_MONTH: 1, Base.LAST_QUARTER: 3, Base.LAST_YEAR: 12}[base]
    first = _months_back(period.start, months)
    if _is_first(period.start) and _is_first(period.end):
        return ChargePeriod(first, _months_back(period.end, months))
    return ChargePeriod(first, first + period.length)


def _is_first(instant: dt.datetime) -> bool:
    return instant.day == 1 and instant.hour == 0


def _months_back(instant: dt.datetime, months: int) -> dt.datetime:
    """The same day so many months ago, or the last day of a month that is too short."""
    first = add_months(instant.replace(day=1), -months)
    last_day = (add_months(first, 1) - dt.timedelta(days=1)).day
    return first.replace(day=min(instant.day, last_day))


def compare(
    query: HistoryQuery,
    base: Base,
    before: ChargePeriod,
    *,
    now: dt.datetime,
    sides: tuple[Answering, Answering] | None = None,
) -> Comparison:
    """Answer `query` for its own period and for the one before. Raises InvalidInput.

    `sides` are both periods with their lines added up already, where somebody has asked for them.
    """
    whole_days = all(utc_day(end) == end for end in (query.period.start, query.period.end))
    query = query.narrowed(step=Step.DAY if whole_days else Step.HOUR)  # which books answer
    if sides is None:
        sides = Answering.both(query, before)
    current, previous = sides
    keys = sorted({*current.lines, *previous.lines})
    plain = [key for key in keys if not key[1]]  # without idle cost
    whole = sum(line.sums.total for line in current.lines.values())
    names = current.names

    def compared(key: LineKey) -> ComparedRow:
        now_line, then_line = current.lines.get(key), previous.lines.get(key)
        return _compared(
            now_line.sums if now_line else Sums(),
            then_line.sums if then_line else Sums(),
            like=cost_row(current.lines.get(key) or previous.lines[key], query, names, whole),
            whole=whole,
        )

    # Only what is shown becomes a row: ranking needs the totals alone.
    now_of = {key: _total_of(current, key) for key in keys}
    delta_of = {key: now_of[key] - _total_of(previous, key) for key in keys}
    ranked = sorted(plain, key=lambda key: (-now_of[key], -abs(delta_of[key]), key))
    shown, rest = ranked[: query.limit], ranked[query.limit :]
    rows = [compared(key) for key in shown]
    if rest:
        rows.append(_others(current, previous, rest, whole))
    rows += [compared(key) for key in keys if key[1]]
    moved = sorted(
        (key for key in plain if delta_of[key]), key=lambda key: (-abs(delta_of[key]), key)
    )
    risen = [key for key in moved if delta_of[key] > 0][:MOST_MOVERS]
    fallen = [key for key in moved if delta_of[key] < 0][:MOST_MOVERS]
    totals = _compared(
        _merged(current.lines.values()),
        _merged(previous.lines.values()),
        like=Sums().as_row(key={}, label="Total", kind=Kind.TOTAL, whole=whole),
        whole=whole,
    )
    return Comparison(
        query=query,
        base=base,
        previous_period=before,
        currency=current.currency,
        excluded=current.excluded,
        rows=rows,
        totals=totals,
        movers=[compared(key) for key in moved[:10]],
        risers=[compared(key) for key in risen],
        fallers=[compared(key) for key in fallen],
        current_completeness=current.completeness(now),
        previous_completeness=previous.completeness(now),
        previous_stored=previous.stored(now),
        data_through=current.coverage.data_through(current.clusters),
        hidden_idle=current.hidden_idle,
        hidden_idle_before=previous.hidden_idle,
        conversions=current.participants.conversions(),
    )


def _total_of(asked: Answering, key: LineKey) -> int:
    line = asked.lines.get(key)
    return line.sums.total if line else 0


def _merged(lines: Iterable[Line]) -> Sums:
    total = Sums()
    for line in lines:
        total.merge(line.sums)
    return total


def _others(
    current: Answering, previous: Answering, keys: Sequence[LineKey], whole: int
) -> ComparedRow:
    now_sums = _merged(current.lines[key] for key in keys if key in current.lines)
    then_sums = _merged(previous.lines[key] for key in keys if key in previous.lines)
    like = Sums().as_row(
        key={}, label=f"Others ({len(keys):,})", kind=Kind.OTHERS, whole=whole, members=len(keys)
    )
    return _compared(now_sums, then_sums, like=like, whole=whole)


def _compared(current: Sums, previous: Sums, *, like: CostRow, whole: int) -> ComparedRow:
    def row(sums: Sums) -> CostRow:
        return sums.as_row(
            key=like.key, label=like.label, kind=like.kind, whole=whole, members=like.members
        )

    delta = current.total - previous.total
    ratio = None
    if previous.total:
        ratio = (Decimal(delta) / Decimal(previous.total)).quantize(_RATIO)
    return ComparedRow(
        current=row(current),
        previous=row(previous),
        delta=delta,
        ratio=ratio,
        change=_change(current, previous),
        drivers=[
            driver
            for place, component in enumerate(COMPONENTS)
            if (driver := _driver(component, place, current, previous)).delta
        ],
    )


def _change(current: Sums, previous: Sums) -> Change:
    if current.total == previous.total:
        return Change.SAME
    if not previous.total:
        return Change.NEW
    return Change.GONE if not current.total else Change.CHANGED


def _driver(component: str, place: int, current: Sums, previous: Sums) -> Driver:
    new_cost, old_cost = current.amounts[place], previous.amounts[place]
    delta = new_cost - old_cost
    quantity = QUANTITIES.get(component)
    if quantity is None:
        return Driver(component, delta, 0, 0, delta)
    new_amount = Fraction(current.hours[quantity])
    old_amount = Fraction(previous.hours[quantity])
    if not old_amount:
        # Nothing was used before: all of it is quantity, if anything is used now.
        return Driver(component, delta, delta if new_amount else 0, 0, 0 if new_amount else delta)
    by_quantity = round((new_amount - old_amount) * old_cost / old_amount)
    return Driver(component, delta, by_quantity, delta - by_quantity, 0)
