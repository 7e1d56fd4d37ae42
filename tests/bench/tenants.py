"""What a tenant costs: making one, migrating a hundred, room for an empty one, the switch per query and request.

    .venv/bin/python -m tests.bench.tenants [tenants]

Prints each figure beside its budget (docs/content/operate/scaling.md) and ends with 1 when one is missed. Uses
the servers of the tests, which do not sync to disk.
"""

import logging
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tests.environment  # noqa: F401  # before Django: it names the servers

_missed: list[str] = []


def say(what: str, figure: str, budget: str = "", *, holds: bool = True) -> None:
    """One line of the table."""
    mark = "" if not budget else ("ok" if holds else "MISSED")
    print(f"{what:<58} {figure:>14}  {budget:<14} {mark}", flush=True)  # noqa: T201  # it prints
    if not holds:
        _missed.append(what)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def median_us(work: Callable[[], object], repetitions: int) -> float:
    return statistics.median(seconds(work) for _ in range(repetitions)) * 1e6


def main(tenants: int) -> int:
    import django

    django.setup()
    from django.test.utils import setup_test_environment

    from tests import database

    setup_test_environment()
    logging.disable(logging.CRITICAL)  # the table is the output
    database.create_database()  # acme and globex: the next one is the third
    try:
        _creation(tenants)
        _migrations(tenants)
        _room()
        _switch()
    finally:
        database.drop_database()
    return 1 if _missed else 0


def _creation(tenants: int) -> None:
    from django.db import connection

    from tenants.services import create_tenant

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = int(cursor.fetchone()[0])
    before = time.process_time() + _cpu_of(backend)
    taken = [
        seconds(lambda n=n: create_tenant(name=f"Bench {n}", slug=f"bench-{n}")) * 1000  # type: ignore[misc]  # a default keeps n
        for n in range(3, tenants + 1)
    ]
    for name, some in (("first ten", taken[:10]), (f"last ten of {tenants}", taken[-10:])):
        median = statistics.median(some)
        say(
            f"create a tenant, {name}, median", f"{median:.0f} ms", "<= 300 ms", holds=median <= 300
        )
    used = (time.process_time() + _cpu_of(backend) - before) / len(taken) * 1000
    say("create a tenant, CPU of Python and Postgres, mean", f"{used:.0f} ms")
    say("create a tenant, the slowest", f"{max(taken):.0f} ms")


def _cpu_of(pid: int) -> float:
    """CPU seconds of a process of this machine: what a busy neighbour does not change."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _migrations(tenants: int) -> None:
    from django.core.management import call_command

    from tests.operations.added_column import added_column

    def migrate() -> None:
        call_command("migrate_schemas", verbosity=0)

    taken = seconds(migrate)
    say(f"migrate {tenants}, nothing to do", f"{taken:.1f} s", "<= 5 s", holds=taken <= 5)
    with added_column():
        taken = seconds(migrate)
        say(
            f"migrate {tenants}, two columns, an index",
            f"{taken:.1f} s",
            "<= 15 s",
            holds=taken <= 15,
        )


def _room() -> None:
    from costinsights.core.tenancy import public_context
    from tenants.models import Tenant
    from tests.database import admin_connection

    with public_context():
        tenant = Tenant.objects.latest("pk")
    with admin_connection(_database()) as admin:
        row = admin.execute(
            "WITH own AS (SELECT c.oid, c.relkind, c.reltoastrelid FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %(schema)s) "
            "SELECT count(*) FILTER (WHERE relkind = 'r'), count(*) FILTER (WHERE relkind = 'i'), "
            "count(*) FILTER (WHERE relkind = 'S'), count(*) FILTER (WHERE reltoastrelid <> 0), "
            "sum(pg_total_relation_size(oid)) FILTER (WHERE relkind IN ('r', 'S')) FROM own",
            {"schema": tenant.schema_name},
        ).fetchone()
    assert row is not None
    tables, indexes, sequences, toasts, size = (int(number) for number in row)
    relations = tables + indexes + sequences
    say("tables / indexes / sequences of an empty tenant", f"{tables} / {indexes} / {sequences}")
    say("relations of an empty tenant", str(relations), "<= 80", holds=relations <= 80)
    say("relations with overflow tables and their indexes", str(relations + 2 * toasts))
    say(
        "room for an empty tenant",
        f"{size / 2**20:.2f} MiB",
        "<= 1.5 MB",
        holds=size <= 1_500_000,
    )


def _switch() -> None:
    import psycopg
    from django.db import connection
    from django.test import Client

    from costinsights.core.tenancy import find_tenant, public_context, tenant_context

    acme: Any = find_tenant("acme")
    parameters = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in ("dbname", "user", "password", "host", "port")
    }
    with psycopg.connect(**parameters, autocommit=True) as session:
        cursor = session.cursor()
        bare = median_us(lambda: cursor.execute("SELECT 1").fetchone(), 2000)
        statement = f'SET search_path = "{acme.schema_name}"; SET ROLE "{acme.database_role}"'
        alone = median_us(lambda: cursor.execute(statement), 2000)
    with tenant_context(acme):

        def ours() -> None:
            with connection.cursor() as django_cursor:
                django_cursor.execute("SELECT 1")
                django_cursor.fetchone()

        ours()
        switched = median_us(ours, 2000)
    say("bare psycopg: SELECT 1", f"{bare:.0f} us")
    say("the path and role statement alone", f"{alone:.0f} us")
    say("Django's cursor with the switch: SELECT 1", f"{switched:.0f} us")

    def enter() -> None:
        with tenant_context(acme):
            pass

    with public_context():
        say("enter a tenant and leave it", f"{median_us(enter, 1000):.0f} us")
    client = Client(HTTP_HOST="acme.localhost")
    say(
        "a request on a tenant's host: sign-in page",
        f"{median_us(lambda: client.get('/sign-in/'), 200):.0f} us",
    )


def _database() -> str:
    from django.db import connection

    return str(connection.settings_dict["NAME"])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
