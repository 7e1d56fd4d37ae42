"""The product's programs as a stage runs them: started as the demo starts them, killed as the kernel would."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from costinsights.local import programs
from costinsights.local.children import Child
from costinsights.local.processes import wait_until
from costinsights.local.state import PROJECT, State

HURRY = "tests.faults.hurry"
ALL_QUEUES = "celery,history,slow"


@dataclass
class Program:
    """A worker or a beat with a process group of its own, and those of its earlier lives."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    started: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    _life_begins_at: int = 0

    def start(self) -> None:
        """Start it, or another life of it; returns at once."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._life_begins_at = output.tell()
            self.started.append(
                subprocess.Popen(  # noqa: S603  # our own programs
                    self.arguments,
                    cwd=PROJECT,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            )

    @property
    def has_ended(self) -> bool:
        return self.started[-1].poll() is not None

    @property
    def pid(self) -> int:
        return self.started[-1].pid

    def children(self) -> list[int]:
        """The processes that do the work."""
        try:
            return [
                int(pid)
                for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            ]
        except OSError:
            return []

    def kill(self) -> None:
        """SIGKILL to the parent alone: its children find out by themselves."""
        self.started[-1].kill()
        self.started[-1].wait(timeout=30)

    def kill_group(self) -> None:
        """SIGKILL to the parent and everything it started, as the end of a container."""
        self._kill_group_of(self.started[-1])

    def end(self) -> None:
        """Nothing of any life of it stays."""
        for process in self.started:
            self._kill_group_of(process)

    @property
    def is_ready(self) -> bool:
        """Whether this life of it has said that it is ready."""
        with self.log.open("rb") as log:
            log.seek(self._life_begins_at)
            return b" ready." in log.read()

    @staticmethod
    def _kill_group_of(process: "subprocess.Popen[bytes]") -> None:
        with contextlib.suppress(ProcessLookupError):  # the session's id: ours, even if it is gone
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)


def worker(state: State, environment: Mapping[str, str], number: int) -> Program:
    """The product's worker of every queue under a name of its own, hurried."""
    child = programs.worker(state, environment)
    own = ["--hostname", f"worker-{number}@%h", "--queues", "celery,history,slow"]
    return _program(child, f"worker-{number}", [*own, "--include", HURRY])


def beat(state: State, environment: Mapping[str, str], number: int) -> Program:
    """The product's beat, ticking for stored history only and twice a second."""
    child = programs.beat(state, environment)
    schedule = state.directory.resolve() / f"beat-{number}-schedule"
    program = _program(child, f"beat-{number}", ["--schedule", str(schedule)])
    program.arguments = [
        HURRY if part == "costinsights.celery" else part for part in program.arguments
    ]
    return program


def _program(child: Child, name: str, options: Sequence[str]) -> Program:
    return Program(name, [*child.arguments, *options], child.environment, child.state.log(name))


def killed(pid: int) -> bool:
    """Whether a SIGKILL reached the process; it was already gone otherwise."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return wait_until(lambda: not Path(f"/proc/{pid}/stat").exists() or _is_zombie(pid), seconds=10)


def _is_zombie(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
