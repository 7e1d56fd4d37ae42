"""Postgres and Valkey as real processes: started, adopted, restarted after a crash."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from costinsights.local.postgres import Postgres, find_binaries
from costinsights.local.processes import LocalError, ProcessId, wait_until
from costinsights.local.services import ensure_services, servers_of
from costinsights.local.state import PROJECT
from costinsights.local.unprivileged import NOBODY, Launch
from costinsights.local.valkey import Valkey

pytestmark = pytest.mark.processes


def setting(postgres: Postgres, name: str) -> str:
    with psycopg.connect(postgres.admin_url) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def connected(url: str) -> Redis:
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state directory with both servers running before each test that needs them."""
    directory = tmp_path_factory.mktemp("servers")
    yield directory
    for server in servers_of(directory, durable=False):
        server.stop()


@pytest.fixture
def running(state: Path) -> tuple[Postgres, Valkey]:
    services = ensure_services(state, durable=False)
    return services.postgres, services.valkey


def test_both_servers_answer_at_their_urls(running: tuple[Postgres, Valkey]) -> None:
    postgres, valkey = running
    assert setting(postgres, "max_locks_per_transaction") == "1024"
    assert connected(valkey.url).ping()


def test_data_are_checksummed_and_recovery_does_not_open_every_file(
    running: tuple[Postgres, Valkey],
) -> None:
    postgres, _ = running
    assert setting(postgres, "data_checksums") == "on"
    assert setting(postgres, "recovery_init_sync_method") == "syncfs"
    assert setting(postgres, "server_encoding") == "UTF8"


def test_valkey_wants_its_password_and_evicts_nothing(running: tuple[Postgres, Valkey]) -> None:
    _, valkey = running
    assert "noeviction" in str(connected(valkey.url).config_get("maxmemory-policy"))
    address = "redis://" + valkey.url.rpartition("@")[2]
    with pytest.raises(AuthenticationError, match="authenticated"):
        connected(address).ping()


def test_secrets_are_readable_by_their_owner_only(state: Path, running: object) -> None:
    for name in ("postgres/password", "valkey/password", "valkey/valkey.conf"):
        assert (state / name).stat().st_mode & 0o077 == 0


def test_a_second_call_adopts_what_runs(state: Path, running: tuple[Postgres, Valkey]) -> None:
    again = ensure_services(state, durable=False)
    assert again.postgres.adopted
    assert again.valkey.adopted
    assert again.postgres.process == running[0].process
    again.stop()
    assert running[0].process is not None


def test_servers_outlive_the_process_that_started_them(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from costinsights.local.services import ensure_services\n"
        "ensure_services(Path(sys.argv[1]), durable=False)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    starter = subprocess.run([sys.executable, "-c", program, tmp_path], cwd=PROJECT, check=False)  # noqa: S603 - our own program
    assert starter.returncode == -signal.SIGKILL
    services = ensure_services(tmp_path, durable=False)
    try:
        assert services.postgres.adopted
        assert services.valkey.adopted
    finally:
        for server in (services.valkey, services.postgres):
            server.stop()


def test_postgres_recovers_at_its_old_port_after_being_killed(
    state: Path, running: tuple[Postgres, Valkey]
) -> None:
    postgres, _ = running
    before, process = postgres.admin_url, postgres.process
    assert process is not None
    process.send(signal.SIGKILL)
    assert wait_until(lambda: postgres.process is None, seconds=5)
    assert ensure_services(state, durable=False).admin_url == before


def test_valkey_is_started_again_after_being_killed(
    state: Path, running: tuple[Postgres, Valkey]
) -> None:
    _, valkey = running
    process = valkey.process
    assert process is not None
    process.send(signal.SIGKILL)
    assert wait_until(lambda: valkey.process is None, seconds=5)
    assert connected(ensure_services(state, durable=False).redis_url).ping()


def test_a_lock_file_naming_a_stranger_is_cleared(
    state: Path, running: tuple[Postgres, Valkey]
) -> None:
    postgres, _ = running
    lock = postgres.data / "postmaster.pid"
    lines = lock.read_text().splitlines()
    postgres.stop()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))
    assert postgres.process is None
    ensure_services(state, durable=False)
    assert postgres.process is not None
    assert postgres.process.pid != os.getpid()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path / "postgres", tmp_path / "postgres.log", durable=False)
    postgres.start()
    postgres.stop()
    (postgres.data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(LocalError, match="no_such_setting"):
        postgres.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as somebody else")
def test_without_user_namespaces_postgres_runs_as_nobody(tmp_path: Path) -> None:
    """pytest's own directory is closed to others, so data and binaries have to go elsewhere."""
    launch = Launch(uid=NOBODY)
    postgres = Postgres(tmp_path / "pg", tmp_path / "pg.log", durable=False, launch=launch)
    try:
        postgres.start()
        process = postgres.process
        assert process is not None
        assert Path(f"/proc/{process.pid}").stat().st_uid == NOBODY
    finally:
        postgres.stop()
        shutil.rmtree(postgres.home)


def test_a_machine_without_binaries_is_told_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("pathlib.Path.glob", lambda *_: iter(()))
    with pytest.raises(LocalError, match="DATABASE_URL"):
        find_binaries()


def test_a_process_is_not_mistaken_for_its_successor() -> None:
    me = ProcessId.of(os.getpid())
    assert me is not None
    assert me.is_alive
    assert not ProcessId(me.pid, "another start").is_alive
