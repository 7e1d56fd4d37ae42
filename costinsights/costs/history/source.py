"""The SQL of one question: which tables answer, by which keys, under which conditions.

The smallest tables that know the answer are used: the roll-up by group and labels; the month roll-up by node for
whole months; the book of record only where a controller or a node is asked for by the day.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from costinsights.costs.current.dimensions import Dimension
from costinsights.costs.history.completeness import Coverage
from costinsights.costs.history.conditions import Condition, Group, Judge
from costinsights.costs.history.models import MEASURES
from costinsights.costs.history.steps import Step
from costinsights.costs.read_scope import ReadScope
from costinsights.opencost.filters import UNALLOCATED, Filter, sanitised
from costinsights.opencost.rows import RowKind

GROUP_DIMENSIONS = ("cluster", "namespace", "controller_kind")
IDLE = "__idle__"
UNMOUNTED = "__unmounted__"
Key = tuple[str, ...]
_NOTHING = -1  # in place of an index: none of those asked for one by one


@dataclass(frozen=True, slots=True)
class GroupKey:
    """What a group is in the grouping asked for."""

    row_kind: str
    values: tuple[str, ...]  # one per group dimension, in the order of `group_by`


@dataclass(frozen=True, slots=True)
class RawKey:
    """A key as the database answers it: indexes and names that `Source.key_of` turns into values."""

    group: int
    label: int
    controller: str | None
    node: str | None


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
                found.append(raw.node or (IDLE if is_idle else UNALLOCATED))
            else:
                found.append(IDLE if is_idle else raw.controller or UNALLOCATED)
        return tuple(found), group.row_kind

    # Asking -------------------------------------------------------------------------------------

    def sums(self) -> list[tuple[RawKey, list[int], int]]:
        """Every key's measures over the whole period, and its flags."""
        columns = ", ".join(f"sum(f.{name})::bigint" for name in MEASURES)
        rows = self._ask(f"{columns}, bit_or(f.flags)", MEASURES, bucket="")
        return [(key, list(values[:-1]), values[-1]) for key, values in rows]

    def series(
        self, step: Step, keys: Sequence[RawKey], *, share_idle: bool, without_idle: bool = False
    ) -> list[tuple[Any, RawKey, int]]:
        """The total of each step and key. Whatever is in none of `keys` comes under indexes of -1."""
        if without_idle:
            idle = {k for k, key in enumerate(self.group_keys) if key.row_kind == RowKind.IDLE}
            self.group_map = {pk: k for pk, k in self.group_map.items() if k not in idle}
        total = "f.total_cost"
        needed = ["total_cost"]
        if share_idle:
            needed += ["idle_cpu_share", "idle_ram_share", "idle_gpu_share"]
            total = " + ".join(f"f.{name}" for name in needed)
        if step is Step.HOUR:
            bucket = "f.at"
        elif step is Step.DAY:
            bucket = "f.at::date"
        else:
            bucket = f"date_trunc('{step}', f.at::timestamp)::date"
        rows = self._ask(f"sum({total})::bigint", needed, bucket=bucket, keys=keys)
        return [(values[0], key, values[1]) for key, values in rows]

    def _ask(
        self,
        columns: str,
        needed: Sequence[str],
        *,
        bucket: str,
        keys: Sequence[RawKey] | None = None,
    ) -> list[tuple[RawKey, tuple[Any, ...]]]:
        groups, labels, controllers, nodes = self._collapsed(keys)
        parameters: list[Any] = []
        joins, by = [], []
        head = [bucket] if bucket else []
        parameters_of_maps: list[Any] = [list(groups), list(groups.values())]
        joins.append(
            "JOIN unnest(%s::bigint[], %s::int[]) AS g(group_id, k) ON g.group_id = f.group_id"
        )
        by.append("g.k")
        if self.by_labels:
            joins.append(
                "JOIN unnest(%s::bigint[], %s::int[]) AS l(label_set_id, k) ON l.label_set_id = f.label_set_id"
            )
            parameters_of_maps += [list(labels), list(labels.values())]
            by.append("l.k")
        else:
            by.append(str(_NOTHING))
        select_parameters: list[Any] = []
        if self.by_controller:
            joins.append("JOIN costs_workload w ON w.id = f.workload_id")
            by.append(_name("w.controller", controllers, select_parameters))
        else:
            by.append("NULL::text")
        if self.by_node:
            joins.append("JOIN costs_node n ON n.id = f.node_id")
            by.append(_name("n.name", nodes, select_parameters))
        else:
            by.append("NULL::text")
        rows_text, row_parameters = self._rows(needed)
        where = " AND ".join(f"({condition.text})" for condition in self.conditions) or "true"
        parameters = [
            *select_parameters,
            *row_parameters,
            *parameters_of_maps,
            *(p for condition in self.conditions for p in condition.parameters),
        ]
        count = len(by) + len(head)
        statement = (
            f"SELECT {', '.join([*by, *head])}, {columns} FROM ({rows_text}) AS f {' '.join(joins)} "  # noqa: S608  # our own names; every value is a parameter
            f"WHERE {where} GROUP BY {', '.join(str(place + 1) for place in range(count))}"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return [
                (RawKey(row[0], row[1], row[2], row[3]), tuple(row[4:]))
                for row in cursor.fetchall()
            ]

    def _collapsed(
        self, keys: Sequence[RawKey] | None
    ) -> tuple[dict[int, int], dict[int, int], list[str] | None, list[str] | None]:
        """The maps to send. With `keys`, whatever none of them names becomes one index, so that the answer
        is as long as what is shown and not as what exists."""
        if keys is None:
            return self.group_map, self.label_map, None, None
        groups = {key.group for key in keys}
        labels = {key.label for key in keys}
        return (
            {pk: k if k in groups else _NOTHING for pk, k in self.group_map.items()},
            {pk: k if k in labels else _NOTHING for pk, k in self.label_map.items()},
            [key.controller for key in keys if key.controller is not None],
            [key.node for key in keys if key.node is not None],
        )

    def _rows(self, needed: Sequence[str]) -> tuple[str, list[Any]]:
        """The rows of the period from the tables that answer for it, under one set of names."""
        measures = ", ".join(f"x.{name}" for name in (*needed, "flags"))
        fine = "x.workload_id, x.node_id, " if self.is_fine else ""
        group = "w.group_id" if self.is_fine else "x.group_id"
        join = "JOIN costs_workload w ON w.id = x.workload_id " if self.is_fine else ""
        days, hours = (
            ("costs_costday", "costs_costhour")
            if self.is_fine
            else ("costs_groupday", "costs_grouphour")
        )
        parts: list[str] = []
        parameters: list[Any] = []

        def add(table: str, column: str, where: str, values: list[Any]) -> None:
            parts.append(
                f"SELECT {fine}{group} AS group_id, x.label_set_id, x.{column} AS at, {measures} "  # noqa: S608  # our own names
                f"FROM {table} x {join}WHERE {where}"
            )
            parameters.extend(values)

        period = self.coverage.period
        clusters = sorted({group.cluster_id for group in self.groups})
        if self.coverage.by_hour:
            add(
                hours,
                "hour",
                "x.cluster_id = ANY(%s) AND x.hour >= %s AND x.hour < %s",
                [clusters, period.start, period.end],
            )
        else:
            add(
                days,
                "day",
                "x.cluster_id = ANY(%s) AND x.day >= %s AND x.day < %s",
                [clusters, period.start.date(), period.end.date()],
            )
            for cluster, open_days in self.coverage.open_days().items():
                add(
                    hours,
                    "hour",
                    "x.cluster_id = %s AND (x.hour AT TIME ZONE 'UTC')::date = ANY(%s) "
                    "AND x.hour >= %s AND x.hour < %s",
                    [cluster, open_days, period.start, period.end],
                )
        return " UNION ALL ".join(parts), parameters


def _name(column: str, wanted: list[str] | None, parameters: list[Any]) -> str:
    if wanted is None:
        return column
    parameters.append(wanted)
    return f"CASE WHEN {column} = ANY(%s) THEN {column} END"
