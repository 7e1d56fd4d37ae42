"""A statement's lines as people walk through them: cluster, namespace, kind, workload, each with its sum; and two
revisions side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Sum
from django.db.models.functions import Abs

from reporting.models import Statement, StatementLine

LEVELS = ("cluster", "namespace", "controller_kind", "controller")
_SUMS = ("list_cost", "discount", "markup", "effective_cost", "billed_cost", "previous_period_cost")
_KEY = ("line_type", "pool", *LEVELS)
MOST_DIFFERENCES = 1_000


@dataclass(frozen=True, slots=True)
class LineDifference:
    """A line in two revisions; None where it is not there."""

    key: tuple[str, ...]  # line type, pool, and LEVELS
    before: int | None
    after: int | None

    @property
    def change(self) -> int:
        return (self.after or 0) - (self.before or 0)


def groups_of(statement: Statement, path: Mapping[str, str]) -> tuple[str, Any]:
    """The next level below `path` (some of LEVELS, from the first) and its groups, the dearest first.

    Below the last level the line types are the groups.
    """
    rows = StatementLine.objects.filter(statement=statement, **path)
    depth = len(path)
    level = LEVELS[depth] if depth < len(LEVELS) else "line_type"
    sums = {name: Sum(name) for name in _SUMS}
    found = (
        rows.values(level)
        .annotate(lines=Count("position"), size=Abs(Sum("billed_cost")), **sums)
        .order_by("-size", level)
    )
    return level, found


def path_in(given: Mapping[str, str]) -> dict[str, str]:
    """The levels that are given, as far as they follow each other."""
    path = {}
    for level in LEVELS:
        if level not in given:
            break
        path[level] = given[level][:1_000]
    return path


def totals_by_type(statement: Statement) -> dict[str, int]:
    rows = StatementLine.objects.filter(statement=statement).values("line_type")
    return {
        row["line_type"]: int(row["billed"])
        for row in rows.annotate(billed=Sum("billed_cost")).order_by()
    }


def differences(
    before: Statement, after: Statement, *, most: int = MOST_DIFFERENCES
) -> tuple[int, list[LineDifference]]:
    """How many lines differ in what is billed, and the largest of them."""
    names = ", ".join(_KEY)
    same = " AND ".join(f"b.{name} = a.{name}" for name in _KEY)
    keys = ", ".join(f"COALESCE(a.{name}, b.{name})" for name in _KEY)
    side = (
        f"SELECT {names}, SUM(billed_cost)::bigint AS billed FROM reporting_statementline "  # noqa: S608  # names are ours
        f"WHERE statement_id = %s GROUP BY {names}"
    )
    query = (
        f"SELECT {keys}, b.billed, a.billed, COUNT(*) OVER () "  # noqa: S608  # names are ours
        f"FROM ({side}) b FULL JOIN ({side}) a ON {same} "
        "WHERE b.billed IS DISTINCT FROM a.billed "
        "ORDER BY ABS(COALESCE(a.billed, 0) - COALESCE(b.billed, 0)) DESC, "
        f"{', '.join(str(place + 1) for place in range(len(_KEY)))} LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [before.pk, after.pk, most])
        rows: Sequence[Any] = cursor.fetchall()
    size = len(_KEY)
    return (
        rows[0][-1] if rows else 0,
        [LineDifference(tuple(row[:size]), row[size], row[size + 1]) for row in rows],
    )
