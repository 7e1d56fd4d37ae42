"""Database sessions outside of Django's connection: one consistent view over a long time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

# How values look as text: fixed, so that the same rows give the same bytes everywhere.
TEXT_FORM = (
    "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'iso_8601'; "
    "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; "
    "SET LOCAL client_encoding = 'UTF8'; SET LOCAL statement_timeout = 0; "
    "SET LOCAL idle_in_transaction_session_timeout = 0"
)
_PARAMETERS = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert")


def connection_parameters() -> dict[str, Any]:
    """What a client needs to reach the database as the login role."""
    return {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in _PARAMETERS
    }


@contextmanager
def snapshot(role: str, schema: str) -> Iterator["psycopg.Connection[Any]"]:
    """A read-only view of one moment, with the rights of `role`, in `schema`."""
    with psycopg.connect(**connection_parameters()) as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        session.read_only = True
        session.execute(
            sql.SQL("SET LOCAL search_path = {}; SET LOCAL ROLE {}").format(
                sql.Identifier(schema), sql.Identifier(role)
            )
        )
        session.execute(TEXT_FORM)
        yield session
