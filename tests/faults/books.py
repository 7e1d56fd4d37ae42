"""Reading a stage's store from behind the wall and comparing every row of it with the source."""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import psycopg
from psycopg import sql

from costinsights.core.periods import ChargePeriod
from tests.faults.source import Amounts, Name, Source

LENGTHS = {"hour": dt.timedelta(hours=1), "day": dt.timedelta(days=1)}


@dataclass
class Verdict:
    """What was compared, and each difference in words."""

    windows: int = 0
    rows: int = 0
    revisions: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: list[str] = field(default_factory=list)

    def __iadd__(self, other: "Verdict") -> "Verdict":
        self.windows += other.windows
        self.rows += other.rows
        self.revisions += other.revisions
        self.lost += other.lost
        self.doubled += other.doubled
        self.wrong += other.wrong
        return self


@dataclass(frozen=True, slots=True)
class Window:
    """A row of the ledger."""

    id: int
    grain: str
    start: dt.datetime
    state: str
    revision: int
    rows: int
    total: int
    is_open: bool  # due, or in somebody's hands

    @property
    def period(self) -> ChargePeriod:
        return ChargePeriod(self.start, self.start + LENGTHS[self.grain])


def asked(admin: "psycopg.Connection[Any]", schema: str, query: str, *values: Any) -> list[Any]:
    """Rows of a query in a workspace's schema, past the wall."""
    with admin.transaction(), admin.cursor() as cursor:
        cursor.execute(
            sql.SQL("SET LOCAL search_path = {}; SET LOCAL timezone = 'UTC'").format(
                sql.Identifier(schema)
            )
        )
        cursor.execute(query.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def compare(
    admin: "psycopg.Connection[Any]",
    schema: str,
    cluster: str,
    source: Source,
    *,
    since: dt.datetime,
    grains: tuple[str, ...] = ("hour", "day"),
) -> Verdict:
    """Everything stored of a cluster against what its source says. `since`: when the work began."""
    verdict = Verdict()
    [(cluster_id,)] = asked(admin, schema, "SELECT id FROM costs_cluster WHERE slug = %s", cluster)
    windows = [
        Window(*row)
        for row in asked(
            admin,
            schema,
            "SELECT id, grain, window_start, state, revision, rows, total, due_at IS NOT NULL OR leased_until IS NOT NULL "
            "FROM costs_snapshot WHERE cluster_id = %s ORDER BY grain, window_start",
            cluster_id,
        )
    ]
    verdict.wrong += _gaps(windows, since, grains)
    facts = {grain: _facts(admin, schema, cluster_id, grain) for grain in LENGTHS}
    kept = defaultdict(list)
    for window_id, revision, total in asked(
        admin,
        schema,
        "SELECT snapshot_id, revision, total FROM costs_snapshotrevision ORDER BY 1, 2",
    ):
        kept[window_id].append((revision, total))
    for window in windows:
        verdict.windows += 1
        found = facts[window.grain].pop(window.start, [])
        _compare_window(verdict, window, found, source)
        _compare_revisions(verdict, window, kept[window.id], source)
    for grain, unknown in facts.items():
        verdict.wrong += [f"{grain} {start}: facts that no ledger row knows" for start in unknown]
    return verdict


def _gaps(windows: list[Window], since: dt.datetime, grains: tuple[str, ...]) -> list[str]:
    """A window that the ledger lacks between its first and the last that was closed when the work began."""
    wrong = []
    for grain in grains:
        length = LENGTHS[grain]
        starts = [window.start for window in windows if window.grain == grain]
        for earlier, later in pairwise(starts):
            if later - earlier != length:
                wrong.append(f"{grain}: nothing between {earlier} and {later}")
        if not starts or starts[-1] < since - 2 * length - dt.timedelta(minutes=30):
            wrong.append(f"{grain}: the last windows are missing")
    return wrong


def _facts(
    admin: "psycopg.Connection[Any]", schema: str, cluster_id: int, grain: str
) -> dict[dt.datetime, list[tuple[Name, Amounts]]]:
    found: dict[dt.datetime, list[tuple[Name, Amounts]]] = defaultdict(list)
    for start, kind, namespace, controller, node, *amounts in asked(
        admin,
        schema,
        f"""SELECT x.{grain}::timestamptz, g.row_kind, g.namespace, w.controller, n.name,
                   x.cpu_cost, x.ram_cost, x.total_cost
            FROM costs_cost{grain} x JOIN costs_workload w ON w.id = x.workload_id
            JOIN costs_workloadgroup g ON g.id = w.group_id AND g.id = x.group_id
            JOIN costs_node n ON n.id = x.node_id WHERE x.cluster_id = %s""",
        cluster_id,
    ):
        cpu, ram, total = amounts
        found[start].append(((kind, namespace, controller, node), (cpu, ram, total)))
    return found


def _compare_window(
    verdict: Verdict, window: Window, found: list[tuple[Name, Amounts]], source: Source
) -> None:
    expected = source.rows(window.period)
    where = f"cluster {source.number}, {window.grain} {window.start:%Y-%m-%dT%H}"
    verdict.rows += len(found)
    verdict.doubled += sum(Counter(name for name, _ in found).values()) - len(dict(found))
    verdict.lost += len(expected.keys() - dict(found).keys())
    if window.is_open or window.state != "ok":
        verdict.wrong.append(f"{where}: {window.state}, open: {window.is_open}")
    if dict(found) != expected:
        verdict.wrong.append(f"{where}: rows differ from the source")
    if (window.rows, window.total) != (len(expected), sum(row[2] for row in expected.values())):
        verdict.wrong.append(f"{where}: the ledger says {window.rows} rows, {window.total}")


def _compare_revisions(
    verdict: Verdict, window: Window, kept: list[tuple[int, int]], source: Source
) -> None:
    """Every earlier reading is kept with its number and total, in the order of the editions."""
    verdict.revisions += len(kept)
    numbers = [revision for revision, _ in kept]
    editions = iter(range(1, source.edition))
    in_order = all(
        any(source.total(window.period, edition) == total for edition in editions)
        for _, total in kept
    )
    if numbers != list(range(1, window.revision)) or not in_order:
        verdict.wrong.append(f"{window.grain} {window.start}: revisions {kept}")
