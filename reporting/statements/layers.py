"""Overhead: what a cluster's infrastructure cost beyond its allocations, and the cloud's bill beside them.

Only where a share rule asks for overhead: the infrastructure is a layer of its own and is never mixed into
allocations silently.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection

from costinsights.core.money import convert
from costinsights.costs.models import Cluster
from costinsights.opencost.layer_rows import Layer
from reporting.allocation.types import COMPONENTS, CostFact, FactKind, PoolSource, Stretch
from reporting.statements.reading import Books, Window
from reporting.statements.rulebook import RuleBook

_EXTERNAL = COMPONENTS.index("external")


def wants_overhead(rules: RuleBook) -> bool:
    """Whether a rule takes the overhead; then its days must be there as those of the allocations."""
    return any(rule.source == PoolSource.OVERHEAD for rule in rules.shares)


def add_asset_windows(books: Books) -> None:
    """Put the days of the infrastructure into the evidence, and into what is missing."""
    slugs = {cluster.pk: cluster.slug for cluster in books.clusters}
    found = [
        Window(
            cluster=slugs[row[0]],
            layer=Layer.ASSETS.value,
            day=row[1],
            state=row[2],
            revision=row[3],
            total=row[4],
            rows=row[5],
            unknown_rows=row[6],
            facts_sha256=row[7],
            opencost_version=row[8],
        )
        for row in _asset_windows(list(slugs), books.start, books.end)
    ]
    known = {(window.cluster, window.day): window for window in found}
    for window in [one for one in books.windows if one.counts]:
        beside = known.get((window.cluster, window.day))
        if beside is None or not beside.counts:
            books.missing.append(f"{window.cluster} {window.day} infrastructure")
    books.windows += found


def overheads_of(books: Books, stretch: Stretch) -> list[CostFact]:
    """By cluster, infrastructure less allocations of the days on which both are known; nothing where that is
    not positive."""
    return [
        fact
        for cluster in books.clusters
        if (fact := _overhead(books, cluster, stretch)) is not None
    ]


def _overhead(books: Books, cluster: Cluster, stretch: Stretch) -> CostFact | None:
    allocated = {
        window.day: window.total
        for window in books.windows
        if window.cluster == cluster.slug and not window.layer and window.counts
    }
    amount = 0
    for window in books.windows:
        if window.cluster != cluster.slug or window.layer != Layer.ASSETS or not window.counts:
            continue
        if stretch.start <= window.day < stretch.end and window.day in allocated:
            beyond = window.total - allocated[window.day]
            if cluster.currency != books.currency:
                beyond = convert(beyond, books.rate(cluster.currency, window.day).rate)
            amount += beyond
    if amount <= 0:
        return None
    costs = [0] * len(COMPONENTS)
    costs[_EXTERNAL] = amount
    return CostFact(
        kind=FactKind.OVERHEAD,
        cluster=cluster.slug,
        opencost_cluster=cluster.opencost_cluster_id,
        costs=tuple(costs),
        snapshot=books.evidence(cluster, stretch, layer=Layer.ASSETS),
    )


def cloud_bill_of(books: Books) -> int | None:
    """What the cloud billed for the month; None unless every day of every cluster's bill is stored."""
    if any(cluster.currency != books.currency for cluster in books.clusters):
        return None
    days = (books.end - books.start).days
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(total), 0)::bigint FROM costs_layerwindow "
            "WHERE layer = %s AND cluster_id = ANY(%s) AND day >= %s AND day < %s "
            "AND state IN ('ok', 'empty') AND unknown_rows = 0",
            [
                Layer.CLOUD.value,
                [cluster.pk for cluster in books.clusters],
                books.start,
                books.end,
            ],
        )
        count, total = cursor.fetchone()
    return int(total) if count == days * len(books.clusters) and count else None


def _asset_windows(clusters: Sequence[int], start: dt.date, end: dt.date) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cluster_id, day, state, revision, total, rows, unknown_rows, facts_sha256, "
            "opencost_version FROM costs_layerwindow "
            "WHERE layer = %s AND cluster_id = ANY(%s) AND day >= %s AND day < %s ORDER BY 1, 2",
            [Layer.ASSETS.value, list(clusters), start, end],
        )
        return list(cursor.fetchall())
