"""What happens below the ORM when the code above it goes wrong: an error, never foreign rows."""

from typing import Any

from django.db import connection, models, transaction
from django.db.utils import DatabaseError, InterfaceError

from costinsights.core.tenancy import tenant_connection, tenant_context
from tenants.models import Tenant
from tenants.postgresql_backend.base import UnresolvedTenant
from tests.isolation.conftest import Ledger, Seeded
from tests.isolation.seeding import tenant_models


def came_through(statement: str, *, canary: str, raw: bool = False) -> bool:
    """Whether the statement, run as the current tenant, shows the canary or succeeds in writing."""
    try:
        with transaction.atomic():
            cursor: Any = connection.connection.cursor() if raw else connection.cursor()
            with cursor:
                cursor.execute(statement)
                if cursor.description is None:
                    return bool(cursor.rowcount)
                return any(canary in str(row) for row in cursor.fetchall())
    except (DatabaseError, InterfaceError, UnresolvedTenant):
        return False
    except Exception as error:
        if type(error).__module__.startswith("psycopg"):
            return False
        raise


def each_table() -> list[str]:
    return [model._meta.db_table for model in tenant_models()]


def test_another_tenants_tables_by_qualified_name(
    seeded_acme: Seeded, globex: Tenant, ledger: Ledger
) -> None:
    schema = seeded_acme.tenant.schema_name
    with tenant_context(globex):
        for table in each_table():
            for statement in (
                f"SELECT t::text FROM {schema}.{table} t",
                f"DELETE FROM {schema}.{table}",
                f"INSERT INTO {schema}.{table} SELECT * FROM {schema}.{table} WHERE false RETURNING 1",
                f"TABLE {schema}.{table}",
                f"COPY {schema}.{table} TO STDOUT",
            ):
                with transaction.atomic():
                    leaked = came_through(statement, canary=seeded_acme.canary)
                    transaction.set_rollback(True)
                ledger.probe(statement, leaked=leaked)
    ledger.settle()


def test_a_search_path_left_behind(seeded_acme: Seeded, globex: Tenant, ledger: Ledger) -> None:
    """Somebody sets the path by hand and reads with a raw cursor before anything resets it."""
    path = f"SET search_path = {seeded_acme.tenant.schema_name}, public"
    with tenant_context(globex):
        for table in each_table():
            statement = f"{path}; SELECT t::text FROM {table} t"
            ledger.probe(
                statement, leaked=came_through(statement, canary=seeded_acme.canary, raw=True)
            )
    ledger.settle()


def test_a_raw_cursor_after_a_switch(seeded_acme: Seeded, globex: Tenant, ledger: Ledger) -> None:
    """The driver's cursor never passes Django's: it must find the new tenant on the connection."""
    for table in each_table():
        connection.cursor().close()
        raw = connection.connection.cursor()
        with tenant_context(globex):
            rows = raw.execute(f"SELECT t::text FROM {table} t").fetchall()
        ledger.probe(f"raw {table}", leaked=seeded_acme.canary in str(rows))
    ledger.settle()


def test_a_schema_that_does_not_exist(seeded_acme: Seeded, ledger: Ledger) -> None:
    """Postgres skips unknown schemas in a path: the platform's tables must not answer instead."""
    for name in ("nope", "t_0", "tenant_nope", "T_1"):
        try:
            tenant_connection.set_schema(name)
            for table in (
                "tenants_staffuser",
                "tenants_tenant",
                "tenants_domain",
                "django_migrations",
            ):
                statement = f"SELECT t::text FROM {table} t"
                leaked = came_through(statement, canary="")
                ledger.probe(f"{name}: {statement}", leaked=leaked)
        except UnresolvedTenant:
            ledger.probe(name, leaked=False)
        finally:
            tenant_connection.set_tenant(seeded_acme.tenant)
    ledger.settle()


def test_a_table_that_is_missing_in_the_tenant(seeded_acme: Seeded, ledger: Ledger) -> None:
    """A table only the platform has is an error inside a tenant, for reading and for writing."""
    for table in (
        "tenants_tenant",
        "tenants_domain",
        "tenants_staffuser",
        "auth_group",
        "tenants_featureswitch",
    ):
        for statement in (
            f"SELECT t::text FROM {table} t UNION ALL SELECT 'seen'",
            f"UPDATE {table} SET id = id",
            "INSERT INTO auth_group (name) VALUES ('x')",
        ):
            with transaction.atomic():
                leaked = came_through(statement, canary="seen")
                transaction.set_rollback(True)
            ledger.probe(statement, leaked=leaked)
    ledger.settle()


def test_becoming_somebody_else(seeded_acme: Seeded, globex: Tenant, ledger: Ledger) -> None:
    """A tenant's role may not hand itself another's rights, nor turn the wall off for later."""
    schema, role = seeded_acme.tenant.schema_name, seeded_acme.tenant.database_role
    with tenant_context(globex):
        for statement in (
            f"GRANT {role} TO CURRENT_USER",
            f"GRANT ALL ON SCHEMA {schema} TO CURRENT_USER",
            f"ALTER SCHEMA {schema} OWNER TO CURRENT_USER",
            f"SET SESSION AUTHORIZATION {role}",
            f"CREATE VIEW peek AS SELECT * FROM {schema}.accounts_user",
            "ALTER ROLE CURRENT_USER SUPERUSER",
            f"ALTER ROLE SESSION_USER SET search_path = {schema}",
            f"CREATE FUNCTION peek() RETURNS text LANGUAGE sql AS 'SELECT email FROM {schema}.accounts_user'",
        ):
            with transaction.atomic():
                ok = True
                try:
                    with transaction.atomic(), connection.cursor() as cursor:
                        cursor.execute(statement)
                except DatabaseError:
                    ok = False
                transaction.set_rollback(True)
            ledger.probe(statement, leaked=ok)
    ledger.settle()


def test_an_object_of_one_tenant_asked_for_in_another(
    seeded_acme: Seeded, globex: Tenant, ledger: Ledger
) -> None:
    """The ORM with every foreign key value of acme finds nothing in globex."""
    with tenant_context(globex):
        for label, row in seeded_acme.rows.items():
            model: type[models.Model] = type(row)
            found = model._default_manager.filter(pk=row.pk)
            ledger.probe(
                label, leaked=any(seeded_acme.canary in str(other.__dict__) for other in found)
            )
    ledger.settle()
