"""The whole installation into another server: every row of every schema with the same hash."""

import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql

from costinsights.local.postgres import Postgres, find_binaries
from costinsights.operations import backup
from tenants.models import Tenant
from tests.isolation.seeding import canary_of, seed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes, pytest.mark.slow]
BINARIES = find_binaries()
_TABLES = (
    "SELECT schemaname, tablename FROM pg_tables "
    "WHERE schemaname !~ '^(pg_|information_schema)' ORDER BY 1, 2"
)


@pytest.fixture
def other_server(tmp_path: Path) -> Iterator[Postgres]:
    """A new Postgres with nothing on it."""
    server = Postgres(tmp_path / "pg", tmp_path / "pg.log", durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def backed_up(acme: Tenant, globex: Tenant, tmp_path: Path) -> Path:
    for tenant in (acme, globex):
        seed(tenant)
    call_command("backup", str(tmp_path / "backups"), binaries=BINARIES)
    (folder,) = (tmp_path / "backups").iterdir()
    return folder


def everything(url: str) -> dict[str, str]:
    """A hash of every table's rows, and of who may do what."""
    found = {}
    with psycopg.connect(url) as admin:
        for schema, table in admin.execute(_TABLES).fetchall():
            name = sql.Identifier(schema, table)
            rows = admin.execute(sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(name))
            found[f"{schema}.{table}"] = _hash(rows.fetchall())
        listed = admin.execute(
            "SELECT n.nspname, c.relname, c.relacl::text, pg_get_userbyid(c.relowner) FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname !~ '^(pg_|information_schema)' ORDER BY 1, 2"
        ).fetchall()
        for schema, name, rights, owner in listed:
            found[f"rights on {schema}.{name}"] = f"{owner} {sorted((rights or '').split(','))}"
    return found


def _hash(rows: list[Any]) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def url_on(server_url: str) -> str:
    return psycopg.conninfo.make_conninfo(server_url, dbname=connection.settings_dict["NAME"])


def manage(server: Postgres, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A management command of an installation on the other server."""
    settings = connection.settings_dict
    (_, port) = server._running() or (None, 0)
    return subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "manage.py", *arguments],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "costinsights.settings",
            "DATABASE_ADMIN_URL": server.admin_url,
            "DATABASE_URL": f"postgres://{settings['USER']}:{settings['PASSWORD']}"
            f"@127.0.0.1:{port}/{settings['NAME']}",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_restored_installation_is_the_same_to_the_last_row_and_right(
    backed_up: Path, other_server: Postgres
) -> None:
    before = everything(url_on(os.environ["TEST_DATABASE_ADMIN_URL"]))
    for arguments in (
        ["bootstrap_database"],
        ["restore", str(backed_up), "--binaries", str(BINARIES)],
    ):
        done = manage(other_server, *arguments)
        assert done.returncode == 0, done.stderr
    after = everything(url_on(other_server.admin_url))
    assert after == before
    done = manage(other_server, "migrate_schemas")
    assert "2 tenants have the template's fingerprint" in done.stdout, done.stderr
    again = manage(other_server, "restore", str(backed_up), "--binaries", str(BINARIES))
    assert "has tables" in again.stderr


def test_a_backup_holds_no_secret_in_clear(backed_up: Path, acme: Tenant) -> None:
    assert backed_up.stat().st_mode & 0o077 == 0
    done = subprocess.run(  # noqa: S603  # a Postgres program on our own file
        [str(BINARIES / "pg_restore"), "--file=-", str(backed_up / "dump")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    clusters = done.stdout.split("COPY t_1.costs_cluster ")[1].split("\\.")[0]
    assert "v1." in clusters
    assert canary_of(acme) in clusters  # names are there; the sealed canary is counted out below
    sealed = [cell for cell in clusters.split("\t") if cell.startswith("v1.")]
    assert len(sealed) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"database": "another"}, "of the database “another”"),
        ({"key_ids": ["deadbeef"]}, "deadbeef"),
        ({"format": 99}, "does not read"),
    ],
)
def test_a_backup_that_does_not_fit_is_refused(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    fitting = backup._manifest(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    (tmp_path / "manifest.json").write_text(json.dumps({**fitting, **changes}))
    with pytest.raises(CommandError, match=words):
        call_command("restore", str(tmp_path), binaries=BINARIES)


def test_a_backup_cut_short_is_none(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no complete backup"):
        call_command("restore", str(tmp_path), binaries=BINARIES)


def test_a_tool_older_than_the_server_is_named(tmp_path: Path) -> None:
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
    old.chmod(0o755)
    with pytest.raises(CommandError, match="version 9 and the server is"):
        call_command("backup", str(tmp_path), binaries=tmp_path)
