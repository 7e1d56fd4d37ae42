"""The whole product on one machine, started and kept running until Ctrl-C.

Postgres and Valkey outlive a killed supervisor and are adopted by the next one; web, worker, beat
and the demo OpenCost are replaced. A program that ends is started again after a growing pause.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterator
from types import FrameType

from .addresses import address, check_port, summary
from .children import Child, stop_leftover
from .database import DatabaseLogin, given_login, restricted_login
from .environment import product_environment
from .postgres import Postgres
from .preparation import Preparation
from .processes import LocalError, ProcessId, read_record, write_record
from .programs import beat, demo_opencost, front_end, slow_worker, web, worker
from .progress import say, step
from .services import servers_of, starting_alone
from .state import State
from .valkey import Valkey

# In the order they are stopped.
PROGRAMS = ("front-end", "beat", "slow-worker", "worker", "web", "demo-opencost")
OTHERS_STATE = frozenset({"test"})  # of a test run in the same checkout
WATCH_SECONDS = 0.25


class Interrupted(Exception):
    """Ctrl-C, SIGTERM or a closed terminal: stop everything in order."""


class Interruption:
    """Turns signals into Interrupted while something may be broken off, and counts them."""

    def __init__(self) -> None:
        self.count = 0
        self.may_break_off = True
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.may_break_off:
            self.may_break_off = False
            raise Interrupted


def up(state: State, port: int, *, reload: bool = False) -> int:
    """Start everything, watch it until interrupted, stop everything. The exit code.

    With `reload`, pages and the front end follow every change of a source file.
    """
    started = time.monotonic()
    with only_supervisor(state, port):
        running = Running(state, port, Interruption(), reload=reload)
        try:
            opencost = running.start()
            say("\n" + summary(state, port, opencost, seconds=time.monotonic() - started) + "\n")
            running.watch()
        except Interrupted:
            say()
            return 0
        except LocalError as error:
            say(f"\n{error}\n")
            return 1
        finally:
            running.stop()
    return 0


class Running:
    """What this supervisor has started so far."""

    def __init__(
        self, state: State, port: int, interruption: Interruption, *, reload: bool = False
    ) -> None:
        self.reload = reload
        self.state = state
        self.port = port
        self.interruption = interruption
        self.servers: list[Postgres | Valkey] = []
        self.children: list[Child] = []

    def start(self) -> str:
        """Start everything in order; the demo OpenCost's address.

        Raises LocalError when something does not start.
        """
        stop_leftovers(self.state)
        check_port(self.port)
        opencost, opencost_address = demo_opencost(self.state)
        self._start(opencost)  # it gets ready while the database starts
        preparation = self._prepare()
        preparation.migrate()
        preparation.demo_tenants(opencost_address)
        preparation.collect_static()
        environment = preparation.environment
        programs = [
            web(self.state, environment, self.port, reload=self.reload),
            worker(self.state, environment),
            slow_worker(self.state, environment),
            beat(self.state, environment),
            *([front_end(self.state)] if self.reload else []),
        ]
        for program in programs:  # all at once, then wait for each
            self._start(program)
        for program in (opencost, *programs):
            with step(program.name.capitalize()):
                program.wait_until_ready()
        return opencost_address

    def watch(self) -> None:
        """Restart what ends, until interrupted."""
        while True:
            for child in self.children:
                if news := child.revive():
                    say(f"  ! {news}")
            for server in self.servers:
                if server.process is None:
                    say(f"  ! {type(server).__name__} ended; starting it again ({server.log})")
                    server.start()
            time.sleep(WATCH_SECONDS)

    def stop(self) -> None:
        """Programs first, then the servers they use. A second signal makes programs end at once."""
        self.interruption.may_break_off = False
        by_name = {child.name: child for child in self.children}
        for name in PROGRAMS:
            if child := by_name.get(name):
                with step(f"Stopping {name}"):
                    child.stop(at_once=self.interruption.count > 1)
        for server in reversed(self.servers):
            with step(f"Stopping {type(server).__name__}"):
                server.stop()

    def _start(self, child: Child) -> None:
        self.children.append(child)
        child.start()

    def _prepare(self) -> Preparation:
        """Postgres and Valkey, ours or given ones, and the settings that name them."""
        postgres, valkey = servers_of(self.state.directory)
        with starting_alone(self.state.directory):
            login, identity = self._postgres(postgres)
            redis_url = self._valkey(valkey)
        environment = product_environment(
            self.state, database_url=login.url, redis_url=redis_url, port=self.port
        )
        return Preparation(self.state, environment, login, identity)

    def _postgres(self, postgres: Postgres) -> tuple[DatabaseLogin, str | None]:
        with step("Postgres") as note:
            if given := os.environ.get("DATABASE_URL"):
                login = given_login(given, self.state)
                note.text = f"DATABASE_URL: {login.described}"
                return login, None
            self.servers.append(postgres)
            postgres.start()
            note.text = "adopted" if postgres.adopted else ""
            return restricted_login(postgres.admin_url, self.state), postgres.identity

    def _valkey(self, valkey: Valkey) -> str:
        with step("Valkey") as note:
            if given := os.environ.get("REDIS_URL"):
                note.text = "REDIS_URL"
                return given
            self.servers.append(valkey)
            valkey.start()
            note.text = "adopted" if valkey.adopted else ""
            return valkey.url


def stop_leftovers(state: State) -> None:
    """End the programs that an earlier, killed supervisor left behind."""
    for name in PROGRAMS:
        if stop_leftover(state, name):
            say(f"  ! {name} of an earlier run was still there; it has been stopped")


def down(state: State) -> None:
    """Stop the demo of this directory, with or without a living supervisor."""
    supervisor, _ = read_record(state.record("supervisor"))
    if supervisor is not None:
        with step("Stopping the demo"):
            supervisor.stop(((signal.SIGTERM, 60.0),))
    stop_leftovers(state)
    for server in servers_of(state.directory):
        if server.process is not None:
            with step(f"Stopping {type(server).__name__}"):
                server.stop()


def reset(state: State) -> None:
    """Stop the demo and remove everything it remembers. There is no way back."""
    down(state)
    home = servers_of(state.directory)[0].home
    for path in (home, *(state.directory.iterdir() if state.directory.exists() else ())):
        if path.name in OTHERS_STATE:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def only_supervisor(state: State, port: int) -> Iterator[None]:
    """Raises LocalError when another supervisor keeps this directory's programs running."""
    state.directory.mkdir(parents=True, exist_ok=True)
    record = state.record("supervisor")
    with (state.directory / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other, facts = read_record(record)
            where = address(int(facts.get("port", port)))
            who = f"process {other.pid}, " if other else ""
            raise LocalError(
                f"The demo of this checkout is already running ({who}{where}).\n"
                "Stop it with Ctrl-C where it runs, or with `make demo-stop`."
            ) from None
        me = ProcessId.of(os.getpid())
        if me is not None:
            write_record(record, me, port=port)
        try:
            yield
        finally:
            record.unlink(missing_ok=True)
