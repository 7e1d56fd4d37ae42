"""Postgres and Valkey of one state directory, for the demo and for the tests."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .postgres import Postgres
from .valkey import Valkey


@dataclass(frozen=True, slots=True)
class Services:
    """Two running servers. `admin_url` is Postgres' superuser, database `postgres`."""

    admin_url: str
    redis_url: str
    postgres: Postgres
    valkey: Valkey

    def stop(self) -> None:
        """Stop what this call started; what it found running stays."""
        for server in (self.valkey, self.postgres):
            if not server.adopted:
                server.stop()


def ensure_services(state_dir: Path, *, durable: bool) -> Services:
    """Start or adopt the servers of `state_dir` and return once both answer.

    `durable=False` lets Postgres forget on a crash of the machine (fsync off): tests only.
    Several processes may call this at once; one starts the servers, the others adopt them.
    Raises LocalError when a server does not come up.
    """
    postgres, valkey = servers_of(state_dir, durable=durable)
    with starting_alone(state_dir):
        postgres.start()
        valkey.start()
        return Services(postgres.admin_url, valkey.url, postgres, valkey)


def servers_of(state_dir: Path, *, durable: bool = True) -> tuple[Postgres, Valkey]:
    """The two servers of a state directory, running or not."""
    logs = state_dir / "logs"
    return (
        Postgres(state_dir / "postgres", logs / "postgres.log", durable=durable),
        Valkey(state_dir / "valkey", logs / "valkey.log", durable=durable),
    )


@contextlib.contextmanager
def starting_alone(state_dir: Path) -> Iterator[None]:
    """Nobody else starts or stops servers of this directory meanwhile."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir / "services.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
