"""What a month or quarter will have cost at its end: stored days, read as history reads them, and a projection."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Min

from costinsights.accounts.models import Workspace
from costinsights.core.errors import InvalidInput
from costinsights.core.periods import DAY, ChargePeriod, fiscal_quarter_of, utc_day
from costinsights.costs.current.dimensions import Dimension
from costinsights.costs.history.answers import HistoryAnswer, history
from costinsights.costs.history.completeness import Coverage
from costinsights.costs.history.forecasting import (
    LOOKBACK,
    DayCost,
    Known,
    NotEnoughDays,
    Projection,
    known_of,
    project,
)
from costinsights.costs.history.models import Grain, Snapshot
from costinsights.costs.history.query import MOST_ROWS, HistoryQuery
from costinsights.costs.history.steps import Step
from costinsights.costs.history.writer import FULL_MINUTES
from costinsights.costs.models import Cluster
from costinsights.costs.read_scope import ReadScope

PARAMETERS = ("period", "filter", "cluster", "idle", "currency")
METHOD = (
    "A level from the newest days that agree with each other, times the weekday's factor, with a damped trend; spikes "
    "are cut down. The intervals come from how far days lie from that, and from how far such forecasts were off before."
)


class Horizon(StrEnum):
    """What is forecast to its end."""

    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class Span:
    """A month or a quarter of the workspace's fiscal year, with its name."""

    horizon: Horizon
    name: str
    period: ChargePeriod

    @classmethod
    def of(cls, horizon: Horizon, instant: dt.datetime, *, start_month: int) -> "Span":
        """The one that holds `instant`. `start_month` is the first month of the fiscal year."""
        if horizon is Horizon.MONTH:
            start = Step.MONTH.start_of(instant)
            period = ChargePeriod(start, Step.MONTH.after(start))
            return cls(horizon, f"{start:%B %Y}", period)
        quarter = fiscal_quarter_of(instant, start_month=start_month)
        start = quarter.period.start
        name = quarter.name if start_month != 1 else f"Q{(start.month + 2) // 3} {start.year}"
        return cls(horizon, name, quarter.period)

    def before(self, *, start_month: int) -> "Span":
        return Span.of(self.horizon, self.period.start - DAY, start_month=start_month)


def current_span(horizon: Horizon, *, now: dt.datetime) -> Span:
    """The month or quarter of now, by the workspace's fiscal year."""
    return Span.of(horizon, now, start_month=Workspace.load().fiscal_year_start_month)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is known of a span and what is expected of it. `projection` None: `reason` says why."""

    span: Span
    answer: HistoryAnswer
    known: Known
    projection: Projection | None
    reason: str
    days: tuple[DayCost, ...]  # those of the span that are over
    without_data: tuple[str, ...]  # names of clusters of which nothing is stored

    @property
    def currency(self) -> str:
        return self.answer.currency


def parse_horizon(text: str) -> Horizon:
    """Raises InvalidInput."""
    try:
        return Horizon(text)
    except ValueError as error:
        raise InvalidInput(
            f"“{text}” is no period of a forecast. Use {', '.join(Horizon)}.",
            field="period",
            value=text,
        ) from error


def parse_question(
    parameters: Mapping[str, str], *, now: dt.datetime, scope: ReadScope
) -> HistoryQuery:
    """Filter, clusters, idle mode and currency as history reads them. Raises InvalidInput."""
    given = {name: parameters.get(name, "") for name in PARAMETERS[1:]}
    return HistoryQuery.parse(given, now=now, scope=scope)


def forecast(query: HistoryQuery, span: Span, *, now: dt.datetime) -> Forecast:
    """Foretell the span's total for the question's filter, clusters, idle mode and currency.

    The question's own period, grouping and limit play no part. Raises InvalidInput as `history` does.
    """
    today = utc_day(now)
    first = min(span.period.start, min(today, span.period.end) - LOOKBACK * DAY)
    asked = query.over(ChargePeriod(first, max(min(today, span.period.end), first + DAY)))
    asked = asked.narrowed(step=Step.DAY, group_by=(Dimension("cluster"),), limit=MOST_ROWS)
    answer = history(asked, now=now)
    clusters = list(Cluster.objects.filter(slug__in=answer.clusters))
    began = _first_days(clusters)
    days = _days(answer, clusters, began, now=now)
    period = (span.period.start.date(), span.period.end.date())
    known = known_of(days, *period, today=today.date())
    projection, reason = None, ""
    if began:
        try:
            projection = project(
                days, *period, today=today.date(), learn_from=max(began.values()).date()
            )
        except NotEnoughDays as short:
            reason = _why(short, clusters, began)
    else:
        reason = "Nothing is stored yet."
    return Forecast(
        span=span,
        answer=answer,
        known=known,
        projection=projection,
        reason=reason,
        days=tuple(cost for cost in days if period[0] <= cost.day < period[1]),
        without_data=tuple(cluster.name for cluster in clusters if cluster.pk not in began),
    )


def _first_days(clusters: Sequence[Cluster]) -> dict[int, dt.datetime]:
    """By cluster the first day of which something is stored; without those of which nothing is."""
    rows = (
        Snapshot.objects.filter(
            cluster__in=[cluster.pk for cluster in clusters], grain=Grain.DAY, revision__gt=0
        )
        .values_list("cluster_id")
        .annotate(first=Min("window_start"))
    )
    return {pk: first for pk, first in rows if first is not None}


def _days(
    answer: HistoryAnswer,
    clusters: Sequence[Cluster],
    began: Mapping[int, dt.datetime],
    *,
    now: dt.datetime,
) -> list[DayCost]:
    """The days that are over. One is complete when every cluster that had begun is stored in full.

    A cluster counts from the first day that is stored of it: what it cost before nobody knows.
    """
    coverage = Coverage.load(clusters, answer.query.period, by_hour=False)
    minutes: dict[tuple[int, dt.datetime], int] = {}
    for window in coverage.windows:
        key = (window.cluster_id, utc_day(window.start))
        minutes[key] = minutes.get(key, 0) + window.minutes
    found = []
    for step in answer.steps:
        start = step.period.start
        if step.period.end > now:
            continue
        running = [pk for pk, first in began.items() if first <= start]
        is_full = all(minutes.get((pk, start), 0) >= FULL_MINUTES[Grain.DAY] for pk in running)
        found.append(DayCost(start.date(), step.total, bool(running) and is_full))
    return found


def _why(
    short: NotEnoughDays, clusters: Sequence[Cluster], began: Mapping[int, dt.datetime]
) -> str:
    """The reason, naming the newest cluster where others have been stored for longer."""
    newest = max(began, key=lambda pk: began[pk])
    if len(began) < 2 or min(began.values()) == began[newest]:
        return short.reason
    name = next(cluster.name for cluster in clusters if cluster.pk == newest)
    return f"{short.reason} {name} is stored since {began[newest]:%-d %b %Y}."
