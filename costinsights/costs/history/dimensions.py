"""Names to ids: the dimension rows that a window's facts point to, made where missing.

Mostly all names are known, so they are looked up first; names travel as one JSON text, which costs both sides less than
arrays of text. What is missing is made by one statement, safe beside other writers: a row that somebody else has just
made is found when the names are looked up again.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from django.db import connection
from psycopg import sql

from costinsights.costs.history.facts import Who

_encode = msgspec.json.Encoder(order="deterministic").encode


class Ids(NamedTuple):
    """Where a fact's names stand."""

    workload: int
    group: int
    node: int
    label_set: int


def ids_of(cluster_id: int, names: Iterable[Who]) -> list[Ids]:
    """The ids of one cluster's names, in their order."""
    wanted = list(names)
    groups = _groups(
        cluster_id, {(who.row_kind, who.namespace, who.controller_kind) for who in wanted}
    )
    of_group = [groups[who.row_kind, who.namespace, who.controller_kind] for who in wanted]
    workloads = _workloads(
        {(group, who.controller) for group, who in zip(of_group, wanted, strict=True)}
    )
    nodes = _nodes(cluster_id, {who.node for who in wanted})
    label_sets = _label_sets({(who.labels, who.annotations) for who in wanted})
    return [
        Ids(
            workload=workloads[group, who.controller],
            group=group,
            node=nodes[who.node],
            label_set=label_sets[who.labels, who.annotations],
        )
        for group, who in zip(of_group, wanted, strict=True)
    ]


def _groups(cluster_id: int, names: set[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
    rows = _found_or_made(
        "costs_workloadgroup",
        {"row_kind": "text", "namespace": "text", "controller_kind": "text"},
        sorted(names),
        cluster_id=cluster_id,
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def _workloads(names: set[tuple[int, str]]) -> dict[tuple[int, str], int]:
    rows = _found_or_made(
        "costs_workload", {"group_id": "bigint", "controller": "text"}, sorted(names)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _nodes(cluster_id: int, names: set[str]) -> dict[str, int]:
    rows = _found_or_made(
        "costs_node", {"name": "text"}, sorted((name,) for name in names), cluster_id=cluster_id
    )
    return {row[0]: row[1] for row in rows}


_Pairs = tuple[tuple[str, str], ...]


def _label_sets(wanted: set[tuple[_Pairs, _Pairs]]) -> dict[tuple[_Pairs, _Pairs], int]:
    hashes = {
        hashlib.sha256(_encode([labels, annotations])).hexdigest(): (labels, annotations)
        for labels, annotations in wanted
    }
    rows = _found_or_made(
        "costs_labelset",
        {"sha256": "text"},
        sorted((digest,) for digest in hashes),
        more={
            digest: {"labels": dict(labels), "annotations": dict(annotations)}
            for digest, (labels, annotations) in hashes.items()
        },
    )
    return {hashes[row[0]]: row[1] for row in rows}


def _found_or_made(
    table: str,
    columns: dict[str, str],
    names: Sequence[tuple[Any, ...]],
    *,
    cluster_id: int | None = None,
    more: dict[str, dict[str, Any]] | None = None,
) -> list[tuple[Any, ...]]:
    """The names with their ids behind them. `more` are further columns of a new row, in JSON, by its first name.

    `names` are sorted: two writers insert in one order, so that they never wait in a circle.
    """
    found = _found(table, columns, names, cluster_id)
    if len(found) == len(names):
        return found
    known = {row[:-1] for row in found}
    missing = [name for name in names if name not in known]
    rows = [
        dict(zip(columns, name, strict=True)) | (more[name[0]] if more else {}) for name in missing
    ]
    kinds = columns | ({"labels": "jsonb", "annotations": "jsonb"} if more else {})
    own = {"cluster_id": sql.Literal(cluster_id)} if cluster_id is not None else {}
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "INSERT INTO {table} ({names}) SELECT {values} FROM json_to_recordset(%s::json) "
                "AS wanted({kinds}) ON CONFLICT DO NOTHING"
            ).format(
                table=sql.Identifier(table),
                names=sql.SQL(", ").join(map(sql.Identifier, [*own, *kinds])),
                values=sql.SQL(", ").join(
                    [*own.values(), *(sql.Identifier("wanted", name) for name in kinds)]
                ),
                kinds=_kinds(kinds),
            ),
            [_encode(rows).decode()],
        )
    return found + _found(table, columns, missing, cluster_id)


def _found(
    table: str,
    columns: dict[str, str],
    names: Sequence[tuple[Any, ...]],
    cluster_id: int | None,
) -> list[tuple[Any, ...]]:
    rows = [dict(zip(columns, name, strict=True)) for name in names]
    of_cluster = (
        sql.SQL("held.cluster_id = {} AND ").format(sql.Literal(cluster_id))
        if cluster_id is not None
        else sql.SQL("")
    )
    same = (
        sql.SQL("held.{name} = wanted.{name}").format(name=sql.Identifier(name)) for name in columns
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "SELECT {names}, held.id FROM json_to_recordset(%s::json) AS wanted({kinds}) "
                "JOIN {table} held ON {of_cluster}{same}"
            ).format(
                names=sql.SQL(", ").join(sql.Identifier("held", name) for name in columns),
                kinds=_kinds(columns),
                table=sql.Identifier(table),
                of_cluster=of_cluster,
                same=sql.SQL(" AND ").join(same),
            ),
            [_encode(rows).decode()],
        )
        return list(cursor.fetchall())


def _kinds(columns: dict[str, str]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
        for name, kind in columns.items()
    )
