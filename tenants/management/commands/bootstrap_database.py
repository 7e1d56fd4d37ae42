"""Prepare a Postgres server once: database, login role, owner role, role for the public schema."""

import os
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from psycopg import sql

from tenants.postgresql_backend.base import role_name


class Command(BaseCommand):
    help = (
        "Create the database of DATABASE_URL and its roles, as the administrator named by "
        "DATABASE_ADMIN_URL. Safe to repeat."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        admin_url = os.environ.get("DATABASE_ADMIN_URL", "")
        if not admin_url:
            raise CommandError(
                "DATABASE_ADMIN_URL is not set. Give the URL of a role that may create roles and "
                "databases; it is used for this command only."
            )
        bootstrap(admin_url, connection.settings_dict)
        self.stdout.write(f"Database {connection.settings_dict['NAME']} is prepared.")


def bootstrap(admin_url: str, target: dict[str, Any]) -> None:
    """Make `target` (a Django database dictionary: NAME, USER, PASSWORD) usable as our database.

    The login role has no rights of its own (NOINHERIT) and can only act as a tenant's role, as the
    public schema's role or as the owner. Nothing is left to PUBLIC.
    """
    name, login = target["NAME"], target["USER"]
    owner, public = role_name(name, "owner"), role_name(name, "public")
    with psycopg.connect(admin_url, autocommit=True) as admin:
        _ensure_role(
            admin, login, "LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"
        )
        if target.get("PASSWORD"):
            admin.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    sql.Identifier(login), sql.Literal(target["PASSWORD"])
                )
            )
        _ensure_role(admin, owner, "NOLOGIN NOSUPERUSER CREATEROLE NOINHERIT")
        _ensure_role(admin, public, "NOLOGIN NOSUPERUSER NOINHERIT")
        for role in (owner, public):
            _run(admin, "GRANT {} TO {}", role, login)
        # Needed to hand the database and its schema over where the administrator is no superuser.
        _run(admin, "GRANT {} TO CURRENT_USER", owner)
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            _run(admin, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name)
        _run(admin, "ALTER DATABASE {} OWNER TO {}", name, owner)
        _run(admin, "REVOKE ALL ON DATABASE {} FROM PUBLIC", name)
        _run(admin, "GRANT CONNECT ON DATABASE {} TO {}", name, login)
        _run(admin, "ALTER DATABASE {} SET idle_in_transaction_session_timeout = '60s'", name)
    parameters = psycopg.conninfo.conninfo_to_dict(admin_url)
    with psycopg.connect(**{**parameters, "dbname": name}, autocommit=True) as admin:
        _run(admin, "ALTER SCHEMA public OWNER TO {}", owner)
        _run(admin, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
        _run(admin, "GRANT USAGE ON SCHEMA public TO {}", public)
        for kind, rights in (
            ("TABLES", "SELECT, INSERT, UPDATE, DELETE"),
            ("SEQUENCES", "USAGE, SELECT"),
        ):
            _run(
                admin,
                "ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public "
                f"GRANT {rights} ON {kind} TO {{}}",
                owner,
                public,
            )


def _ensure_role(admin: "psycopg.Connection[Any]", role: str, attributes: str) -> None:
    exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    _run(admin, f"{'ALTER' if exists else 'CREATE'} ROLE {{}} {attributes}", role)


def _run(admin: "psycopg.Connection[Any]", statement: str, *names: str) -> None:
    admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
