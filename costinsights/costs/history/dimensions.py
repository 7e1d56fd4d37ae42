"""Names to ids: the dimension rows that a window's facts point to, made where missing.

Each is one statement over arrays, safe beside other writers: a row that somebody else has just made is found
by the second half.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from django.db import connection

from costinsights.costs.history.facts import Who

_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class Ids:
    """Where a fact's names stand."""

    workload: int
    group: int
    node: int
    label_set: int


def ids_of(cluster_id: int, names: Iterable[Who]) -> dict[Who, Ids]:
    """The ids of all names of one cluster's window."""
    wanted = list(names)
    groups = _groups(
        cluster_id, {(who.row_kind, who.namespace, who.controller_kind) for who in wanted}
    )
    workloads = _workloads(
        {
            (groups[who.row_kind, who.namespace, who.controller_kind], who.controller)
            for who in wanted
        }
    )
    nodes = _nodes(cluster_id, {who.node for who in wanted})
    label_sets = _label_sets({(who.labels, who.annotations) for who in wanted})
    found = {}
    for who in wanted:
        group = groups[who.row_kind, who.namespace, who.controller_kind]
        found[who] = Ids(
            workload=workloads[group, who.controller],
            group=group,
            node=nodes[who.node],
            label_set=label_sets[who.labels, who.annotations],
        )
    return found


def _groups(cluster_id: int, names: set[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
    ordered = sorted(names)  # two writers insert in one order, so that they never wait in a circle
    columns = [[name[i] for name in ordered] for i in range(3)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO costs_workloadgroup (cluster_id, row_kind, namespace, controller_kind)
            SELECT %s, wanted.* FROM unnest(%s::text[], %s::text[], %s::text[]) AS wanted
            ON CONFLICT DO NOTHING
            """,
            [cluster_id, *columns],
        )
        cursor.execute(
            """
            SELECT g.row_kind, g.namespace, g.controller_kind, g.id FROM costs_workloadgroup g
            JOIN unnest(%s::text[], %s::text[], %s::text[]) AS wanted(row_kind, namespace, controller_kind)
              USING (row_kind, namespace, controller_kind)
            WHERE g.cluster_id = %s
            """,
            [*columns, cluster_id],
        )
        return {(row[0], row[1], row[2]): row[3] for row in cursor.fetchall()}


def _workloads(names: set[tuple[int, str]]) -> dict[tuple[int, str], int]:
    ordered = sorted(names)
    columns = [[name[i] for name in ordered] for i in range(2)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO costs_workload (group_id, controller)
            SELECT wanted.* FROM unnest(%s::bigint[], %s::text[]) AS wanted ON CONFLICT DO NOTHING
            """,
            columns,
        )
        cursor.execute(
            """
            SELECT w.group_id, w.controller, w.id FROM costs_workload w
            JOIN unnest(%s::bigint[], %s::text[]) AS wanted(group_id, controller)
              USING (group_id, controller)
            """,
            columns,
        )
        return {(row[0], row[1]): row[2] for row in cursor.fetchall()}


def _nodes(cluster_id: int, names: set[str]) -> dict[str, int]:
    ordered = sorted(names)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO costs_node (cluster_id, name)
            SELECT %s, wanted FROM unnest(%s::text[]) AS wanted ON CONFLICT DO NOTHING
            """,
            [cluster_id, ordered],
        )
        cursor.execute(
            "SELECT name, id FROM costs_node WHERE cluster_id = %s AND name = ANY(%s)",
            [cluster_id, ordered],
        )
        return dict(cursor.fetchall())


_Pairs = tuple[tuple[str, str], ...]


def _label_sets(wanted: set[tuple[_Pairs, _Pairs]]) -> dict[tuple[_Pairs, _Pairs], int]:
    hashes = {
        hashlib.sha256(_encode([labels, annotations])).hexdigest(): (labels, annotations)
        for labels, annotations in wanted
    }
    ordered = sorted(hashes)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO costs_labelset (sha256, labels, annotations)
            SELECT wanted.* FROM unnest(%s::text[], %s::jsonb[], %s::jsonb[]) AS wanted
            ON CONFLICT DO NOTHING
            """,
            [
                ordered,
                [_encode(dict(hashes[name][0])).decode() for name in ordered],
                [_encode(dict(hashes[name][1])).decode() for name in ordered],
            ],
        )
        cursor.execute("SELECT sha256, id FROM costs_labelset WHERE sha256 = ANY(%s)", [ordered])
        return {hashes[name]: pk for name, pk in cursor.fetchall()}
