"""Which database the product runs on: the embedded server, or the one DATABASE_URL names.

The product itself must run as a login that has no rights of its own. Given an administrator's URL we
make that login; given a restricted one we use it and say what it lacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg

from .processes import LocalError
from .state import State, new_password

DATABASE = "costinsights"
# Databases every server has; ours does not live in them.
_SYSTEM_DATABASES = frozenset({"", "postgres", "template0", "template1"})


@dataclass(frozen=True, slots=True)
class DatabaseLogin:
    """The URL the product runs with and, where roles have to be made, the administrator's."""

    url: str
    admin_url: str | None

    @property
    def described(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port or 5432}{parts.path}"


def restricted_login(admin_url: str, state: State) -> DatabaseLogin:
    """A login of our own beside the administrator's; its password is made once and kept."""
    parts = urlsplit(admin_url)
    name = parts.path.strip("/")
    database = DATABASE if name in _SYSTEM_DATABASES else name
    password = quote(state.secret("database_password", new_password), safe="")
    host = parts.netloc.rpartition("@")[2]
    url = urlunsplit(
        (parts.scheme, f"{database}_app:{password}@{host}", f"/{database}", parts.query, "")
    )
    return DatabaseLogin(url, admin_url)


def given_login(url: str, state: State) -> DatabaseLogin:
    """What to do with the DATABASE_URL somebody gave.

    Raises LocalError when the server refuses it, or when the login is neither an administrator
    nor prepared for the product.
    """
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            is_admin, inherits, may_act = connection.execute(
                "SELECT rolsuper OR (rolcreaterole AND rolcreatedb), rolinherit,"
                "  EXISTS (SELECT 1 FROM pg_roles owner"
                "          WHERE owner.rolname = current_database() || '_owner'"
                "            AND pg_has_role(session_user, owner.oid, 'MEMBER')) "
                "FROM pg_roles WHERE rolname = session_user"
            ).fetchone() or (False, False, False)
    except psycopg.OperationalError as error:
        raise LocalError(f"DATABASE_URL does not let us in: {error}") from error
    if is_admin:
        return restricted_login(url, state)
    if may_act and not inherits:
        return DatabaseLogin(url, None)
    raise LocalError(
        "The login of DATABASE_URL is not prepared: it can neither create roles nor act as the\n"
        "product's owner role. Run this once with an administrator's URL, then start again:\n"
        "  DATABASE_ADMIN_URL=postgres://admin:…@host/postgres python manage.py bootstrap_database\n"
        "Or give DATABASE_URL an administrator's URL; a restricted login is then made for you."
    )
