"""Many days of stored costs, for questions about months."""

import datetime as dt
from collections.abc import Callable

from costinsights.core.periods import DAY
from costinsights.costs.models import Cluster
from tests.costs.history.books import stored
from tests.costs.rows import cost_row


def stored_days(
    cluster: Cluster,
    first: dt.date,
    last: dt.date,
    cost: int | Callable[[dt.date], int | None] = 10_000_000,
    namespace: str = "shop",
) -> None:
    """Both days included. `cost` in micro-units; None leaves a day out."""
    start = dt.datetime.combine(first, dt.time(), dt.UTC)
    while start.date() <= last:
        amount = cost if isinstance(cost, int) else cost(start.date())
        if amount is not None:
            stored(cluster, start, [cost_row(cpu_cost=amount, minutes=1440.0, namespace=namespace)])
        start += DAY
