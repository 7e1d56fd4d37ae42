"""The SQL of one question: which tables answer, by which keys, under which conditions.

The smallest tables that know the answer are used: the roll-up by group and labels; the month roll-up by node; the
book of record only where a controller or a node is asked for by the day, or a month lies in the period in part.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection

from costinsights.core.periods import DAY, as_instant
from costinsights.costs.current.dimensions import Dimension
from costinsights.costs.history.completeness import Coverage, stored_days
from costinsights.costs.history.conditions import Condition, Group, Judge
from costinsights.costs.history.keymaps import NOTHING, KeyMaps, RawKey
from costinsights.costs.history.models import IDLE_SHARE_COLUMNS, MEASURES
from costinsights.costs.history.steps import Step
from costinsights.costs.history.tables import MonthPlan, Rows, month_plan, next_month
from costinsights.costs.read_scope import ReadScope
from costinsights.opencost.filters import Filter

_ALL = ", ".join([*(f"sum(f.{name})::bigint" for name in MEASURES), "bit_or(f.flags)"])
Lines = Sequence[Sequence[RawKey]]


@dataclass(slots=True)
class Source:
    """One question's tables, maps and conditions."""

    coverage: Coverage
    groups: Sequence[Group]
    judge: Judge
    keys: KeyMaps
    group_map: dict[int, int]  # those of `keys` that take part
    conditions: list[Condition] = field(default_factory=list)
    _plan: MonthPlan | None = None

    @classmethod
    def of(
        cls,
        *,
        group_by: tuple[Dimension, ...],
        coverage: Coverage,
        groups: Sequence[Group],
        asked: Filter | None,
        scope: ReadScope,
    ) -> "Source":
        """Raises InvalidInput for a filter on what history does not keep."""
        judge = Judge(groups, coverage.period)
        conditions = []
        if asked is not None:
            conditions.append(judge.condition(asked))
        if scope.condition is not None:
            conditions.append(judge.condition(scope.condition))
        keys = KeyMaps.of(group_by, groups, judge, hide_idle=scope.is_limited)
        return cls(coverage, groups, judge, keys, keys.group_map, conditions)

    @property
    def is_fine(self) -> bool:
        """Whether only the book of record knows."""
        asked = any(condition.is_fine for condition in self.conditions)
        return asked or self.keys.by_controller or self.keys.by_node

    def part(self, cluster_ids: Sequence[int]) -> "Source":
        """The same question to some of the clusters."""
        groups = [group for group in self.groups if group.cluster_id in cluster_ids]
        taking_part = {group.id for group in groups}
        group_map = {pk: k for pk, k in self.group_map.items() if pk in taking_part}
        return replace(self, groups=groups, group_map=group_map, _plan=None)

    def without(self, row_kind: str) -> None:
        """Leave the groups of one kind out from now on."""
        dropped = {k for k, key in enumerate(self.keys.group_keys) if key.row_kind == row_kind}
        self.group_map = {pk: k for pk, k in self.group_map.items() if k not in dropped}

    def whole(self) -> "Source | None":
        """The same question without any grouping, where the roll-up by group can answer it."""
        if any(condition.is_fine for condition in self.conditions):
            return None
        keys = KeyMaps.of((), self.groups, self.judge, hide_idle=False)
        group_map = {pk: k for pk, k in keys.group_map.items() if pk in self.group_map}
        return replace(self, keys=keys, group_map=group_map, _plan=None)

    # Asking -------------------------------------------------------------------------------------

    def totals(
        self, *, share_idle: bool, since: Sequence[dt.date] = ()
    ) -> list[tuple[RawKey, int, int]]:
        """Every key's total over the whole period, apart by the stretches that begin at `since`: (key, stretch,
        total), where stretch 0 lies before the first of them."""
        needed, total = _total(share_idle)
        bucket = "0"
        if since:
            days = ", ".join(f"'{day.isoformat()}'::date" for day in since)
            bucket = f"width_bucket(f.at::date, ARRAY[{days}])"
        rows = self._ask(f"sum({total})::bigint", needed, buckets=[bucket], coarse=not since)
        return [(RawKey(*row[:4]), row[4], row[5]) for row in rows]

    def sums(self) -> list[tuple[RawKey, list[int], int]]:
        """Every key's measures over the whole period, and its flags."""
        rows = self._ask(_ALL, MEASURES, coarse=True)
        return [(RawKey(*row[:4]), list(row[4:-1]), row[-1]) for row in rows]

    def sums_of(self, lines: Lines, *, only: bool = False) -> dict[int, tuple[list[int], int]]:
        """The measures and flags of each of `lines` by its place; whatever is in none of them under -1,
        or not at all with `only`."""
        rows = self._ask(_ALL, MEASURES, lines=lines, coarse=True, only=only)
        return {row[0]: (list(row[1:-1]), row[-1]) for row in rows}

    def series(
        self, step: Step, lines: Lines, *, share_idle: bool, only: bool = False
    ) -> list[tuple[int, Any, int]]:
        """(line, step, total); whatever is in none of `lines` under -1, or not at all with `only`."""
        needed, total = _total(share_idle)
        rows = self._ask(
            f"sum({total})::bigint",
            needed,
            buckets=[_bucket(step)],
            lines=lines,
            coarse=_is_coarse(step),
            only=only,
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def sums_by_step(
        self, step: Step, lines: Lines, *, only: bool = False
    ) -> list[tuple[int, Any, list[int], int]]:
        """(line, step, measures, flags): sums and series in one reading, for few lines and steps."""
        rows = self._ask(
            _ALL, MEASURES, buckets=[_bucket(step)], lines=lines, coarse=_is_coarse(step), only=only
        )
        return [(row[0], row[1], list(row[2:-1]), row[-1]) for row in rows]

    def windows(self, lines: Lines) -> list[tuple[int, int, dt.datetime, list[int], int]]:
        """(line, cluster, window, measures, flags); whatever is in none of `lines` under -1."""
        rows = self._ask(
            _ALL, MEASURES, buckets=["f.cluster_id", "f.at"], lines=lines, coarse=False
        )
        return [(row[0], row[1], as_instant(row[2]), list(row[3:-1]), row[-1]) for row in rows]

    def every_window(self) -> list[tuple[RawKey, int, dt.datetime, list[int], int]]:
        """(key, cluster, window, measures, flags) of every key."""
        rows = self._ask(_ALL, MEASURES, buckets=["f.cluster_id", "f.at"], coarse=False)
        return [
            (RawKey(*row[:4]), row[4], as_instant(row[5]), list(row[6:-1]), row[-1]) for row in rows
        ]

    def _ask(
        self,
        columns: str,
        needed: Sequence[str],
        *,
        coarse: bool,
        buckets: Sequence[str] = (),
        lines: Lines | None = None,
        only: bool = False,
    ) -> list[tuple[Any, ...]]:
        """Sums by raw key, or by the place in `lines`, and by `buckets`.

        `coarse` says that a whole month may be answered in one piece.
        """
        if not self.group_map:
            return []
        plan = self._month_plan() if coarse else None
        counted = lines is None and plan is not None and bool(plan.too_much)
        rows_text, parameters = self._rows(needed, plan, counted=counted)
        keys = self.keys
        joins = [
            "JOIN unnest(%s::bigint[], %s::int[]) AS g(group_id, k) ON g.group_id = f.group_id"
        ]
        parameters += [list(self.group_map), list(self.group_map.values())]
        own = ["g.k", str(NOTHING), "NULL::text", str(NOTHING)]
        if keys.by_labels:
            joins.append(
                "JOIN unnest(%s::bigint[], %s::int[]) AS l(label_set_id, k) "
                "ON l.label_set_id = f.label_set_id"
            )
            parameters += [list(keys.label_map), list(keys.label_map.values())]
            own[1] = "l.k"
        if keys.by_controller:
            joins.append("JOIN costs_workload w ON w.id = f.workload_id")
            own[2] = "w.controller"
        if keys.by_node:
            joins.append(
                "JOIN unnest(%s::bigint[], %s::int[]) AS n(node_id, k) ON n.node_id = f.node_id"
            )
            parameters += [list(keys.node_map), list(keys.node_map.values())]
            own[3] = "n.k"
        by = own
        if lines is not None:
            join, values = self._line_join(own, lines)
            joins.append(join if only else f"LEFT {join}")
            parameters += values
            by = [f"coalesce(line.place, {NOTHING})"]
        where = " AND ".join(f"({condition.text})" for condition in self.conditions) or "true"
        parameters += [p for condition in self.conditions for p in condition.parameters]
        head = [*by, *buckets]
        places = ", ".join(str(place + 1) for place in range(len(head)))
        # A key of which everything is taken away again has no line.
        having = " HAVING sum(f.facts) > 0" if counted else ""
        statement = (
            f"SELECT {', '.join(head)}, {columns} FROM ({rows_text}) AS f {' '.join(joins)} "  # noqa: S608  # our own names; every value is a parameter
            f"WHERE {where} GROUP BY {places}{having}"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())

    def _line_join(self, own: Sequence[str], lines: Lines) -> tuple[str, list[Any]]:
        """The join that gives a row the place of its line."""
        # A key once, also where clusters of several currencies have it: a join with it twice counts twice.
        keys = list(dict.fromkeys((raw, place) for place, raws in enumerate(lines) for raw in raws))
        names = ("k", "label", "controller", "node")
        types = ("int", "int", "text", "int")
        used = [0] + [
            place
            for place, wanted in (
                (1, self.keys.by_labels),
                (2, self.keys.by_controller),
                (3, self.keys.by_node),
            )
            if wanted
        ]
        columns = [[raw[place] for raw, _ in keys] for place in used]
        arrays = ", ".join(f"%s::{types[place]}[]" for place in used)
        matches = " AND ".join(f"line.{names[place]} = {own[place]}" for place in used)
        listed = ", ".join(names[place] for place in used)
        join = f"JOIN unnest({arrays}, %s::int[]) AS line({listed}, place) ON {matches}"
        return join, [*columns, [place for _, place in keys]]

    def _rows(
        self, needed: Sequence[str], plan: MonthPlan | None, *, counted: bool
    ) -> tuple[str, list[Any]]:
        """The rows of the period from the tables that answer for it, under one set of names."""
        clusters = self._clusters
        period = self.coverage.period
        parts = Rows(needed, is_fine=self.is_fine, counted=counted)
        if self.coverage.by_hour:
            parts.add_hours(
                "x.cluster_id = ANY(%s) AND x.hour >= %s AND x.hour < %s",
                [clusters, period.start, period.end],
            )
            return parts.result()
        within = "x.cluster_id = ANY(%s) AND x.day >= %s AND x.day < %s"
        if plan is None:
            parts.add_days(within, [clusters, period.start.date(), period.end.date()])
        else:
            parts.add_months(
                "x.cluster_id = ANY(%s) AND x.month = ANY(%s)", [clusters, plan.months]
            )
            for sign, stretches in ((1, plan.beside), (-1, plan.too_much)):
                for first, end in stretches:
                    parts.add_days(within, [clusters, first, end], sign=sign)
        for cluster, open_days in self.coverage.open_days().items():
            if cluster not in clusters:
                continue
            # Bounded by instants, so that the index leads to these days and not to all hours kept.
            start, end_at = open_days[0], open_days[-1] + DAY
            parts.add_hours(
                "x.cluster_id = %s AND x.hour >= %s AND x.hour < %s "
                "AND date_trunc('day', x.hour, 'UTC') = ANY(%s)",
                [cluster, max(start, period.start), min(end_at, period.end), open_days],
            )
        return parts.result()

    @property
    def _clusters(self) -> list[int]:
        return sorted({group.cluster_id for group in self.groups})

    def _month_plan(self) -> MonthPlan | None:
        """How the month roll-up by node and group takes part; None where it does not know or does not help."""
        if self.coverage.by_hour or not self.is_fine:
            return None
        if self.keys.by_controller or self.keys.by_labels:
            return None
        if any(condition.needs_facts for condition in self.conditions):
            return None
        if self._plan is None:
            first, end = self.coverage.period.start.date(), self.coverage.period.end.date()
            around = (first.replace(day=1), next_month(end - DAY))
            self._plan = month_plan(first, end, stored_days(self._clusters, *around))
        return self._plan if self._plan.months else None


def _bucket(step: Step) -> str:
    if step is Step.HOUR:
        return "f.at"
    if step is Step.DAY:
        return "f.at::date"
    return f"date_trunc('{step}', f.at::timestamp)::date"


def _is_coarse(step: Step) -> bool:
    return step in (Step.MONTH, Step.QUARTER)


def _total(share_idle: bool) -> tuple[list[str], str]:
    """The columns of a total, and their sum."""
    needed = ["total_cost", *(IDLE_SHARE_COLUMNS if share_idle else ())]
    return needed, " + ".join(f"f.{name}" for name in needed)
