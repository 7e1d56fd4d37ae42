"""A filter over stored costs: the same language and the same meaning as over live rows.

Each comparison is judged in Python by the filter's own code, once per dimension row (groups, workloads, nodes,
label sets: thousands, not millions), and reaches the database as a list of ids. AND and OR stay the tree's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.db import connection

from costinsights.core.errors import InvalidInput
from costinsights.core.periods import ChargePeriod
from costinsights.costs.current.idle import row_test
from costinsights.costs.models import Cluster
from costinsights.opencost.filters import AllOf, AnyOf, Comparison, Filter
from costinsights.opencost.rows import AllocatedCost, RowKind

GROUP_FIELDS = frozenset({"cluster", "namespace", "controllerKind"})
LABEL_FIELDS = frozenset({"label", "annotation"})


@dataclass(frozen=True, slots=True)
class Group:
    """A row of WorkloadGroup with its cluster's slug and what OpenCost calls the cluster."""

    id: int
    cluster_id: int
    cluster: str
    opencost_cluster: str
    row_kind: str
    namespace: str
    controller_kind: str


@dataclass(slots=True)
class Condition:
    """A piece of SQL over `f` (group_id, label_set_id and, if `is_fine`, workload_id and node_id).

    `needs_facts` says that it looks at what the month roll-up does not keep: controllers and labels.
    """

    text: str
    parameters: list[Any] = field(default_factory=list)
    is_fine: bool = False
    needs_facts: bool = False


def load_groups(clusters: Sequence[Cluster]) -> list[Group]:
    """Every group of these clusters."""
    by_id = {cluster.pk: cluster for cluster in clusters}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, cluster_id, row_kind, namespace, controller_kind FROM costs_workloadgroup "
            "WHERE cluster_id = ANY(%s)",
            [list(by_id)],
        )
        return [
            Group(
                id=pk,
                cluster_id=cluster_id,
                cluster=by_id[cluster_id].slug,
                opencost_cluster=by_id[cluster_id].opencost_cluster_id,
                row_kind=row_kind,
                namespace=namespace,
                controller_kind=controller_kind,
            )
            for pk, cluster_id, row_kind, namespace, controller_kind in cursor.fetchall()
        ]


class Judge:
    """Turns filters into conditions over one set of clusters."""

    def __init__(self, groups: Sequence[Group], period: ChargePeriod) -> None:
        self.groups = groups
        self._blank = AllocatedCost(
            kind=RowKind.WORKLOAD, window=period, start=period.start, end=period.end, minutes=0.0
        )
        self._label_sets: list[tuple[int, dict[str, str], dict[str, str]]] | None = None

    def condition(self, asked: Filter) -> Condition:
        """Raises InvalidInput for a field that history does not keep."""
        if isinstance(asked, Comparison):
            return self._comparison(asked)
        if isinstance(asked, AllOf):
            return _joined(" AND ", "true", map(self.condition, asked.branches))
        if isinstance(asked, AnyOf):
            return _joined(" OR ", "false", map(self.condition, asked.branches))
        raise TypeError(f"{type(asked).__name__} is no filter")

    def _comparison(self, asked: Comparison) -> Condition:
        if asked.field in GROUP_FIELDS:
            passes = row_test(asked)
            ids = [group.id for group in self.groups if passes(self._row_of(group))]
            return Condition("f.group_id = ANY(%s)", [ids])
        if asked.field in LABEL_FIELDS:
            return self._by_label(asked)
        if asked.field == "node":
            return self._by_name(
                asked, "node", "SELECT id, name FROM costs_node WHERE cluster_id = ANY(%s)"
            )
        if asked.field == "controllerName":
            return self._by_name(
                asked,
                "controller",
                "SELECT w.id, w.controller FROM costs_workload w JOIN costs_workloadgroup g "
                "ON g.id = w.group_id WHERE g.cluster_id = ANY(%s)",
            )
        raise InvalidInput(
            f"History keeps no {asked.field}. Filter by cluster, node, namespace, controllerKind, "
            "controllerName, label[name] or annotation[name].",
            field="filter",
            value=asked.render(),
        )

    def _by_label(self, asked: Comparison) -> Condition:
        passes = row_test(asked)
        ids = [
            pk
            for pk, labels, annotations in self.label_sets()
            if passes(msgspec.structs.replace(self._blank, labels=labels, annotations=annotations))
        ]
        found = self._beside_idle("f.label_set_id = ANY(%s)", ids, passes(self._idle()))
        found.needs_facts = True
        return found

    def _by_name(self, asked: Comparison, attribute: str, statement: str) -> Condition:
        passes = row_test(asked)
        clusters = list({group.cluster_id for group in self.groups})
        with connection.cursor() as cursor:
            cursor.execute(statement, [clusters])
            rows = cursor.fetchall()
        ids = [
            pk
            for pk, name in rows
            if passes(msgspec.structs.replace(self._blank, **{attribute: name}))
        ]
        if attribute == "node":
            # Idle cost may have a node; one without is idle rather than missing.
            idle_ids = [
                pk for pk, name in rows if passes(msgspec.structs.replace(self._idle(), node=name))
            ]
            found = self._split_idle("f.node_id = ANY(%s)", ids, "f.node_id = ANY(%s)", [idle_ids])
        else:
            found = self._beside_idle("f.workload_id = ANY(%s)", ids, passes(self._idle()))
            found.needs_facts = True
        found.is_fine = True
        return found

    def _beside_idle(self, text: str, ids: list[int], idle_passes: bool) -> Condition:
        """A condition on everything that is not idle; idle rows pass or fail as a whole."""
        return self._split_idle(text, ids, "true" if idle_passes else "false", [])

    def _split_idle(
        self, text: str, ids: list[int], idle_text: str, idle_parameters: list[Any]
    ) -> Condition:
        idle = [group.id for group in self.groups if group.row_kind == RowKind.IDLE]
        if not idle:
            return Condition(text, [ids])
        return Condition(
            f"CASE WHEN f.group_id = ANY(%s) THEN {idle_text} ELSE {text} END",
            [idle, *idle_parameters, ids],
        )

    def label_sets(self) -> list[tuple[int, dict[str, str], dict[str, str]]]:
        """Every set of stored labels and annotations of the tenant."""
        if self._label_sets is None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT id, labels::text, annotations::text FROM costs_labelset")
                self._label_sets = [
                    (pk, msgspec.json.decode(labels), msgspec.json.decode(annotations))
                    for pk, labels, annotations in cursor.fetchall()
                ]
        return self._label_sets

    def _row_of(self, group: Group) -> AllocatedCost:
        return msgspec.structs.replace(
            self._blank,
            kind=RowKind(group.row_kind),
            cluster=group.opencost_cluster,
            namespace=group.namespace,
            controller_kind=group.controller_kind,
        )

    def _idle(self) -> AllocatedCost:
        return msgspec.structs.replace(self._blank, kind=RowKind.IDLE)


def _joined(word: str, empty: str, parts: Iterable[Condition]) -> Condition:
    found = list(parts)
    if not found:
        return Condition(empty)
    return Condition(
        "(" + word.join(part.text for part in found) + ")",
        [parameter for part in found for parameter in part.parameters],
        any(part.is_fine for part in found),
        any(part.needs_facts for part in found),
    )
