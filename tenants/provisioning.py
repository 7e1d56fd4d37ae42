"""Making and removing a tenant's schema and role. Runs as the owner role only.

A new schema is a replay of the empty template schema's definitions: tables, constraints and indexes by
their own names (later migrations name them), the list of applied migrations, and no other row.
django-tenants' clone copies rows by default and slows down within a session; docs/content/adr/0003 has the figures.
"""

from typing import Any

from django.db import connection, transaction
from psycopg import sql

from costinsights.core.audit_sql import TENANT_LOG, close_functions, protect

TEMPLATE_SCHEMA = "tenant_template"
# An advisory lock of this database: new tenants share it, a migration of the template holds it alone.
TEMPLATE_LOCK = 0x636F7374_746D706C

_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relkind IN ('r', 'p') ORDER BY c.oid
"""
# Keys before foreign keys: a foreign key needs the other table's key to exist.
_CONSTRAINTS = """
    SELECT t.relname, c.conname, pg_get_constraintdef(c.oid)
    FROM pg_constraint c
    JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE n.nspname = %s AND c.contype IN ('p', 'u', 'x', 'f')
    ORDER BY c.contype = 'f', c.oid
"""
_INDEXES = """
    SELECT pg_get_indexdef(i.indexrelid)
    FROM pg_index i
    JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE n.nspname = %s
      AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid
                      AND c.conrelid = i.indrelid AND c.contype IN ('p', 'u', 'x'))
    ORDER BY i.indexrelid
"""
_FUNCTIONS = """
    SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = %s AND p.prokind IN ('f', 'p') ORDER BY p.oid
"""
_TRIGGERS = """
    SELECT pg_get_triggerdef(g.oid)
    FROM pg_trigger g
    JOIN pg_class t ON t.oid = g.tgrelid JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE n.nspname = %s AND NOT g.tgisinternal ORDER BY g.oid
"""


def _rows(cursor: Any, statement: str) -> list[tuple[str, ...]]:
    cursor.execute(statement, [TEMPLATE_SCHEMA])
    return list(cursor.fetchall())


def create_role(role: str) -> None:
    """Create a tenant's role: no login, no rights; the login role may act as it."""
    login = connection.settings_dict["USER"]
    name = sql.Identifier(role)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOINHERIT").format(name))
        cursor.execute(sql.SQL("GRANT {} TO {}").format(name, sql.Identifier(login)))


def create_schema(schema: str, role: str) -> None:
    """Replay the template into `schema` and let `role` work in it: rows, never definitions."""
    # The catalog prints names of the template's schema qualified when the path does not hold it;
    # with the template on the path they come bare and land in whichever schema is current.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [TEMPLATE_LOCK])
        cursor.execute(
            sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(TEMPLATE_SCHEMA))
        )
        tables = [row[0] for row in _rows(cursor, _TABLES)]
        constraints = _rows(cursor, _CONSTRAINTS)
        indexes = [row[0] for row in _rows(cursor, _INDEXES)]
        functions = [row[0] for row in _rows(cursor, _FUNCTIONS)]
        triggers = [row[0] for row in _rows(cursor, _TRIGGERS)]
        target = sql.Identifier(schema)
        statements: list[sql.Composable] = [
            sql.SQL("CREATE SCHEMA {}").format(target),
            sql.SQL("SET LOCAL search_path = {}").format(target),
            *(_like_the_template(table) for table in tables),
            *(
                sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                    sql.Identifier(table), sql.Identifier(name), sql.SQL(definition)
                )
                for table, name, definition in constraints
            ),
            *(
                sql.SQL(_moved(definition, schema))
                for definition in (*indexes, *functions, *triggers)
            ),
            sql.SQL(
                "INSERT INTO django_migrations (app, name, applied) "
                "SELECT app, name, applied FROM {} ORDER BY id"
            ).format(sql.Identifier(TEMPLATE_SCHEMA, "django_migrations")),
        ]
        cursor.execute(sql.SQL(";\n").join(statements))  # one round trip for all of them
        grant_use(cursor, schema, role)


def _like_the_template(table: str) -> sql.Composed:
    return sql.SQL(
        "CREATE TABLE {} (LIKE {} INCLUDING COMMENTS INCLUDING COMPRESSION "
        "INCLUDING CONSTRAINTS INCLUDING DEFAULTS INCLUDING GENERATED "
        "INCLUDING IDENTITY INCLUDING STATISTICS INCLUDING STORAGE)"
    ).format(sql.Identifier(table), sql.Identifier(TEMPLATE_SCHEMA, table))


def _moved(definition: str, schema: str) -> str:
    """A catalog definition that names the template's schema, made to name `schema`.

    pg_get_indexdef, -triggerdef and -functiondef always qualify the table's own name; a function's own
    search path stands in its definition as quoted text.
    """
    quoted = connection.ops.quote_name(schema)
    moved = definition.replace(f"{TEMPLATE_SCHEMA}.", f"{quoted}.")
    return moved.replace(f"'{TEMPLATE_SCHEMA}'", f"'{schema}'")


def grant_use(cursor: Any, schema: str, role: str) -> None:
    """Rows of every table, present and future, and no definitions.

    The migration list and the audit log are read-only; of functions only those of the audit log's
    that are meant to be called.
    """
    target, grantee = sql.Identifier(schema), sql.Identifier(role)
    for statement in (
        "GRANT USAGE ON SCHEMA {schema} TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {role}",
        "REVOKE INSERT, UPDATE, DELETE ON {schema}.django_migrations FROM {role}",
    ):
        cursor.execute(sql.SQL(statement).format(schema=target, role=grantee))
    quoted = connection.ops.quote_name(role)
    for statement in (*close_functions(), *protect(TENANT_LOG, quoted)):
        cursor.execute(statement)


def drop_schema_and_role(schema: str, role: str) -> None:
    """Remove everything a tenant stored, and the role that could read it."""
    with transaction.atomic(), connection.cursor() as cursor:
        # A table with triggers that wait for the commit cannot be dropped.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        cursor.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
        # The caller removes the platform's rows next, in whatever order Django likes.
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
