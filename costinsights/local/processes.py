"""Knowing a process again: a pid alone may by now belong to a stranger.

A process is identified by its pid together with the moment the kernel started it. Both are
written to a small file, so that a later run can adopt or replace what an earlier one left
behind, and never signals a process that merely inherited the number.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POLL_SECONDS = 0.02


class LocalError(Exception):
    """Something on this machine is in the way; the message says what and the way out."""


@dataclass(frozen=True, slots=True)
class ProcessId:
    """One process of this machine, distinguishable from a later one with the same pid."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> ProcessId | None:
        """The process that has this pid now; None when there is none (a zombie is none)."""
        started = _started(pid)
        return None if started is None else cls(pid, started)

    @property
    def is_alive(self) -> bool:
        return _started(self.pid) == self.started

    def send(self, signal_number: int) -> None:
        """Signal this process, or do nothing when it is gone."""
        if self.is_alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal_number)

    def stop(self, signals: Iterable[tuple[int, float]] = ((signal.SIGTERM, 10.0),)) -> None:
        """Send each signal and wait its seconds for the end; then kill.

        Raises LocalError when even SIGKILL did not end it within five seconds.
        """
        for signal_number, seconds in (*signals, (signal.SIGKILL, 5.0)):
            self.send(signal_number)
            if wait_until(lambda: not self.is_alive, seconds=seconds):
                return
        raise LocalError(f"Process {self.pid} does not end, not even by SIGKILL.")


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Poll until the condition holds; False when it did not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


# Servers that are meant to outlive us: forgetting their Popen objects would warn about that.
_detached: list[subprocess.Popen[bytes]] = []


def detach(server: subprocess.Popen[bytes]) -> None:
    """Let a program run on after this process; from now on it is known by its record only."""
    _detached.append(server)


def reap_detached() -> None:
    """Let go of those that have ended: until then their pids look alive to other programs."""
    for server in _detached:
        server.poll()


@atexit.register
def _forget_detached() -> None:
    for server in _detached:
        if server.poll() is None:
            server.returncode = 0  # it runs on, as it should: nothing to warn about


def command_line(pid: int) -> list[str]:
    """The argument list of a running process; empty when it is gone or hidden from us."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return [] if Path("/proc/self").exists() else _ps(pid, "command=").split()
    return [part.decode(errors="replace") for part in raw.split(b"\0") if part]


def write_record(path: Path, process: ProcessId, **facts: str | int) -> None:
    """Remember a process in a file, atomically and readable by its owner only."""
    record = {"pid": process.pid, "started": process.started, **facts}
    write_private(path, json.dumps(record))


def read_record(path: Path) -> tuple[ProcessId | None, dict[str, Any]]:
    """The process remembered in `path` if it still runs, and what was written beside it."""
    try:
        record = json.loads(path.read_text())
        process = ProcessId(int(record["pid"]), str(record["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None, {}
    return (process if process.is_alive else None), record


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; mode 0600 from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def _started(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None if Path("/proc/self").exists() else _ps(pid, "lstart=") or None
    # The name in parentheses may itself hold spaces and parentheses: count from its end.
    fields = stat[stat.rindex(")") + 2 :].split()
    if fields[0] in "ZX":
        return None
    return f"{_boot_id()}:{fields[19]}"


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


def _ps(pid: int, column: str) -> str:
    """macOS has no /proc."""
    answer = subprocess.run(
        ["ps", "-o", column, "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip()
