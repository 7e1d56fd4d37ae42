"""Questions about stored costs, in CPU time of Python and of Postgres, with the bytes of the answer.

    .venv/bin/python -m tests.bench.history [namespaces] [nodes] [days]
    .venv/bin/python -m tests.bench.history long

Makes a cluster of 200 namespaces on 50 nodes over 91 days through the product's own writer (910,000 facts), then
asks each question five times and prints the median. `long` is 10,000 workloads in 200 namespaces on 50 nodes over 13
months (4 million facts): a week by the writer, the other weeks as copies of it. The reference in the same run is a
lean aggregate over the roll-up table, by day and group, in the database alone. Postgres uses no parallel workers, whose
CPU would not be seen. Uses the servers and the database of the tests.
"""

import logging
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import tests.environment  # noqa: F401  # before Django: it names the servers

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BUDGET_MS = {
    "total, daily": 90,
    "top 5 + Others by namespace, daily": 90,
    "namespace x node, monthly": 150,
    "namespace x kind, monthly": 150,
    "by label, daily, top 5": 100,
    "30 days against the previous 30, all namespaces": 120,
}
LONG_DAYS = 396


def rows_of(day: Any, namespaces: int, nodes: int, chance: Random) -> list[Any]:
    """One day: a workload of each namespace on each node, a label of ten teams, idle per node."""
    from costinsights.opencost.rows import AllocatedCost, RowKind

    rows = []
    for node in range(nodes):
        name = f"node-{node:03}"
        for number in range(namespaces):
            cost = chance.randrange(1_000, 900_000)
            rows.append(
                AllocatedCost(
                    kind=RowKind.WORKLOAD,
                    window=day,
                    start=day.start,
                    end=day.end,
                    minutes=1440.0,
                    node=name,
                    namespace=f"namespace-{number:03}",
                    controller_kind=("deployment", "statefulset", "daemonset")[number % 3],
                    controller=f"workload-{number:03}",
                    labels={"team": f"team-{number % 10}"},
                    cpu_cost=cost,
                    ram_cost=cost // 3,
                    pv_cost=cost // 7,
                    cpu_core_hours=cost / 30_000,
                    ram_byte_hours=cost * 1e6,
                    cpu_request=1.0,
                    cpu_usage=0.4,
                    ram_request=1e9,
                    ram_usage=6e8,
                )
            )
        rows.append(
            AllocatedCost(
                kind=RowKind.IDLE,
                window=day,
                start=day.start,
                end=day.end,
                minutes=1440.0,
                node=name,
                cpu_cost=chance.randrange(9_000_000),
                ram_cost=chance.randrange(2_000_000),
            )
        )
    return rows


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Meter:
    """CPU of this process and of its Postgres backend."""

    def __init__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SET max_parallel_workers_per_gather = 0")
            cursor.execute("SELECT pg_backend_pid()")
            self.stat = f"/proc/{cursor.fetchone()[0]}/stat"

    def backend_ms(self) -> float:
        with open(self.stat) as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 10.0  # clock ticks of 10 ms

    def cpu_ms(self, work: Callable[[], object], repetitions: int = 5) -> tuple[float, float]:
        """CPU of Python (median) and of Postgres (mean: its clock ticks are 10 ms)."""
        python, before = [], self.backend_ms()
        for _ in range(repetitions):
            begun = time.process_time()
            work()
            python.append((time.process_time() - begun) * 1_000)
        return statistics.median(python), (self.backend_ms() - before) / repetitions


def fill(namespaces: int, nodes: int, days: int) -> None:
    """Every day through the writer."""
    from costinsights.core.periods import ChargePeriod
    from costinsights.costs.history.facts import StoredKeys
    from tests.costs.history.books import stored
    from tests.factories.costs import ClusterFactory

    cluster = ClusterFactory.create(slug="prod")
    chance = Random(7)  # the same data every time
    began = time.perf_counter()
    keys = StoredKeys(labels=frozenset({"team"}))
    for number in range(days):
        day = ChargePeriod.day_of(NOW - timedelta(days=days - number))
        stored(cluster, day.start, rows_of(day, namespaces, nodes, chance), keys=keys)
    analyse(began)


def fill_long(namespaces: int, per_namespace: int, nodes: int, days: int) -> None:
    """The newest week through the writer, the weeks before it as copies: what is asked for is reading."""
    from django.db import connection

    from costinsights.core.periods import ChargePeriod
    from costinsights.costs.history.facts import StoredKeys
    from costinsights.costs.history.models import MEASURES, CostDay, GroupDay, Snapshot
    from tests.costs.history.books import stored
    from tests.factories.costs import ClusterFactory

    cluster = ClusterFactory.create(slug="prod")
    chance = Random(7)
    began = time.perf_counter()
    keys = StoredKeys(labels=frozenset({"team"}))
    for back in range(1, 8):
        day = ChargePeriod.day_of(NOW - timedelta(days=back))
        rows = workloads_of(day, namespaces, per_namespace, nodes, chance)
        stored(cluster, day.start, rows, keys=keys)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # for the copies alone
        for model, column in ((CostDay, "day"), (GroupDay, "day"), (Snapshot, "window_start")):
            names = [f.column for f in model._meta.concrete_fields if f.column not in (None, "id")]
            chosen = ", ".join(
                f"{name} - %s * interval '7 days'" if name == column else name for name in names
            )
            for week in range(1, days // 7 + 1):
                cursor.execute(
                    f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) "
                    f"SELECT {chosen} FROM {model._meta.db_table} WHERE {column} >= %s "
                    f"AND {column} - %s * interval '7 days' >= %s",
                    [week, NOW.date() - timedelta(days=7), week, NOW.date() - timedelta(days=days)],
                )
        sums = ", ".join(f"sum({name})" for name in MEASURES)
        cursor.execute("ANALYZE costs_costday")
        cursor.execute("DELETE FROM costs_nodemonth")
        cursor.execute(
            f"INSERT INTO costs_nodemonth (cluster_id, month, node_id, group_id, facts, {', '.join(MEASURES)}, flags) "
            f"SELECT cluster_id, date_trunc('month', day)::date, node_id, group_id, count(*), {sums}, 0 "
            "FROM costs_costday GROUP BY 1, 2, 3, 4"
        )
        cursor.execute("RESET statement_timeout")
    analyse(began)


def analyse(began: float) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE costs_costday, costs_groupday, costs_nodemonth, costs_labelset")
        cursor.execute("SELECT count(*) FROM costs_costday")
        facts = cursor.fetchone()[0]
    say(f"{facts:,} facts written in {time.perf_counter() - began:.0f} s")


def workloads_of(
    day: Any, namespaces: int, per_namespace: int, nodes: int, chance: Random
) -> list[Any]:
    """One day of many workloads, each on a node of its own choice, with a label of ten teams."""
    from msgspec.structs import replace

    plain = rows_of(day, namespaces, 1, chance)
    found = plain[-1:]
    for number, row in enumerate(plain[:-1]):
        for workload in range(per_namespace):
            cost = chance.randrange(1_000, 900_000)
            found.append(
                replace(
                    row,
                    node=f"node-{(number * 7 + workload) % nodes:03}",
                    controller=f"workload-{workload:03}",
                    cpu_cost=cost,
                    ram_cost=cost // 3,
                )
            )
    return found


def questions_of(days: int) -> dict[str, str]:
    """Addresses of the API by what they ask."""
    end = "2026-11-23"
    compared = f"/api/v1/costs/compare?start={(NOW - timedelta(days=30)).date()}&end={end}"
    if days > 100:
        start = (NOW - timedelta(days=days - 1)).date()
        history = f"/api/v1/costs/history?start={start}&end={end}"
        return {
            "top 5 + Others by namespace, daily": f"{history}&step=day&group_by=namespace&limit=5",
            "top 10 by namespace, monthly": f"{history}&step=month&group_by=namespace&limit=10",
            "namespace x node, monthly": f"{history}&step=month&group_by=namespace,node&limit=100",
            "by label, weekly, top 5": f"{history}&step=week&group_by=label:team&limit=5",
            "30 days against the same last year, all namespaces": f"{compared}&compare=last_year&limit=1000",
            "top 10 workloads, monthly (from facts)": f"{history}&step=month&group_by=namespace,controller&limit=10",
        }
    start = (NOW - timedelta(days=90)).date()
    history = f"/api/v1/costs/history?start={start}&end={end}"
    middle = f"/api/v1/costs/history?start=2026-09-16&end={end}"
    return {
        "total, daily": f"{history}&step=day&group_by=cluster&limit=5",
        "top 5 + Others by namespace, daily": f"{history}&step=day&group_by=namespace&limit=5",
        "namespace x node, monthly": f"{history}&step=month&group_by=namespace,node&limit=100",
        "namespace x node, monthly, from the middle of a month": f"{middle}&step=month&group_by=namespace,node&limit=100",
        "namespace x kind, monthly": f"{history}&step=month&group_by=namespace,controller_kind&limit=100",
        "by label, daily, top 5": f"{history}&step=day&group_by=label:team&limit=5",
        "30 days against the previous 30, all namespaces": f"{compared}&limit=1000",
    }


def main(namespaces: int, nodes: int, days: int) -> None:
    import django

    django.setup()
    import json

    from django.db import connection
    from django.test import Client
    from django.test.utils import setup_test_environment

    from costinsights.accounts.models import Role
    from costinsights.core.tenancy import find_tenant, tenant_context
    from tests import database
    from tests.factories.accounts import UserFactory, token_of

    logging.disable(logging.INFO)  # a line for each request
    setup_test_environment()
    database.create_database()
    try:
        with tenant_context(find_tenant("acme")):
            if days > 100:
                fill_long(namespaces, 50, nodes, days)
            else:
                fill(namespaces, nodes, days)
            user = UserFactory.create(role=Role.OWNER)
            client = Client(
                HTTP_HOST="acme.localhost", HTTP_AUTHORIZATION=f"Bearer {token_of(user)}"
            )
            meter = Meter()

            def lean() -> None:
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT day, group_id, sum(total_cost) FROM costs_groupday GROUP BY 1, 2"
                    )
                    cursor.fetchall()

            reference = sum(meter.cpu_ms(lean))
            say(f"reference, a lean aggregate: {reference:.0f} ms CPU")
            for name, url in questions_of(days).items():
                answer = client.get(url)
                assert answer.status_code == 200, answer.content
                assert json.loads(answer.content)["reconciliation"]["difference"] == "0.000000"
                python, postgres = meter.cpu_ms(partial(client.get, url))
                say(
                    f"{name}: {python:.0f} ms Python + {postgres:.0f} ms Postgres "
                    f"= {python + postgres:.0f} ms (budget {BUDGET_MS.get(name, 'none')}), "
                    f"{len(answer.content) / 1000:.0f} kB, {(python + postgres) / reference:.1f} x the reference"
                )
    finally:
        database.drop_database()


if __name__ == "__main__":
    is_long = sys.argv[1:] == ["long"]
    given = [200, 50, LONG_DAYS] if is_long else [int(text) for text in sys.argv[1:]]
    main(*(given + [200, 50, 91][len(given) :]))
