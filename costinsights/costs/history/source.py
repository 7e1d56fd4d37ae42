"""The SQL of one question: which tables answer, by which keys, under which conditions.

The smallest tables that know the answer are used: the roll-up by group and labels; the month roll-up by node; the
book of record only where a controller or a node is asked for by the day, or a month lies in the period in part.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from costinsights.core.periods import DAY, as_instant
from costinsights.costs.current.dimensions import Dimension
from costinsights.costs.history.completeness import Coverage, stored_days
from costinsights.costs.history.conditions import Condition, Group, Judge
from costinsights.costs.history.keymaps import NOTHING, KeyMaps, RawKey
from costinsights.costs.history.models import MEASURES
from costinsights.costs.history.statements import (
    EVERY_SUM,
    Asked,
    Best,
    Worth,
    bucket_of,
    fetched,
    is_coarse,
    total_of,
)
from costinsights.costs.history.steps import Step
from costinsights.costs.history.tables import MonthPlan, Rows, month_plan, next_month
from costinsights.costs.read_scope import ReadScope
from costinsights.opencost.filters import UNALLOCATED, Filter
from costinsights.opencost.rows import RowKind

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

    def best(
        self, limit: int, *, share_idle: bool, worth: Sequence[Worth] = ()
    ) -> tuple[list[Best], int]:
        """The first `limit` lines by their totals, those that cost as much as the last of them, and all idle ones;
        and how many lines there are beside the idle ones. With `worth` totals are about what they are worth."""
        if not self.group_map:
            return [], 0
        needed, total = total_of(share_idle)
        amount = f"sum({total})"
        asked = self._asked(needed, coarse=not worth, counted=True, ranking=True)
        if worth:
            asked.joins.append(
                "LEFT JOIN unnest(%s::bigint[], %s::date[], %s::date[], %s::numeric[]) "
                "AS r(cluster_id, first, end_day, rate) ON r.cluster_id = f.cluster_id "
                "AND r.first <= f.at::date AND f.at::date < r.end_day"
            )
            asked.join_values += [list(column) for column in zip(*worth, strict=True)]
            amount = f"round(sum(({total}) * coalesce(r.rate, 1)))"
        keys = ", ".join(f"{column} AS key_{place}" for place, column in enumerate(asked.own))
        names = ", ".join(f"key_{place}" for place in range(len(asked.own)))
        places = ", ".join(str(place + 1) for place in range(len(asked.own) + 1))
        statement = (
            f"WITH sums AS MATERIALIZED (SELECT {keys}, g.is_idle AS is_idle, "  # noqa: S608  # our own names; every value is a parameter
            f"bool_and(g.is_unmounted) AS is_unmounted, {amount}::bigint AS total "
            f"FROM {asked.text} GROUP BY {places}{asked.having}) "
            f"SELECT {names}, is_idle, is_unmounted, total, (SELECT count(*) FROM sums WHERE NOT is_idle) "
            "FROM sums WHERE is_idle OR total >= coalesce((SELECT total FROM sums WHERE NOT is_idle "
            "ORDER BY total DESC OFFSET %s LIMIT 1), -9223372036854775808)"
        )
        rows = fetched(statement, [*asked.parameters, limit - 1])
        found = [
            Best(self.keys.alike(self.keys.raw(row)), row[-4], row[-3], row[-2]) for row in rows
        ]
        return found, rows[0][-1] if rows else 0

    def sums(self) -> list[tuple[RawKey, list[int], int]]:
        """Every key's measures over the whole period, and its flags."""
        rows = self._ask(EVERY_SUM, MEASURES, coarse=True)
        return [(raw, list(row[:-1]), row[-1]) for raw, row in self._split(rows)]

    def sums_of(self, lines: Lines, *, only: bool = False) -> dict[int, tuple[list[int], int]]:
        """The measures and flags of each of `lines` by its place; whatever is in none of them under -1,
        or not at all with `only`."""
        rows = self._ask(EVERY_SUM, MEASURES, lines=lines, coarse=True, only=only)
        return {row[0]: (list(row[1:-1]), row[-1]) for row in rows}

    def series(
        self, step: Step, lines: Lines, *, share_idle: bool, only: bool = False
    ) -> list[tuple[int, Any, int]]:
        """(line, step, total); whatever is in none of `lines` under -1, or not at all with `only`."""
        needed, total = total_of(share_idle)
        rows = self._ask(
            f"sum({total})::bigint",
            needed,
            buckets=[bucket_of(step)],
            lines=lines,
            coarse=is_coarse(step),
            only=only,
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def sums_by_step(
        self, step: Step, lines: Lines, *, only: bool = False
    ) -> list[tuple[int, Any, list[int], int]]:
        """(line, step, measures, flags): sums and series in one reading, for few lines and steps."""
        rows = self._ask(
            EVERY_SUM,
            MEASURES,
            buckets=[bucket_of(step)],
            lines=lines,
            coarse=is_coarse(step),
            only=only,
        )
        return [(row[0], row[1], list(row[2:-1]), row[-1]) for row in rows]

    def windows(self, lines: Lines) -> list[tuple[int, int, dt.datetime, list[int], int]]:
        """(line, cluster, window, measures, flags); whatever is in none of `lines` under -1."""
        rows = self._ask(
            EVERY_SUM, MEASURES, buckets=["f.cluster_id", "f.at"], lines=lines, coarse=False
        )
        return [(row[0], row[1], as_instant(row[2]), list(row[3:-1]), row[-1]) for row in rows]

    def every_window(self) -> list[tuple[RawKey, int, dt.datetime, list[int], int]]:
        """(key, cluster, window, measures, flags) of every key."""
        rows = self._ask(EVERY_SUM, MEASURES, buckets=["f.cluster_id", "f.at"], coarse=False)
        return [
            (raw, row[0], as_instant(row[1]), list(row[2:-1]), row[-1])
            for raw, row in self._split(rows)
        ]

    def _split(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[RawKey, tuple[Any, ...]]]:
        """Each row's key, and the rest of it."""
        used = len(self.keys.used)
        for row in rows:
            yield self.keys.raw(row), row[used:]

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
        asked = self._asked(needed, coarse=coarse, counted=lines is None)
        by = asked.own if lines is None else [str(NOTHING)]
        if lines:
            join, values = self._line_join(asked.own, lines)
            asked.joins.append(join if only else f"LEFT {join}")
            asked.join_values += values
            by = [f"coalesce(line.place, {NOTHING})"]
        head = [*by, *buckets]
        places = ", ".join(str(place + 1) for place in range(len(head)))
        statement = (
            f"SELECT {', '.join(head)}, {columns} FROM {asked.text} GROUP BY {places}{asked.having}"  # noqa: S608  # our own names; every value is a parameter
        )
        return fetched(statement, asked.parameters)

    def _asked(
        self, needed: Sequence[str], *, coarse: bool, counted: bool, ranking: bool = False
    ) -> Asked:
        """The rows, with what their ids mean. A ranking takes groups and nodes that read alike as one."""
        plan = self._month_plan() if coarse else None
        counted = counted and plan is not None and bool(plan.too_much)
        keys = self.keys
        found = Asked(*self._rows(needed, plan, counted=counted), self.conditions, counted)
        indexes = list(self.group_map.values())
        if ranking:
            kinds = [keys.group_keys[k].row_kind for k in indexes]
            found.join(
                "unnest(%s::bigint[], %s::int[], %s::bool[], %s::bool[]) "
                "AS g(group_id, k, is_idle, is_unmounted) ON g.group_id = f.group_id",
                list(self.group_map),
                [keys.first_alike[k] for k in indexes],
                [kind == RowKind.IDLE for kind in kinds],
                [kind == RowKind.UNMOUNTED for kind in kinds],
            )
        else:
            found.join(
                "unnest(%s::bigint[], %s::int[]) AS g(group_id, k) ON g.group_id = f.group_id",
                list(self.group_map),
                indexes,
            )
        found.own.append("g.k")
        if keys.by_labels:
            found.join(
                "unnest(%s::bigint[], %s::int[]) AS l(label_set_id, k) "
                "ON l.label_set_id = f.label_set_id",
                list(keys.label_map),
                list(keys.label_map.values()),
            )
            found.own.append("l.k")
        if keys.by_controller:
            found.join("costs_workload w ON w.id = f.workload_id")
            named = f"coalesce(nullif(w.controller, ''), '{UNALLOCATED}')"
            found.own.append(named if ranking else "w.controller")
        if keys.by_node:
            nodes = list(keys.node_map.values())
            found.join(
                "unnest(%s::bigint[], %s::int[]) AS n(node_id, k) ON n.node_id = f.node_id",
                list(keys.node_map),
                [keys.first_node[k] for k in nodes] if ranking else nodes,
            )
            found.own.append("n.k")
        return found

    def _line_join(self, own: Sequence[str], lines: Lines) -> tuple[str, list[Any]]:
        """The join that gives a row the place of its line."""
        # A key once, also where clusters of several currencies have it: a join with it twice counts twice.
        keys = list(dict.fromkeys((raw, place) for place, raws in enumerate(lines) for raw in raws))
        names = ("k", "label", "controller", "node")
        types = ("int", "int", "text", "int")
        used = self.keys.used
        columns = [[raw[place] for raw, _ in keys] for place in used]
        arrays = ", ".join(f"%s::{types[place]}[]" for place in used)
        matches = " AND ".join(
            f"line.{names[place]} = {column}" for place, column in zip(used, own, strict=True)
        )
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
