"""Many days of stored costs, for questions about months."""

import datetime as dt
from collections.abc import Callable

from django.db import connection, models

from costinsights.core.periods import DAY
from costinsights.costs.models import Cluster, CostDay, GroupDay, Snapshot
from tests.costs.history.books import stored
from tests.costs.rows import cost_row


def stored_days(
    cluster: Cluster,
    first: dt.date,
    last: dt.date,
    cost: int | Callable[[dt.date], int | None] = 10_000_000,
    namespace: str = "shop",
) -> None:
    """Both days included. `cost` in micro-units; None leaves a day out.

    Through the product's own writer for the first day of each amount; the days like it are copies of that one in
    the tables that questions by the day read.
    """
    by_amount: dict[int, list[dt.datetime]] = {}
    start = dt.datetime.combine(first, dt.time(), dt.UTC)
    while start.date() <= last:
        amount = cost if isinstance(cost, int) else cost(start.date())
        if amount is not None:
            by_amount.setdefault(amount, []).append(start)
        start += DAY
    for amount, starts in by_amount.items():
        row = cost_row(cpu_cost=amount, minutes=1440.0, namespace=namespace)
        stored(cluster, starts[0], [row])
        if starts[1:]:
            _copied(cluster, starts[0], starts[1:])


def _copied(cluster: Cluster, like: dt.datetime, starts: list[dt.datetime]) -> None:
    for model, column, days in (
        (Snapshot, "window_start", starts),
        (CostDay, "day", [start.date() for start in starts]),
        (GroupDay, "day", [start.date() for start in starts]),
    ):
        table = model._meta.db_table
        columns = [
            field.column
            for field in model._meta.concrete_fields
            if field.column != column and not isinstance(field, models.BigAutoField)
        ]
        listed = ", ".join(f'"{name}"' for name in columns)
        kind = "timestamptz" if model is Snapshot else "date"
        where = "grain = 'day' AND" if model is Snapshot else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f'INSERT INTO {table} ({listed}, "{column}") SELECT {listed}, new FROM {table}, '  # names of our own
                f'unnest(%s::{kind}[]) AS new WHERE {where} cluster_id = %s AND "{column}" = %s',
                [days, cluster.pk, like if model is Snapshot else like.date()],
            )
