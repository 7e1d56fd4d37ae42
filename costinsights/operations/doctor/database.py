"""Questions about the database as a whole: its roles, its migrations, its secrets, its server."""

from collections.abc import Iterator

from django.db import connection

from costinsights.core import crypto
from costinsights.core.tenancy import tenant_connection
from costinsights.operations import conditions, rotation
from costinsights.operations.doctor.lines import Level, Line, listed
from tenants import checks as tenant_checks


def database_roles() -> Iterator[Line]:
    """The wall: who may log in, who may act as whom, and what everybody may."""
    subject = "database roles"
    bootstrap = "Run `manage.py bootstrap_database`."
    for item in tenant_checks.login_role_findings():
        yield Line(subject, Level.PROBLEM, item.msg, item.hint or bootstrap)
    with connection.cursor() as cursor:
        for name in (tenant_connection.owner_role, tenant_connection.public_role):
            cursor.execute(
                "SELECT rolsuper OR rolbypassrls OR rolcanlogin FROM pg_roles WHERE rolname = %s",
                [name],
            )
            if cursor.fetchone() != (False,):
                yield Line(
                    subject, Level.PROBLEM, f"{name} may log in or passes every wall", bootstrap
                )
        cursor.execute(
            "SELECT count(*) FROM pg_namespace n, aclexplode(n.nspacl) a "
            "WHERE a.grantee = 0 AND n.nspname !~ '^(pg_|information_schema)'"
        )
        schemas = cursor.fetchone()[0]
        cursor.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, "
            "aclexplode(c.relacl) a WHERE a.grantee = 0 AND n.nspname !~ '^(pg_|information_schema)'"
        )
        tables = cursor.fetchone()[0]
    if schemas or tables:
        yield Line(
            subject,
            Level.PROBLEM,
            f"everybody (PUBLIC) has rights on {schemas} schemas and {tables} tables",
            "REVOKE ALL ON … FROM PUBLIC for each; `manage.py bootstrap_database` does it for the public schema.",
        )


def migrations_are_applied() -> Iterator[Line]:
    missing = conditions.migrations_on_disk() - conditions.applied_in_public()
    if missing:
        names = [f"{app}.{name}" for app, name in sorted(missing)]
        yield Line(
            "migrations",
            Level.PROBLEM,
            f"not applied: {listed(names)}",
            "Run `manage.py migrate_schemas`.",
        )


def stored_secrets_open() -> Iterator[Line]:
    subject = "stored secrets"
    unreadable = rotation.unreadable_values()
    if unreadable:
        yield Line(
            subject,
            Level.PROBLEM,
            f"{len(unreadable)} do not open: {listed(unreadable)}",
            "Put the key that sealed them back into FIELD_ENCRYPTION_KEYS, or have them typed in anew.",
        )
    per_key = rotation.values_per_key()
    older = per_key.total() - per_key[crypto.current_key_id()]
    if older and not unreadable:
        yield Line(
            subject,
            Level.WARNING,
            f"{older} are under an older key",
            "Run `manage.py rotate_keys`.",
        )


def postgres_is_set_up() -> Iterator[Line]:
    subject = "postgres"
    with tenant_connection.acting_as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
            [["max_locks_per_transaction", "max_connections", "fsync", "full_page_writes"]],
        )
        found = dict(cursor.fetchall())
        cursor.execute("SELECT pg_database_size(current_database())")
        size = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM pg_stat_activity")
        used = cursor.fetchone()[0]
    if int(found["max_locks_per_transaction"]) < 256:
        yield Line(
            subject,
            Level.WARNING,
            f"max_locks_per_transaction is {found['max_locks_per_transaction']}",
            "Set it to 1024: deleting or dumping a tenant locks each of its relations.",
        )
    for name in ("fsync", "full_page_writes"):
        if found.get(name) == "off":
            yield Line(
                subject, Level.PROBLEM, f"{name} is off: a crash corrupts data", f"Set {name} = on."
            )
    if used > 0.8 * int(found["max_connections"]):
        yield Line(
            subject,
            Level.WARNING,
            f"{used} of {found['max_connections']} connections are taken",
            "Raise max_connections or lower DATABASE_POOL_SIZE.",
        )
    yield Line(subject, Level.OK, f"the database has {size / 2**20:.0f} MiB")
