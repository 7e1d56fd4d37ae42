"""What the database's keys mean: indexes of groups, label sets and nodes, and the values they stand for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection

from costinsights.costs.current.dimensions import Dimension
from costinsights.costs.history.conditions import Group, Judge
from costinsights.opencost.filters import UNALLOCATED, sanitised
from costinsights.opencost.rows import RowKind

GROUP_DIMENSIONS = ("cluster", "namespace", "controller_kind")
IDLE = "__idle__"
UNMOUNTED = "__unmounted__"
NOTHING = -1  # in place of an index: none
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupKey:
    """What a group is in the grouping asked for."""

    row_kind: str
    values: tuple[str, ...]  # one per group dimension, in the order of `group_by`


class RawKey(NamedTuple):
    """A key as the database answers it: indexes and names that `KeyMaps.key_of` turns into values."""

    group: int
    label: int
    controller: str | None
    node: int


@dataclass
class KeyMaps:
    """From the ids in the tables to indexes of keys, and from those to values."""

    group_by: tuple[Dimension, ...]
    group_keys: list[GroupKey] = field(default_factory=list)
    group_map: dict[int, int] = field(default_factory=dict)  # group id -> index of its key
    label_values: list[tuple[str, ...]] = field(default_factory=list)
    label_map: dict[int, int] = field(default_factory=dict)  # label set id -> index of its values
    node_names: list[str] = field(default_factory=list)
    node_map: dict[int, int] = field(default_factory=dict)  # node id -> index of its name

    @classmethod
    def of(
        cls,
        group_by: tuple[Dimension, ...],
        groups: Sequence[Group],
        judge: Judge,
        *,
        hide_idle: bool,
    ) -> "KeyMaps":
        made = cls(group_by)
        made._map_groups(groups, hide_idle=hide_idle)
        if made.by_labels:
            made._map_labels(judge)
        if made.by_node:
            made._map_nodes(groups)
        return made

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
    def keys_at_most(self) -> int:
        """How many keys there can be: what decides whether ranking comes before adding everything up."""
        count = len(self.group_keys) * max(1, len(self.label_values))
        count *= max(1, len(self.node_names))
        return count * (1_000 if self.by_controller else 1)

    @cached_property
    def used(self) -> tuple[int, ...]:
        """Which parts of a RawKey this grouping has, in its order."""
        wanted = (True, bool(self.by_labels), self.by_controller, self.by_node)
        return tuple(place for place, is_wanted in enumerate(wanted) if is_wanted)

    def raw(self, row: Sequence[Any]) -> RawKey:
        """The key that begins a row of the database's answer."""
        parts: list[Any] = [NOTHING, NOTHING, None, NOTHING]
        for place, value in zip(self.used, row, strict=False):
            parts[place] = value
        return RawKey(*parts)

    @cached_property
    def first_alike(self) -> list[int]:
        """For each group key the first that reads the same; idle ones are apart."""
        first: dict[object, int] = {}
        return [
            place if key.row_kind == RowKind.IDLE else first.setdefault(key.values, place)
            for place, key in enumerate(self.group_keys)
        ]

    @cached_property
    def first_node(self) -> list[int]:
        """For each node the first that reads the same: one without a name is as one of that name."""
        first: dict[str, int] = {}
        return [
            first.setdefault(name or UNALLOCATED, place)
            for place, name in enumerate(self.node_names)
        ]

    def alike(self, raw: RawKey) -> list[RawKey]:
        """Every key that reads as this one, which is the first of them."""
        groups = [k for k, first in enumerate(self.first_alike) if first == raw.group]
        nodes = [k for k, first in enumerate(self.first_node) if first == raw.node] or [raw.node]
        controllers = ["", UNALLOCATED] if raw.controller == UNALLOCATED else [raw.controller]
        return [
            RawKey(group, raw.label, controller, node)
            for group in groups
            for controller in controllers
            for node in nodes
        ]

    def _map_groups(self, groups: Sequence[Group], *, hide_idle: bool) -> None:
        known: dict[GroupKey, int] = {}
        dimensions = [d for d in self.group_by if d.name in GROUP_DIMENSIONS]
        for group in groups:
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

    def _map_labels(self, judge: Judge) -> None:
        known: dict[tuple[str, ...], int] = {}
        for pk, labels, annotations in judge.label_sets():
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

    def _map_nodes(self, groups: Sequence[Group]) -> None:
        """Nodes of several clusters with one name are one node to a reader."""
        known: dict[str, int] = {}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, name FROM costs_node WHERE cluster_id = ANY(%s) ORDER BY id",
                [sorted({group.cluster_id for group in groups})],
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
