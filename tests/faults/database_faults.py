"""What a database does to those who write in it: each fault lasts for one block, and Postgres itself raises it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

from costinsights.core.tenancy import tenant_connection
from costinsights.local.processes import wait_until
from tests.database import admin_connection

FACTS = "costs_costhour"


def admin() -> "psycopg.Connection[Any]":
    """The administrator, in the current workspace's schema."""
    found = admin_connection(connection.settings_dict["NAME"])
    found.execute(
        sql.SQL("SET search_path = {}").format(sql.Identifier(tenant_connection.schema_name))
    )
    return found


@contextmanager
def impatience(setting: str, locked: str) -> Iterator[None]:
    """Somebody holds `locked`, and we wait for a tenth of a second only."""
    with admin() as other, other.transaction(), connection.cursor() as cursor:
        other.execute(f"LOCK TABLE {locked} IN ACCESS EXCLUSIVE MODE".encode())
        cursor.execute(f"SET {setting} = '100ms'")
        try:
            yield
        finally:
            connection.rollback()
            with connection.cursor() as after:
                after.execute(f"RESET {setting}")


@contextmanager
def deadlock() -> Iterator[None]:
    """Somebody holds the window and wants the cluster, which we hold while we want the window."""
    with admin() as other, admin() as looker:
        other.execute("SET deadlock_timeout = '30s'")  # the other one waits: we are chosen

        def cross() -> None:
            waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
            wait_until(lambda: looker.execute(waits).fetchone() is not None, seconds=20)
            with suppress(psycopg.Error):
                other.execute("SELECT 1 FROM costs_cluster FOR UPDATE")

        other.execute("BEGIN")
        other.execute("SELECT 1 FROM costs_snapshot FOR UPDATE")
        thread = threading.Thread(target=cross)
        thread.start()
        try:
            yield
        finally:
            thread.join()
            other.execute("ROLLBACK")


@contextmanager
def read_only() -> Iterator[None]:
    """A server that has just become a standby takes no writes."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        yield
    finally:
        connection.rollback()
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")


@contextmanager
def too_many_clients() -> Iterator[None]:
    """Our connection is lost and the server takes no other."""
    login = sql.Identifier(connection.settings_dict["USER"])
    pool = connection.settings_dict["OPTIONS"]["pool"]
    patience, pool["timeout"] = pool["timeout"], 0.5
    with admin() as other:
        other.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 0").format(login))
        connection.close()
        tenant_connection.close_pool()
        try:
            yield
        finally:
            pool["timeout"] = patience
            other.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT -1").format(login))
            connection.close()
            tenant_connection.close_pool()


@contextmanager
def session_ended() -> Iterator[None]:
    """The server ends our session before we begin to write."""
    _signal("pg_terminate_backend", _own_pid())
    yield


def in_the_middle_of_copy(function: str) -> Callable[[], AbstractContextManager[None]]:
    """The server ends our session, or our statement, when the first bytes have gone over."""

    @contextmanager
    def fault() -> Iterator[None]:
        pid, original = _own_pid(), psycopg.Copy.write

        def write(copy: "psycopg.Copy", data: bytes) -> None:
            psycopg.Copy.write = original  # type: ignore[method-assign]  # once
            original(copy, data)
            _signal(function, pid)

        psycopg.Copy.write = write  # type: ignore[assignment,method-assign]  # the driver has no seam
        try:
            yield
        finally:
            psycopg.Copy.write = original  # type: ignore[method-assign]  # as it was

    return fault


def raised_by_the_server(sqlstate: str) -> Callable[[], AbstractContextManager[None]]:
    """The server fails with this code at the fourth row of a window, as it does without disk or memory."""

    @contextmanager
    def fault() -> Iterator[None]:
        with admin() as other:
            other.execute(
                f"""
                CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  IF (SELECT count(*) FROM {FACTS} WHERE hour = NEW.hour) >= 3 THEN
                    RAISE EXCEPTION 'injected' USING ERRCODE = '{sqlstate}';
                  END IF;
                  RETURN NEW;
                END $$;
                CREATE TRIGGER fail BEFORE INSERT ON {FACTS} FOR EACH ROW EXECUTE FUNCTION fail();
                GRANT EXECUTE ON FUNCTION fail() TO PUBLIC;
                """.encode()
            )
            try:
                yield
            finally:
                connection.close()
                other.execute(f"DROP TRIGGER fail ON {FACTS}; DROP FUNCTION fail()".encode())

    return fault


def _own_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _signal(function: str, pid: int) -> None:
    """End a session or its statement, and return when it is over."""
    with admin() as other:
        other.execute(f"SELECT {function}(%s)".encode(), [pid])
        if function == "pg_terminate_backend":
            alive = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"
            wait_until(lambda: other.execute(alive, [pid]).fetchone() is None, seconds=10)


FAULTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "statement timeout": lambda: impatience("statement_timeout", FACTS),
    "lock timeout at the facts": lambda: impatience("lock_timeout", FACTS),
    "lock timeout at the ledger": lambda: impatience("lock_timeout", "costs_snapshot"),
    "deadlock": deadlock,
    "read-only server": read_only,
    "too many clients": too_many_clients,
    "session ended": session_ended,
    "session ended in the middle of COPY": in_the_middle_of_copy("pg_terminate_backend"),
    "statement cancelled in the middle of COPY": in_the_middle_of_copy("pg_cancel_backend"),
    "disk full": raised_by_the_server("53100"),
    "out of memory": raised_by_the_server("53200"),
    "an index that is corrupted": raised_by_the_server("XX002"),
}
