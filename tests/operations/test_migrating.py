"""Migrations of many tenants: whole or not at all, resumed, one fingerprint at the end."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, migrations

from costinsights.core.tenancy import public_context, tenant_connection
from tenants import migrating, schema_state
from tenants.models import Tenant
from tenants.provisioning import TEMPLATE_SCHEMA
from tenants.services import create_tenant, delete_tenant
from tests.database import admin_connection
from tests.operations.added_column import COLUMN, KEY, added_column
from tests.operations.forking import forker, moments

pytestmark = pytest.mark.django_db(transaction=True)
KILLS = 20


def run_sql(statement: str) -> list[tuple[Any, ...]]:
    with admin_connection(connection.settings_dict["NAME"]) as admin:
        cursor = admin.execute(statement)
        return cursor.fetchall() if cursor.description else []


def schemas() -> list[str]:
    with public_context():
        return [TEMPLATE_SCHEMA, *Tenant.objects.values_list("schema_name", flat=True)]


def undo_added_column() -> None:
    """Take the test's migration back, wherever it ran."""
    for schema in ("public", *schemas()):
        run_sql(f"DELETE FROM {schema}.django_migrations WHERE name = '{KEY[1]}'")
    for schema in schemas():
        for column in (COLUMN, "added_number"):
            run_sql(f"ALTER TABLE {schema}.costs_cluster DROP COLUMN IF EXISTS {column}")


@pytest.fixture
def tenants() -> Iterator[list[Tenant]]:
    """Ten more tenants beside acme and globex, and a database as before at the end."""
    made = [create_tenant(name=f"Many {n}", slug=f"many-{n}") for n in range(10)]
    yield made
    undo_added_column()
    for tenant in made:
        delete_tenant(tenant)


def has_column() -> list[str]:
    rows = run_sql(
        "SELECT table_schema FROM information_schema.columns "
        f"WHERE table_name = 'costs_cluster' AND column_name = '{COLUMN}'"
    )
    return [schema for (schema,) in rows]


def one_fingerprint() -> bool:
    with public_context(), tenant_connection.acting_as_owner():
        found = schema_state.fingerprints(schemas())
    return len(found) == len(schemas()) and len(set(found.values())) == 1


def test_a_migration_reaches_every_tenant(tenants: list[Tenant]) -> None:
    with added_column():
        call_command("migrate_schemas", verbosity=0)
    assert sorted(has_column()) == sorted(schemas())
    assert one_fingerprint()


def test_nothing_to_do_touches_no_tenant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "migrate_schemas", lambda *_, **__: pytest.fail("it did"))
    call_command("migrate_schemas", verbosity=0)


def test_a_tenant_that_fails_stops_no_other_and_is_named(tenants: list[Tenant]) -> None:
    victim = tenants[4].schema_name
    run_sql(f"ALTER TABLE {victim}.costs_cluster ADD COLUMN {COLUMN} text")
    with added_column():
        with pytest.raises(CommandError, match=rf"1 tenants failed(.|\n)*{victim}: costs.9000"):
            call_command("migrate_schemas", verbosity=0)
        assert len(has_column()) == len(schemas())
        run_sql(f"ALTER TABLE {victim}.costs_cluster DROP COLUMN {COLUMN}")
        call_command("migrate_schemas", verbosity=0)
    assert one_fingerprint()


def test_a_difference_from_the_template_ends_loudly(tenants: list[Tenant]) -> None:
    victim = tenants[0].schema_name
    run_sql(f"DROP INDEX {victim}.cluster_name_unique_any_case")
    with pytest.raises(CommandError, match=r"missing index costs_cluster\.cluster_name_unique"):
        call_command("migrate_schemas", verbosity=0)
    delete_tenant(tenants[0])


def test_statements_and_record_of_a_migration_are_one_transaction(tenants: list[Tenant]) -> None:
    broken = migrations.RunSQL("SELECT 1/0", "SELECT 1")
    with added_column(broken), pytest.raises(Exception, match="division by zero"):
        call_command("migrate_schemas", verbosity=0)
    assert has_column() == []


def test_a_second_run_waits_for_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    with migrating.only_run(5, lambda: None), pytest.raises(CommandError, match="did not end"):
        call_command("migrate_schemas", wait=0)
    assert "waiting for it" in capsys.readouterr().out


def test_two_deploys_at_once_run_each_migration_once(tenants: list[Tenant]) -> None:
    processes = [start_migrating() for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert sum("tenants: 12 to migrate" in output for output in outputs) == 1
    assert one_fingerprint()


def start_migrating() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.operations.added_column", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "costinsights.settings"},
    )


@pytest.mark.processes
@pytest.mark.slow
def test_killed_twenty_times_it_ends_with_one_fingerprint(tenants: list[Tenant]) -> None:
    half_way = 0
    with forker() as loaded:
        for moment in moments(7, 1.5, KILLS):
            loaded.run("migrate_schemas", added_column=True, kill_after=moment)
            half_way += 0 < len(has_column()) < len(schemas())
            if len(has_column()) == len(schemas()):
                undo_added_column()
    with added_column():
        call_command("migrate_schemas", verbosity=0)
    assert half_way, "no kill came while tenants were migrated"
    assert sorted(has_column()) == sorted(schemas())
    assert one_fingerprint()
