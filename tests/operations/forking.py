"""Management commands in processes that can be killed, without loading Django for each.

    python -m tests.operations.forking

loads it once and forks a child per line of input: {"command", "options", "keys", "added_column"}.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any


class Forker:
    """Starts commands in children of one loaded process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, command: str, *, kill_after: float | None = None, **job: Any) -> int:
        """The command's wait status: 0 when it ended well; killed `kill_after` seconds after its start."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"command": command, **job}) + "\n")
        self._process.stdin.flush()
        pid = int(self._line())
        killer = threading.Timer(kill_after or 0, _kill, [pid])
        if kill_after is not None:
            killer.start()
        status = int(self._line())
        killer.cancel()
        return status

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it was quicker


@contextmanager
def forker() -> Iterator[Forker]:
    """A loaded process for the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.operations.forking"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "costinsights.settings"},
    )
    try:
        yield Forker(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=30)
        assert process.stdout is not None
        process.stdout.close()


def moments(seed: int, longest: float, count: int) -> list[float]:
    """When to kill: spread over `longest` seconds, the same in every run."""
    chance = random.Random(seed)
    return [chance.uniform(0.0, longest) for _ in range(count)]


def _main() -> None:
    import django

    django.setup()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _child(json.loads(line))
        print(pid, flush=True)  # noqa: T201  # the protocol
        _, status = os.waitpid(pid, 0)
        print(status, flush=True)  # noqa: T201  # the protocol


def _child(job: dict[str, Any]) -> None:
    from django.conf import settings
    from django.core.management import call_command

    from tests.operations.added_column import added_column

    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the command prints is no answer
    if job.get("keys"):
        settings.FIELD_ENCRYPTION_KEYS = job["keys"]
    status = 1
    try:
        with added_column() if job.get("added_column") else nullcontext():
            call_command(job["command"], **job.get("options", {}))
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    _main()
