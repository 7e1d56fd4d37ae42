"""The SQL of one question: which tables answer, by which keys, under which conditions.

The smallest tables that know the answer are used: the roll-up by group and labels; the month roll-up by node for
whole months; the book of record only where a controller or a node is asked for by the day.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection

from costinsights.core.periods import DAY
from costinsights.costs.current.dimensions import Dimension
from costinsights.costs.history.completeness import Coverage
from costinsights.costs.history.conditions import Condition, Group, Judge
from costinsights.costs.history.models import IDLE_SHARE_COLUMNS, MEASURES
from costinsights.costs.history.steps import Step
from costinsights.costs.history.tables import Rows, whole_months
from costinsights.costs.read_scope import ReadScope
from costinsights.opencost.filters import UNALLOCATED, Filter, sanitised
from costinsights.opencost.rows import RowKind

GROUP_DIMENSIONS = ("cluster", "namespace", "controller_kind")
IDLE = "__idle__"
UNMOUNTED = "__unmounted__"
Key = tuple[str, ...]
_NOTHING = -1  # in place of an index: none
_ALL = ", ".join([*(f"sum(f.{name})::bigint" for name in MEASURES), "bit_or(f.flags)"])


@dataclass(frozen=True, slots=True)
class GroupKey:
    """What a group is in the grouping asked for."""

    row_kind: str
    values: tuple[str, ...]  # one per group dimension, in the order of `group_by`


class RawKey(NamedTuple):
    """A key as the database answers it: indexes and names that `Source.key_of` turns into values."""

    group: int
    label: int
    controller: str | None
    node: int


@dataclass(slots=True)
class Source:
    """One question's tables, maps and conditions."""

    group_by: tuple[Dimension, ...]
    coverage: Coverage
    groups: Sequence[Group]
    judge: Judge
    group_keys: list[GroupKey] = field(default_factory=list)
    group_map: dict[int, int] = field(default_factory=dict)  # group id -> index of its key
    label_values: list[tuple[str, ...]] = field(default_factory=list)
    label_map: dict[int, int] = field(default_factory=dict)  # label set id -> index of its values
    node_names: list[str] = field(default_factory=list)
    node_map: dict[int, int] = field(default_factory=dict)  # node id -> index of its name
    conditions: list[Condition] = field(default_factory=list)

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
        made = cls(group_by, coverage, groups, judge)
        if asked is not None:
            made.conditions.append(judge.condition(asked))
        if scope.condition is not None:
            made.conditions.append(judge.condition(scope.condition))
        made._map_groups(hide_idle=scope.is_limited)
        if made.by_labels:
            made._map_labels()
        if made.by_node:
            made._map_nodes()
        return made

    # What is asked for --------------------------------------------------------------------------

    @property
    def by_labels(self) -> list[Dimension]:
        return [dimension for dimension in self.group_by if dimension.key]

    @property
    def by_controller(self) -> bool:
        return any(dimension.name == "controller" for dimension in self.group_by)

    @property
    def by_node(self) -> bool:
        return any(dimension.name == "node" for dimension in self.group_by)

    @property
    def is_fine(self) -> bool:
        """Whether only the book of record knows."""
        asked = any(condition.is_fine for condition in self.conditions)
        return asked or self.by_controller or self.by_node

    def _map_groups(self, *, hide_idle: bool) -> None:
        known: dict[GroupKey, int] = {}
        dimensions = [d for d in self.group_by if d.name in GROUP_DIMENSIONS]
        for group in self.groups:
            if hide_idle and group.row_kind == RowKind.IDLE:
                continue
            values = tuple(self._group_value(group, dimension) for dimension in dimensions)
            key = GroupKey(group.row_kind, values)
            index = known.setdefault(key, len(known))
            if index == len(self.group_keys):
                self.group_keys.append(key)
            self.group_map[group.id] = index

    @staticmethod
    def _group_value(group: Group, dimension: Dimension) -> str:
        if dimension.name == "cluster":
            return group.cluster
        if group.row_kind == RowKind.IDLE:
            return IDLE
        return getattr(group, dimension.name) or UNALLOCATED

    def _map_labels(self) -> None:
        known: dict[tuple[str, ...], int] = {}
        for pk, labels, annotations in self.judge.label_sets():
            values = tuple(
                (annotations if dimension.name == "annotation" else labels).get(
                    sanitised(dimension.key)
                )
                or UNALLOCATED
                for dimension in self.by_labels
            )
            index = known.setdefault(values, len(known))
            if index == len(self.label_values):
                self.label_values.append(values)
            self.label_map[pk] = index

    def _map_nodes(self) -> None:
        """Nodes of several clusters with one name are one node to a reader."""
        known: dict[str, int] = {}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, name FROM costs_node WHERE cluster_id = ANY(%s) ORDER BY id",
                [sorted({group.cluster_id for group in self.groups})],
            )
            for pk, name in cursor.fetchall():
                index = known.setdefault(name, len(known))
                if index == len(self.node_names):
                    self.node_names.append(name)
                self.node_map[pk] = index

    def key_of(self, raw: RawKey) -> tuple[Key, str]:
        """The values by the dimensions asked for, and the kind of row."""
        group = self.group_keys[raw.group]
        is_idle = group.row_kind == RowKind.IDLE
        group_values = iter(group.values)
        label_values = iter(self.label_values[raw.label] if raw.label >= 0 else ())
        found = []
        for dimension in self.group_by:
            if dimension.name in GROUP_DIMENSIONS:
                found.append(next(group_values))
            elif dimension.key:
                value = next(label_values)
                found.append(IDLE if is_idle else value)
            elif dimension.name == "node":
                name = self.node_names[raw.node]
                found.append(name or (IDLE if is_idle else UNALLOCATED))
            else:
                found.append(IDLE if is_idle else raw.controller or UNALLOCATED)
        return tuple(found), group.row_kind

    # Asking -------------------------------------------------------------------------------------

    @property
    def keys_at_most(self) -> int:
        """How many keys there can be: what decides whether ranking comes before adding everything up."""
        count = len(self.group_keys) * max(1, len(self.label_values))
        count *= max(1, len(self.node_names))
        return count * (1_000 if self.by_controller else 1)

    def without(self, row_kind: str) -> None:
        """Leave the groups of one kind out from now on."""
        dropped = {k for k, key in enumerate(self.group_keys) if key.row_kind == row_kind}
        self.group_map = {pk: k for pk, k in self.group_map.items() if k not in dropped}

    def totals(self, *, share_idle: bool) -> list[tuple[RawKey, int]]:
        """Every key's total over the whole period."""
        needed, total = _total(share_idle)
        rows = self._ask(f"sum({total})::bigint", needed, coarse=True)
        return [(RawKey(*row[:4]), row[4]) for row in rows]

    def sums(self) -> list[tuple[RawKey, list[int], int]]:
        """Every key's measures over the whole period, and its flags."""
        rows = self._ask(_ALL, MEASURES, coarse=True)
        return [(RawKey(*row[:4]), list(row[4:-1]), row[-1]) for row in rows]

    def whole(self) -> "Source | None":
        """The same question without any grouping, where the roll-up by group can answer it."""
        if any(condition.is_fine for condition in self.conditions):
            return None
        made = Source((), self.coverage, self.groups, self.judge, conditions=self.conditions)
        made._map_groups(hide_idle=False)
        made.group_map = {pk: k for pk, k in made.group_map.items() if pk in self.group_map}
        return made

    def sums_of(
        self, lines: Sequence[Sequence[RawKey]], *, only: bool = False
    ) -> dict[int, tuple[list[int], int]]:
        """The measures and flags of each of `lines` by its place; whatever is in none of them under -1,
        or not at all with `only`."""
        rows = self._ask(_ALL, MEASURES, lines=lines, coarse=True, only=only)
        return {row[0]: (list(row[1:-1]), row[-1]) for row in rows}

    def series(
        self,
        step: Step,
        lines: Sequence[Sequence[RawKey]],
        *,
        share_idle: bool,
        only: bool = False,
    ) -> list[tuple[int, Any, int]]:
        """(line, step, total); whatever is in none of `lines` under -1, or not at all with `only`."""
        needed, total = _total(share_idle)
        coarse = step in (Step.MONTH, Step.QUARTER)
        if step is Step.HOUR:
            bucket = "f.at"
        elif step is Step.DAY:
            bucket = "f.at::date"
        else:
            bucket = f"date_trunc('{step}', f.at::timestamp)::date"
        rows = self._ask(
            f"sum({total})::bigint", needed, bucket=bucket, lines=lines, coarse=coarse, only=only
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def _ask(
        self,
        columns: str,
        needed: Sequence[str],
        *,
        coarse: bool,
        bucket: str = "",
        lines: Sequence[Sequence[RawKey]] | None = None,
        only: bool = False,
    ) -> list[tuple[Any, ...]]:
        """Sums by raw key, or by the place in `lines`, and by `bucket` where there is one.

        `coarse` says that a whole month may be answered in one piece.
        """
        rows_text, parameters = self._rows(needed, coarse=coarse)
        joins = [
            "JOIN unnest(%s::bigint[], %s::int[]) AS g(group_id, k) ON g.group_id = f.group_id"
        ]
        parameters += [list(self.group_map), list(self.group_map.values())]
        own = ["g.k", str(_NOTHING), "NULL::text", str(_NOTHING)]
        if self.by_labels:
            joins.append(
                "JOIN unnest(%s::bigint[], %s::int[]) AS l(label_set_id, k) "
                "ON l.label_set_id = f.label_set_id"
            )
            parameters += [list(self.label_map), list(self.label_map.values())]
            own[1] = "l.k"
        if self.by_controller:
            joins.append("JOIN costs_workload w ON w.id = f.workload_id")
            own[2] = "w.controller"
        if self.by_node:
            joins.append(
                "JOIN unnest(%s::bigint[], %s::int[]) AS n(node_id, k) ON n.node_id = f.node_id"
            )
            parameters += [list(self.node_map), list(self.node_map.values())]
            own[3] = "n.k"
        by = own
        if lines is not None:
            join, values = self._line_join(own, lines)
            joins.append(join if only else f"LEFT {join}")
            parameters += values
            by = [f"coalesce(line.place, {_NOTHING})"]
        where = " AND ".join(f"({condition.text})" for condition in self.conditions) or "true"
        parameters += [p for condition in self.conditions for p in condition.parameters]
        head = [*by, bucket] if bucket else by
        places = ", ".join(str(place + 1) for place in range(len(head)))
        statement = (
            f"SELECT {', '.join(head)}, {columns} FROM ({rows_text}) AS f {' '.join(joins)} "  # noqa: S608  # our own names; every value is a parameter
            f"WHERE {where} GROUP BY {places}"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())

    def _line_join(
        self, own: Sequence[str], lines: Sequence[Sequence[RawKey]]
    ) -> tuple[str, list[Any]]:
        """The join that gives a row the place of its line."""
        keys = [(raw, place) for place, raws in enumerate(lines) for raw in raws]
        names = ("k", "label", "controller", "node")
        types = ("int", "int", "text", "int")
        used = [0] + [
            place
            for place, wanted in ((1, self.by_labels), (2, self.by_controller), (3, self.by_node))
            if wanted
        ]
        columns = [[raw[place] for raw, _ in keys] for place in used]
        arrays = ", ".join(f"%s::{types[place]}[]" for place in used)
        matches = " AND ".join(f"line.{names[place]} = {own[place]}" for place in used)
        listed = ", ".join(names[place] for place in used)
        join = f"JOIN unnest({arrays}, %s::int[]) AS line({listed}, place) ON {matches}"
        return join, [*columns, [place for _, place in keys]]

    def _rows(self, needed: Sequence[str], *, coarse: bool) -> tuple[str, list[Any]]:
        """The rows of the period from the tables that answer for it, under one set of names."""
        clusters = sorted({group.cluster_id for group in self.groups})
        period = self.coverage.period
        parts = Rows(needed, is_fine=self.is_fine)
        if self.coverage.by_hour:
            parts.add_hours(
                "x.cluster_id = ANY(%s) AND x.hour >= %s AND x.hour < %s",
                [clusters, period.start, period.end],
            )
            return parts.result()
        days = [(period.start.date(), period.end.date())]
        if coarse and self.is_fine and self._months_know:
            months, days = whole_months(*days[0])
            if months:
                parts.add_months("x.cluster_id = ANY(%s) AND x.month = ANY(%s)", [clusters, months])
        for first, end in days:
            parts.add_days(
                "x.cluster_id = ANY(%s) AND x.day >= %s AND x.day < %s", [clusters, first, end]
            )
        for cluster, open_days in self.coverage.open_days().items():
            # Bounded by instants, so that the index leads to these days and not to all hours kept.
            first, end = open_days[0], open_days[-1] + DAY
            parts.add_hours(
                "x.cluster_id = %s AND x.hour >= %s AND x.hour < %s "
                "AND date_trunc('day', x.hour, 'UTC') = ANY(%s)",
                [cluster, max(first, period.start), min(end, period.end), open_days],
            )
        return parts.result()

    @property
    def _months_know(self) -> bool:
        """Whether the month roll-up by node and group has everything that is asked."""
        if self.by_controller or self.by_labels:
            return False
        return not any(condition.needs_facts for condition in self.conditions)


def _total(share_idle: bool) -> tuple[list[str], str]:
    """The columns of a total, and their sum."""
    needed = ["total_cost", *(IDLE_SHARE_COLUMNS if share_idle else ())]
    return needed, " + ".join(f"f.{name}" for name in needed)
