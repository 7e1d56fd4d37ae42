"""The tables that answer for a stretch of time, as one SELECT under one set of names."""

import datetime as dt
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Days = tuple[dt.date, dt.date]  # the end excluded


@dataclass(slots=True)
class Rows:
    """The SELECTs of one question's rows: from the facts where `is_fine`, else from the roll-ups by group.

    With `counted` each row says how many facts it stands for, below zero where it is taken away.
    """

    needed: Sequence[str]
    is_fine: bool
    counted: bool = False
    texts: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)

    def add_days(self, where: str, values: list[Any], *, sign: int = 1) -> None:
        """Days that count, or with a sign below zero days that a month beside them has too much."""
        table = "costs_costday" if self.is_fine else "costs_groupday"
        self._add(table, "day", where, values, sign=sign)

    def add_hours(self, where: str, values: list[Any]) -> None:
        self._add("costs_costhour" if self.is_fine else "costs_grouphour", "hour", where, values)

    def add_months(self, where: str, values: list[Any]) -> None:
        count = ", x.facts" if self.counted else ""
        self.texts.append(
            "SELECT x.cluster_id, NULL::bigint AS workload_id, x.node_id, x.group_id, "  # noqa: S608  # our own names
            f"NULL::bigint AS label_set_id, x.month AS at, {self._measures(1)}{count} "
            f"FROM costs_nodemonth x WHERE {where}"
        )
        self.parameters += values

    def _add(
        self, table: str, column: str, where: str, values: list[Any], *, sign: int = 1
    ) -> None:
        names = "x.cluster_id, x.group_id, "
        if self.is_fine:
            names = "x.cluster_id, x.workload_id, x.node_id, x.group_id, "
        count = f", {sign} AS facts" if self.counted else ""
        self.texts.append(
            f"SELECT {names}x.label_set_id, x.{column} AS at, {self._measures(sign)}{count} "  # noqa: S608  # our own names
            f"FROM {table} x WHERE {where}"
        )
        self.parameters += values

    def _measures(self, sign: int) -> str:
        if sign < 0:
            # What still holds cannot be subtracted: flags of what is taken away do not count.
            return ", ".join([*(f"-x.{name} AS {name}" for name in self.needed), "0 AS flags"])
        return ", ".join(f"x.{name}" for name in (*self.needed, "flags"))

    def result(self) -> tuple[str, list[Any]]:
        return " UNION ALL ".join(self.texts), self.parameters


@dataclass(frozen=True, slots=True)
class MonthPlan:
    """Months that answer in one piece, days beside them, and days that the months have too much."""

    months: list[dt.date]
    beside: list[Days]
    too_much: list[Days]


def month_plan(first: dt.date, end: dt.date, stored: Sequence[dt.date]) -> MonthPlan:
    """How months answer for [first, end) when days are stored as `stored` says, sorted.

    A month that reaches beyond the period is still taken whole where fewer stored days lie outside of the period
    than inside of it: those outside are subtracted. Whole numbers: nothing is lost by it.
    """
    months: list[dt.date] = []
    beside: list[Days] = []
    too_much: list[Days] = []
    month = first.replace(day=1)
    while month < end:
        after = next_month(month)
        inside = (max(first, month), min(end, after))
        outside = [(month, inside[0]), (inside[1], after)]
        count_inside = _count(stored, inside)
        count_outside = sum(_count(stored, days) for days in outside)
        if count_outside < count_inside:
            months.append(month)
            too_much += [days for days in outside if _count(stored, days)]
        elif count_inside:
            beside.append(inside)
        month = after
    return MonthPlan(months, beside, too_much)


def _count(stored: Sequence[dt.date], days: Days) -> int:
    return bisect_left(stored, days[1]) - bisect_left(stored, days[0])


def next_month(day: dt.date) -> dt.date:
    """The first day of the month after."""
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
