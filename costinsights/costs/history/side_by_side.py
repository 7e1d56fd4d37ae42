"""Costs over time and their comparison from one reading of each period: what a page shows together."""

import datetime as dt
from dataclasses import replace

from costinsights.core.periods import ChargePeriod, utc_day
from costinsights.costs.history.answers import HistoryAnswer, history
from costinsights.costs.history.compare import Base, Comparison, compare
from costinsights.costs.history.lines import Answering
from costinsights.costs.history.query import HistoryQuery
from costinsights.costs.history.steps import Step


def side_by_side(
    query: HistoryQuery, base: Base, before: ChargePeriod, *, now: dt.datetime
) -> tuple[HistoryAnswer, HistoryAnswer, Comparison]:
    """The answer, the earlier period's steps, and both compared. Raises InvalidInput.

    Lines are added up once for each period. Only whole days by the hour are asked twice: their steps come from the
    stored hours, and the comparison from the stored days.
    """
    earlier = query.over(before).narrowed(limit=1)  # of the earlier period only the steps are drawn
    current, previous = Answering.both(query, before)
    whole_days = all(utc_day(end) == end for end in (query.period.start, query.period.end))
    by_hour = whole_days and query.step is Step.HOUR
    sides = None if by_hour else (current, previous)
    compared = compare(query, base, before, now=now, sides=sides)
    answer = history(query, now=now, asked=current)
    return answer, history(earlier, now=now, asked=replace(previous, query=earlier)), compared
