"""The tables that answer for a stretch of time, as one SELECT under one set of names."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Rows:
    """The SELECTs of one question's rows: from the facts where `is_fine`, else from the roll-ups by group."""

    needed: Sequence[str]
    is_fine: bool
    texts: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)

    def add_days(self, where: str, values: list[Any]) -> None:
        self._add("costs_costday" if self.is_fine else "costs_groupday", "day", where, values)

    def add_hours(self, where: str, values: list[Any]) -> None:
        self._add("costs_costhour" if self.is_fine else "costs_grouphour", "hour", where, values)

    def add_months(self, where: str, values: list[Any]) -> None:
        self.texts.append(
            "SELECT NULL::bigint AS workload_id, x.node_id, x.group_id, NULL::bigint AS label_set_id, "  # noqa: S608  # our own names
            f"x.month AS at, {self._measures} FROM costs_nodemonth x WHERE {where}"
        )
        self.parameters += values

    def _add(self, table: str, column: str, where: str, values: list[Any]) -> None:
        names = "x.group_id, "
        if self.is_fine:
            names = "x.workload_id, x.node_id, x.group_id, "
        self.texts.append(
            f"SELECT {names}x.label_set_id, x.{column} AS at, {self._measures} "  # noqa: S608  # our own names
            f"FROM {table} x WHERE {where}"
        )
        self.parameters += values

    @property
    def _measures(self) -> str:
        return ", ".join(f"x.{name}" for name in (*self.needed, "flags"))

    def result(self) -> tuple[str, list[Any]]:
        return " UNION ALL ".join(self.texts), self.parameters


def whole_months(
    first: dt.date, end: dt.date
) -> tuple[list[dt.date], list[tuple[dt.date, dt.date]]]:
    """The calendar months that lie in [first, end), and the days before and after them."""
    month = first if first.day == 1 else _next_month(first)
    months = []
    while _next_month(month) <= end:
        months.append(month)
        month = _next_month(month)
    if not months:
        return [], [(first, end)]
    edges = [(first, months[0]), (_next_month(months[-1]), end)]
    return months, [edge for edge in edges if edge[0] < edge[1]]


def _next_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
