"""Servers of our own to be killed: Postgres and Valkey that sync, an OpenCost, the product's programs."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
from redis import Redis

from costinsights.local.database import DATABASE, restricted_login
from costinsights.local.demo_opencost import OpenCostServer
from costinsights.local.environment import product_environment
from costinsights.local.postgres import Postgres
from costinsights.local.preparation import Preparation
from costinsights.local.processes import wait_until
from costinsights.local.services import ensure_services
from costinsights.local.state import PROJECT, State
from costinsights.local.valkey import Valkey
from tests.faults import programs
from tests.faults.books import Verdict, asked, compare
from tests.faults.programs import Program
from tests.faults.source import Source

# Whatever takes longer than this has failed; a proof's windows take their time.
LONGEST_WAIT = 7_200.0 if os.environ.get("PROOF") else 240.0


@dataclass(frozen=True)
class Work:
    """What one test has its workspace read: clusters of so many workloads, and so many days back."""

    clusters: int
    workloads: int
    days: int


@dataclass
class Stage:
    """Everything one installation needs, on servers that nobody else uses."""

    state: State
    postgres: Postgres
    valkey: Valkey
    opencost: OpenCostServer
    environment: Mapping[str, str]
    sources: dict[str, dict[str, Source]]
    schemas: dict[str, str] = field(default_factory=dict)
    programs: list[Program] = field(default_factory=list)
    since: dict[str, dt.datetime] = field(default_factory=dict)
    revived: int = 0

    # Programs and servers

    def workers(self, count: int) -> list[Program]:
        """The product's workers, ready to work."""
        return self._started(
            [programs.worker(self.state, self.environment, number) for number in range(count)],
        )

    def beats(self, count: int) -> list[Program]:
        return self._started(
            [programs.beat(self.state, self.environment, number) for number in range(count)]
        )

    def _started(self, wanted: list[Program]) -> list[Program]:
        for program in wanted:
            program.start()
            self.programs.append(program)
        return wanted

    def revive(self) -> bool:
        """Start again what has ended, as whatever supervises the product does. True."""
        for program in self.programs:
            if program.has_ended:
                program.start()
                self.revived += 1
        return True

    def answering(self) -> int:
        """How many workers answer: one that lives and hears nothing is worse than one that ended."""
        said = _ran(
            ["-m", "celery", "-A", "costinsights.celery", "inspect", "ping"], self.environment
        )
        return said.count(": OK")

    def kill_postgres(self) -> float:
        """SIGKILL to the postmaster; returns the seconds until the next one answered."""
        process = self.postgres.process
        assert process is not None
        process.send(signal.SIGKILL)
        began = monotonic()
        assert wait_until(lambda: not process.is_alive, seconds=10)
        self.postgres.start()
        return monotonic() - began

    def kill_valkey(self) -> None:
        process = self.valkey.process
        assert process is not None
        process.send(signal.SIGKILL)
        assert wait_until(lambda: not process.is_alive, seconds=10)
        self.valkey.start()

    def flush_valkey(self) -> None:
        with Redis.from_url(self.valkey.url) as client:
            client.flushall()

    def end(self) -> None:
        """Stop programs and servers; the directory stays."""
        for program in self.programs:
            program.end()
        self.opencost.stop()
        self.valkey.stop()
        self.postgres.stop()

    # Looking behind the wall

    @contextmanager
    def admin(self) -> Iterator["psycopg.Connection[Any]"]:
        target = psycopg.conninfo.make_conninfo(self.postgres.admin_url, dbname=DATABASE)
        with psycopg.connect(target, autocommit=True) as connection:
            yield connection

    def asked(self, slug: str, query: str, *values: Any) -> list[Any]:
        """Rows of a query in the workspace's schema."""
        with self.admin() as admin:
            return asked(admin, self.schemas[slug], query, *values)

    # Work

    def activate(self, slug: str) -> None:
        """Let the workspace's work begin with the next tick; the others rest."""
        with self.admin() as admin:
            admin.execute(
                "UPDATE tenants_tenant SET status = CASE WHEN slug = %s THEN 'active' ELSE 'suspended' END",
                [slug],
            )
        self.since[slug] = dt.datetime.now(dt.UTC)

    def restate(self, slug: str) -> None:
        """OpenCost says something else of every window from now on, and every window is asked again."""
        for source in self.sources[slug].values():
            source.edition += 1
        self.asked(slug, "UPDATE costs_snapshot SET due_at = now(), tries = 0")
        self.asked(slug, "UPDATE costs_ingeststate SET failures = 0, closed_until = NULL")

    def is_reading(self, slug: str) -> bool:
        """Whether some worker holds a window now."""
        query = "SELECT 1 FROM costs_snapshot WHERE leased_until > clock_timestamp() LIMIT 1"
        return bool(self.asked(slug, query))

    def is_settled(self, slug: str) -> bool:
        """Whether all clusters were planned, their backfills ended, and nothing is due."""
        [(planned, walking, due)] = self.asked(
            slug,
            "SELECT (SELECT count(DISTINCT cluster_id) FROM costs_snapshot),"
            "  (SELECT count(*) FROM costs_ingeststate WHERE backfill_state = 'running'),"
            "  (SELECT count(*) FROM costs_snapshot WHERE due_at IS NOT NULL)",
        )
        return planned == len(self.sources[slug]) and not walking and not due

    def settle(self, slug: str) -> float:
        """Wait until everything is read; returns the seconds it took."""
        return until(lambda: self.revive() and self.is_settled(slug), self.said)

    def verdict(self, slug: str) -> Verdict:
        """Every row of the workspace against the sources, and the product's own re-adding."""
        whole = Verdict()
        with self.admin() as admin:
            for name, source in self.sources[slug].items():
                whole += compare(admin, self.schemas[slug], name, source, since=self.since[slug])
        said = self.manage("verify_history", "--tenant", slug)
        if "agree." not in said:
            whole.wrong.append(said)
        return whole

    def manage(self, *arguments: str) -> str:
        """What a management command says, in a process of its own."""
        return _ran(["manage.py", *arguments], self.environment)

    def said(self) -> str:
        """The end of every program's log, for a failure's message."""
        return "\n".join(
            f"== {program.name}\n{program.log.read_text()[-3000:]}" for program in self.programs
        )


@contextmanager
def staged(directory: Path, work: Mapping[str, Work]) -> Iterator[Stage]:
    """A stage with a suspended workspace for each piece of work; programs are started by the tests."""
    sources = {
        slug: {
            f"{slug}-{number}": Source(number, wanted.workloads)
            for number in range(1, wanted.clusters + 1)
        }
        for slug, wanted in work.items()
    }
    opencost = OpenCostServer(
        {name: source for those in sources.values() for name, source in those.items()}
    )
    state = State(directory)
    services = ensure_services(directory, durable=True)
    login = restricted_login(services.admin_url, state)
    environment = product_environment(
        state, database_url=login.url, redis_url=services.redis_url, port=None
    )
    stage = Stage(state, services.postgres, services.valkey, opencost.start(), environment, sources)
    try:
        Preparation(state, environment, login, services.postgres.identity).migrate()
        wanted = {
            slug: {
                "clusters": {name: opencost.url(name) for name in sources[slug]},
                "days": piece.days,
            }
            for slug, piece in work.items()
        }
        said = _ran(["-m", "tests.faults.inside", json.dumps(wanted)], environment)
        stage.schemas = json.loads(said.splitlines()[-1])
        yield stage
    finally:
        stage.end()


def _ran(arguments: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(  # noqa: S603  # our own programs
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def until(
    condition: Callable[[], bool], what: Callable[[], str], *, seconds: float = LONGEST_WAIT
) -> float:
    """Poll until it holds; returns the seconds it took. Fails with `what` otherwise."""
    began = monotonic()
    assert wait_until(condition, seconds=seconds), what()
    return monotonic() - began
