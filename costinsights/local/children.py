"""Programs the supervisor starts, watches, restarts and stops."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .postgres import last_lines
from .processes import LocalError, ProcessId, read_record, wait_until, write_record
from .state import PROJECT, State

MARKER = "COSTINSIGHTS_STATE"  # in every child's environment: which state directory it serves
STEADY_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 30.0


@dataclass
class Child:
    """One long-running program with its own session, log file and process record."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    state: State
    is_ready: Callable[[Child], bool]
    stop_signals: tuple[tuple[int, float], ...] = ((signal.SIGTERM, 10.0),)
    ready_seconds: float = 60.0
    directory: Path = PROJECT
    log_starts_at: int = 0
    failures: int = 0
    _popen: subprocess.Popen[bytes] | None = None
    _started_at: float = 0.0
    _restart_at: float | None = field(default=None)

    @property
    def log(self) -> Path:
        return self.state.log(self.name)

    def start(self) -> None:
        """Start the program; it is not ready yet."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log_starts_at = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(
                self.arguments,
                cwd=self.directory,
                env={**self.environment, MARKER: str(self.state.directory.resolve())},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_end_with_parent(os.getpid()),  # the supervisor has one thread
            )
        self._started_at = time.monotonic()
        process = ProcessId.of(self._popen.pid)
        if process is not None:
            write_record(self.state.record(self.name), process)

    def wait_until_ready(self) -> None:
        """Raises LocalError with the end of the log when it ends or does not get ready."""
        wait_until(lambda: self.has_ended or self.is_ready(self), seconds=self.ready_seconds)
        if self.has_ended or not self.is_ready(self):
            raise LocalError(f"{self.name} did not start ({self.log}):\n{last_lines(self.log)}")

    @property
    def has_ended(self) -> bool:
        return self._popen is None or self._popen.poll() is not None

    def revive(self) -> str | None:
        """Restart an ended program after a growing pause; what to tell, if anything happened."""
        if not self.has_ended or self._popen is None:
            return None
        now = time.monotonic()
        if self._restart_at is None:
            if now - self._started_at > STEADY_SECONDS:
                self.failures = 0
            pause = min(2.0**self.failures, LONGEST_PAUSE_SECONDS)
            self.failures += 1
            self._restart_at = now + pause
            how = exit_words(self._popen.returncode)
            return f"{self.name} {how}; it starts again in {pause:.0f} s. See {self.log}"
        if now < self._restart_at:
            return None
        self._restart_at = None
        stop_leftover(self.state, self.name, self.stop_signals)
        self.start()
        return f"{self.name} is started again"

    def since_start(self) -> str:
        """What the program has logged since it was started."""
        with self.log.open("rb") as file:
            file.seek(self.log_starts_at)
            return file.read().decode(errors="replace")

    def stop(self, *, at_once: bool = False) -> None:
        stop_leftover(self.state, self.name, () if at_once else self.stop_signals)
        if self._popen is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(5)


def stop_leftover(
    state: State, name: str, signals: Sequence[tuple[int, float]] = ((signal.SIGTERM, 10.0),)
) -> bool:
    """End the remembered program of this name and what it started; False when nothing ran.

    A program that merely got the same pid is recognised by its start time and left alone.
    """
    record = state.record(name)
    process, facts = read_record(record)
    found = process is not None
    if process is not None:
        process.stop(signals)
    for orphan in _orphans(facts.get("pid"), state):
        orphan.stop()
        found = True
    record.unlink(missing_ok=True)
    return found


def _orphans(session: int | None, state: State) -> list[ProcessId]:
    """Processes of an ended child's session that still serve this state directory."""
    if session is None or ProcessId.of(session) is not None:
        return []
    marker = f"{MARKER}={state.directory.resolve()}".encode()
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            pid = int(directory.name)
            if os.getsid(pid) != session:
                continue
            process = ProcessId.of(pid)
            if process and marker in (directory / "environ").read_bytes().split(b"\0"):
                found.append(process)
    return found


def exit_words(code: int) -> str:
    """How a program ended, in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was ended by {signal.Signals(-code).name}"


def _end_with_parent(parent: int) -> Callable[[], None] | None:
    """Ask Linux to end the child when the supervisor is killed. Elsewhere the records must do."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    set_parent_death_signal = 1

    def ask() -> None:
        prctl(set_parent_death_signal, signal.SIGTERM)
        if os.getppid() != parent:  # it was killed before we could ask
            os._exit(1)

    return ask
