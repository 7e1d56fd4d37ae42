"""The log can be read and added to, by the database alone, and by nobody else changed."""

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from costinsights.core.audit_sql import CALLABLE, FUNCTIONS
from costinsights.core.tenancy import public_context, tenant_connection, tenant_context
from tenants.models import Tenant
from tenants.services import create_tenant
from tests.audit.conftest import entries
from tests.factories.accounts import UserFactory

FORBIDDEN = (
    "INSERT INTO {log} SELECT * FROM {log}",
    "UPDATE {log} SET actor_label = 'nobody'",
    "DELETE FROM {log}",
    "TRUNCATE {log}",
    "DROP TABLE {log}",
    "ALTER TABLE {log} DISABLE TRIGGER ALL",
    "ALTER TABLE {log} DISABLE TRIGGER audit_seal",
    "ALTER TABLE {log} OWNER TO CURRENT_USER",
    "GRANT ALL ON {log} TO CURRENT_USER; DELETE FROM {log}",
    "COPY {log} FROM STDIN",
    "LOCK TABLE {log} IN ACCESS EXCLUSIVE MODE",
    "UPDATE {head} SET sequence = 0",
    "DELETE FROM {head}",
    "INSERT INTO {head} (id, sequence, hash) VALUES (2, 0, '')",
    "TRUNCATE {head}",
    "SET session_replication_role = replica",
    "SET LOCAL session_replication_role = replica",
    "SELECT audit_write('row.deleted', 'x', '1', 'x', NULL, NULL, '{{}}')",
    "DROP FUNCTION audit_row() CASCADE",
    "ALTER FUNCTION audit_row() SECURITY INVOKER",
    "CREATE OR REPLACE FUNCTION audit_seal() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "CREATE TEMPORARY TABLE own (i int)",
)
TENANT = {"log": "accounts_auditentry", "head": "accounts_audithead"}
PLATFORM = {"log": "tenants_platformauditentry", "head": "tenants_platformaudithead"}
OF_AUDITED_TABLES = (
    "ALTER TABLE {table} DISABLE TRIGGER audit",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "DROP TRIGGER audit ON {table}",
    "TRUNCATE {table} CASCADE",
)


def is_refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError:
        return True
    return False


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_a_tenants_role_cannot_touch_its_log(acme: Tenant, statement: str) -> None:
    UserFactory.create()
    assert is_refused(statement.format(**TENANT))
    assert len(entries()) == 1


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_platforms_role_cannot_touch_its_log(db: None, statement: str) -> None:
    with public_context():
        assert is_refused(statement.format(**PLATFORM))


@pytest.mark.parametrize("statement", OF_AUDITED_TABLES)
def test_nobody_takes_a_table_out_of_the_log(acme: Tenant, statement: str) -> None:
    for table in ("accounts_user", "costs_cluster"):
        assert is_refused(statement.format(table=table))
    with public_context():
        assert is_refused(statement.format(table="tenants_tenant"))


def test_a_new_tenant_gets_the_log_and_no_more_rights_to_it(acme: Tenant) -> None:
    initech = create_tenant(name="Initech", slug="initech")
    with tenant_context(initech):
        UserFactory.create(email="peter@initech.test")
        (entry,) = entries()
        assert entry.object_label == "peter@initech.test"
        allowed = [text for text in FORBIDDEN if not is_refused(text.format(**TENANT))]
        assert allowed == []


def test_a_new_tenants_functions_work_in_its_own_schema_only(acme: Tenant) -> None:
    initech = create_tenant(name="Initech", slug="initech")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname, p.proconfig::text, p.prosrc FROM pg_proc p "
            "WHERE p.pronamespace = %s::regnamespace AND p.proname NOT LIKE 'reporting%%'",
            [initech.schema_name],
        )
        functions = cursor.fetchall()
    assert len(functions) == len(FUNCTIONS)
    assert not [name for name, config, body in functions if "tenant_template" in f"{config}{body}"]
    paths = [config for name, config, _ in functions if name != "audit_keep"]
    assert all(f"search_path=pg_catalog, {initech.schema_name}, pg_temp" in path for path in paths)


def test_functions_that_work_with_the_owners_rights_have_a_fixed_path(acme: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc p WHERE prosecdef AND pronamespace IN "
            "('public'::regnamespace, 'tenant_template'::regnamespace, %s::regnamespace) "
            "AND NOT EXISTS (SELECT FROM unnest(proconfig) c WHERE c LIKE 'search_path=pg_catalog, %%pg_temp')",
            [acme.schema_name],
        )
        assert cursor.fetchall() == []


@pytest.mark.parametrize("signature", FUNCTIONS)
def test_only_the_functions_meant_for_it_are_the_roles_to_call(
    acme: Tenant, signature: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_function_privilege(%s, %s::regprocedure, 'EXECUTE')",
            [acme.database_role, f"{acme.schema_name}.{signature}"],
        )
        assert cursor.fetchone() == (signature in CALLABLE,)


def test_even_the_owner_changes_nothing_that_is_sealed_by_accident(acme: Tenant) -> None:
    UserFactory.create()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with tenant_connection.acting_as_owner():
        for statement in FORBIDDEN[1:4]:
            assert is_refused(statement.format(**TENANT))
