"""The test database: made once per process with two tenants, emptied between transactional tests."""

import os
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from costinsights.core.tenancy import tenant_connection
from tenants.management.commands.bootstrap_database import bootstrap
from tenants.models import Plan, Tenant
from tenants.services import create_tenant, delete_tenant

# What every test finds: the tenants themselves, the switches and the lists of migrations.
KEPT_TABLES = (
    "django_migrations",
    "tenants_tenant",
    "tenants_domain",
    "tenants_featureswitch",
    "tenants_planlimits",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
)


def admin_connection(database: str | None = None) -> "psycopg.Connection[Any]":
    """The server's administrator, past the wall: for set-up and for looking behind it."""
    url = os.environ["TEST_DATABASE_ADMIN_URL"]
    target = psycopg.conninfo.make_conninfo(url, dbname=database) if database else url
    return psycopg.connect(target, autocommit=True)


def create_database() -> None:
    """Roles, schemas and the tenants acme (Enterprise) and globex (SaaS)."""
    bootstrap(os.environ["TEST_DATABASE_ADMIN_URL"], connection.settings_dict)
    call_command("migrate_schemas", verbosity=0)
    create_tenant(name="Acme", slug="acme", plan=Plan.ENTERPRISE)
    create_tenant(name="Globex", slug="globex", plan=Plan.SAAS)
    connection.close()


def drop_database() -> None:
    """Leave nothing on the server: it may serve other runs at the same time."""
    connection.close()
    tenant_connection.close_pool()
    name = connection.settings_dict["NAME"]
    with admin_connection() as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        roles = admin.execute(
            "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s) ORDER BY oid DESC",
            [f"{name}_"],
        ).fetchall()
        for (role,) in roles:
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def empty_database() -> None:
    """Delete every row a test committed, in every schema; remove tenants it created."""
    tenant_connection.set_schema_to_public()
    for tenant in Tenant.objects.exclude(slug__in=("acme", "globex")):
        delete_tenant(tenant)
    with admin_connection(connection.settings_dict["NAME"]) as admin:
        tables = admin.execute(
            "SELECT schemaname, tablename FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> ALL(%s)",
            [list(KEPT_TABLES)],
        ).fetchall()
        admin.execute("SET session_replication_role = replica")  # order of deletion does not matter
        for schema, table in tables:
            admin.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(schema, table)))
        admin.execute("UPDATE tenants_tenant SET status = 'active'")
