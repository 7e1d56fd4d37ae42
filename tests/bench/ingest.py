"""One OpenCost answer to committed rows, beside a typed decode and a bare COPY of the same bytes in the same run.

    .venv/bin/python -m tests.bench.ingest [workloads] [hours] [rounds]

Two shapes: a generated day of 5,000 workloads in 24 hourly answers, and a day of 200 namespaces on 50 nodes in one
answer. Both ways begin with the same bytes: ours decodes to exact rows, adds them up and writes the window with its
roll-ups and its ledger row; the reference decodes with msgspec into bare structs and copies one line a row into a table
with the same columns and primary key. Prints seconds and CPU of Python and Postgres, the ratio, and the memory used beyond
what was held before, in multiples of the body. Uses the servers of the tests, which do not sync to disk.
"""

import gc
import itertools
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import tests.environment  # noqa: F401  # before Django: it names the servers

DAY = datetime(2026, 11, 22, tzinfo=UTC)
BUDGET = 0.5
MEMORY_BUDGET = 3.0


@dataclass(frozen=True)
class Answer:
    """The bytes of one window."""

    start: datetime
    hours: int
    body: bytes


def hourly(workloads: int, hours: int) -> list[Answer]:
    """Each workload a pod of one container with ten labels, on one of 100 nodes, in 60 namespaces."""
    return [
        _answer(
            DAY + timedelta(hours=hour),
            1,
            ((f"namespace-{n % 60}", f"workload-{n}", f"node-{n % 100}") for n in range(workloads)),
            seed=hour,
        )
        for hour in range(hours)
    ]


def daily(namespaces: int, nodes: int) -> list[Answer]:
    """A workload of each namespace on each node."""
    names = (
        (f"namespace-{n}", f"workload-{n}", f"node-{node}")
        for node in range(nodes)
        for n in range(namespaces)
    )
    return [_answer(DAY, 24, names, seed=0)]


def _answer(start: datetime, hours: int, names: Any, *, seed: int) -> Answer:
    from costinsights.core.periods import ChargePeriod
    from tests.fakes.opencost_rows import allocated_cost, envelope, wire_row

    period = ChargePeriod(start, start + timedelta(hours=hours))
    chance = Random(seed)  # the same data every time
    rows = {}
    for number, (namespace, controller, node) in enumerate(names):
        labels = {f"label_{index}_of_many": f"value-{number % 40}-{index}" for index in range(10)}
        row = allocated_cost(
            namespace,
            f"{chance.uniform(0, 9):.5f}",
            period,
            controller_kind=("deployment", "statefulset", "daemonset")[number % 3],
            controller=controller,
            pod=f"{controller}-5d9f7c9b4-x{number}",
            node=node,
            ram_cost=chance.randrange(0, 9_000_000, 10),
            cpu_usage=0.4,
            cpu_request=1.0,
            ram_usage=6e8,
            ram_request=1e9,
            labels=labels | {"team": f"team-{number % 10}"},
        )
        rows[f"{namespace}/{controller}/{node}"] = wire_row(row)
    return Answer(start, hours, envelope([rows]))


class Ours:
    """The product's own way."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        from costinsights.costs.history.models import Grain
        from tests.costs.history.books import opened
        from tests.factories.costs import ClusterFactory

        cluster = ClusterFactory.create()
        self.grain = Grain.HOUR if answers[0].hours == 1 else Grain.DAY
        self.windows = [(answer, opened(cluster, answer.start, self.grain)) for answer in answers]

    def __call__(self) -> None:
        for answer, snapshot in self.windows:
            self._read(answer, snapshot)

    def _read(self, answer: Answer, snapshot: Any) -> None:
        from costinsights.core.periods import ChargePeriod
        from costinsights.costs.history import keys
        from costinsights.costs.history.facts import window_facts
        from costinsights.costs.history.writer import write_window
        from costinsights.opencost.schema import decode_allocations
        from tests.costs.history.books import reading

        period = ChargePeriod(answer.start, answer.start + timedelta(hours=answer.hours))
        rows = decode_allocations(answer.body, period=period).rows
        facts = window_facts(rows, keys.stored_keys())
        write_window(snapshot, facts, reading(), attempt=0)
        keys.note_keys(rows, day=answer.start.date(), grain=self.grain)

    def undo(self) -> None:
        """As if nothing had been read, but for the names."""
        from django.db import connection

        from costinsights.costs.history.models import Snapshot

        with connection.cursor() as cursor:
            for table in ("costday", "costhour", "groupday", "grouphour", "nodemonth"):
                cursor.execute(f"DELETE FROM costs_{table}")  # names of our own
                cursor.execute(f"ANALYZE costs_{table}")
        Snapshot.objects.update(revision=0, rows=0, facts_sha256="")


_AMOUNTS = (
    *("cpu_cost", "ram_cost", "gpu_cost", "pv_cost", "network_cost", "load_balancer_cost"),
    *("shared_cost", "external_cost", "total_cost", "cpu_core_hours", "ram_byte_hours"),
    *("gpu_hours", "pv_byte_hours", "cpu_core_usage_average", "cpu_core_request_average"),
    *("ram_byte_usage_average", "ram_byte_request_average", "cpu_cost", "ram_cost"),
)


def _amounts(row: Any) -> str:
    """What a fact holds of a row, as text."""
    return "\t".join([str(round((getattr(row, name) or 0) * 1e6)) for name in _AMOUNTS])


class Reference:
    """As little as can be done with the same bytes: decode by type, copy every row's numbers."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        import msgspec
        from django.db import connection

        from costinsights.core.tenancy import current_tenant
        from costinsights.costs.history.models import MEASURES
        from costinsights.opencost import wire
        from tests.database import admin_connection

        self.answers = answers
        self.keys = itertools.count(1, 1_000_000)
        self.decoder = msgspec.json.Decoder(wire.Answer)
        self.columns = ["a", "b", "c", "d", "e", *MEASURES, "flags"]
        columns = ", ".join(f"{name} bigint NOT NULL" for name in self.columns)
        tenant: Any = current_tenant()
        with admin_connection(
            connection.settings_dict["NAME"]
        ) as admin:  # a tenant makes no tables
            admin.execute(
                f"SET search_path = {tenant.schema_name}; DROP TABLE IF EXISTS bare;"
                f"CREATE TABLE bare ({columns}, PRIMARY KEY (a, b, c, d, e)); GRANT ALL ON bare TO {tenant.database_role}"
            )

    def __call__(self) -> None:
        from django.db import transaction

        from costinsights.core.copying import copy_rows

        for answer in self.answers:
            sets: Any = self.decoder.decode(answer.body).data
            rest = "\t0" * (len(self.columns) - len(_AMOUNTS) - 5)
            lines = (
                f"{number}\t1\t3\t4\t5\t{_amounts(row)}{rest}\n".encode()
                for each in sets
                for number, row in enumerate(each.values(), start=next(self.keys))
            )
            with transaction.atomic():
                copy_rows("bare", self.columns, lines)

    def undo(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM bare")


def measured(work: Any, rounds: int, meter: Any) -> tuple[float, float]:
    """Seconds and CPU milliseconds of Python and Postgres, medians; the names are there from the first round on."""
    seconds, cpu = [], []
    for number in range(rounds + 1):
        work.undo()
        gc.collect()
        began, python, backend = time.perf_counter(), time.process_time(), meter.backend_ms()
        work()
        if number:
            seconds.append(time.perf_counter() - began)
            cpu.append((time.process_time() - python) * 1000 + meter.backend_ms() - backend)
    return statistics.median(seconds), statistics.median(cpu)


def memory(work: Callable[[], None]) -> int:
    """The most bytes that Python held at once, beyond what it held before."""
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak - before


def compare(what: str, answers: Sequence[Answer], rounds: int) -> bool:
    """Print one line; whether both budgets are kept."""
    from tests.bench.history import Meter

    meter, ours, reference = Meter(), Ours(answers), Reference(answers)
    theirs = measured(reference, rounds, meter)
    mine = measured(ours, rounds, meter)
    ours.undo()
    body = max(len(answer.body) for answer in answers)
    used = memory(ours) / body
    ours.undo()
    ratio, by_cpu = theirs[0] / mine[0], theirs[1] / mine[1]
    size = sum(len(answer.body) for answer in answers) / 1e6
    sys.stdout.write(
        f"{what:<34} {size:>6.0f} MB  ours {mine[0]:>6.2f} s, {mine[1] / 1000:>5.2f} s CPU  "
        f"reference {theirs[0]:>5.2f} s, {theirs[1] / 1000:>5.2f} s CPU  "
        f"ratio {ratio:.2f} (CPU {by_cpu:.2f}, budget {BUDGET})  memory {used:.1f} x body (budget {MEMORY_BUDGET})\n"
    )
    sys.stdout.flush()
    return by_cpu >= BUDGET and used <= MEMORY_BUDGET


def main(workloads: int, hours: int, rounds: int) -> int:
    """Both shapes; 1 when a budget is missed."""
    import django

    django.setup()
    from django.test.utils import setup_test_environment

    from costinsights.core.tenancy import find_tenant, tenant_context
    from tests import database

    setup_test_environment()
    database.create_database()
    try:
        with tenant_context(find_tenant("acme")):
            kept = [
                compare(f"{workloads:,} workloads x {hours} h", hourly(workloads, hours), rounds),
                compare("200 namespaces x 50 nodes, a day", daily(200, 50), rounds),
            ]
    finally:
        database.drop_database()
    return 0 if all(kept) else 1


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    sys.exit(main(*(given + [5_000, 24, 3][len(given) :])))
