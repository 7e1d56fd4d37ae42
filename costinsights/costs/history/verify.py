"""Re-adding the whole store: facts, roll-ups and ledger must say the same, to the micro-unit."""

from dataclasses import dataclass

from django.db import connection

from costinsights.costs.history.models import MEASURES

_SUMS = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in MEASURES)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Two books that disagree. `where` names cluster and window, `what` the books and the amounts."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was compared and what did not agree."""

    windows: int
    facts: int
    mismatches: list[Mismatch]


def verify_history() -> Verdict:
    """Compare every window's facts with its ledger row, and every roll-up with the facts."""
    mismatches: list[Mismatch] = []
    windows = facts = 0
    for grain, table, rollup, column in (
        ("day", "costs_costday", "costs_groupday", "day"),
        ("hour", "costs_costhour", "costs_grouphour", "hour"),
    ):
        ledger = _ledger(grain)
        stored = _by_window(table, column, "count(*)::int")
        rolled = _by_window(rollup, column, "0")
        windows += len(ledger)
        facts += sum(values[0] for values in stored.values())
        for key in sorted({*ledger, *stored, *rolled}, key=str):
            rows, total = ledger.get(key, (0, 0))
            held = stored.get(key, (0, *(0 for _ in MEASURES)))
            if (rows, total) != (held[0], held[1 + MEASURES.index("total_cost")]):
                mismatches.append(
                    Mismatch(
                        f"cluster {key[0]}, {grain} {key[1]}",
                        f"ledger: {rows} rows, {total}; facts: {held[0]} rows, "
                        f"{held[1 + MEASURES.index('total_cost')]}",
                    )
                )
            if held[1:] != rolled.get(key, (0, *(0 for _ in MEASURES)))[1:]:
                mismatches.append(
                    Mismatch(f"cluster {key[0]}, {grain} {key[1]}", "the roll-up by group differs")
                )
    mismatches += _months()
    return Verdict(windows, facts, mismatches)


def _ledger(grain: str) -> dict[tuple[int, str], tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cluster_id, CASE grain WHEN 'day' THEN to_char(window_start AT TIME ZONE 'UTC', 'YYYY-MM-DD') "
            "ELSE to_char(window_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24') END, rows, total "
            "FROM costs_snapshot WHERE grain = %s AND revision > 0",
            [grain],
        )
        return {(row[0], row[1]): (row[2], row[3]) for row in cursor.fetchall()}


def _by_window(table: str, column: str, count: str) -> dict[tuple[int, str], tuple[int, ...]]:
    text = (
        f"to_char({column}, 'YYYY-MM-DD')"
        if column == "day"
        else f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24')"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT cluster_id, {text}, {count}, {_SUMS} FROM {table} GROUP BY 1, 2")  # noqa: S608  # our own names
        return {(row[0], row[1]): tuple(row[2:]) for row in cursor.fetchall()}


def _months() -> list[Mismatch]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH facts AS (
              SELECT f.cluster_id, date_trunc('month', f.day)::date AS month, f.node_id, f.group_id,
                     count(*)::int, {_SUMS}
              FROM costs_costday f GROUP BY 1, 2, 3, 4
            ), months AS (
              SELECT cluster_id, month, node_id, group_id, facts, {", ".join(MEASURES)} FROM costs_nodemonth
            )
            SELECT DISTINCT cluster_id, month FROM (
              (TABLE facts EXCEPT TABLE months) UNION ALL (TABLE months EXCEPT TABLE facts)
            ) AS differing ORDER BY 1, 2
            """  # noqa: S608  # our own names
        )
        return [
            Mismatch(f"cluster {cluster}, month {month}", "the roll-up by node differs")
            for cluster, month in cursor.fetchall()
        ]
