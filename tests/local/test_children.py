"""Programs under supervision: started, restarted, replaced, never confused with strangers."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from costinsights.local.children import Child, stop_leftover
from costinsights.local.processes import (
    LocalError,
    ProcessId,
    read_record,
    wait_until,
    write_record,
)
from costinsights.local.state import PROJECT, State

pytestmark = pytest.mark.processes

WAITS = "import time; print('ready', flush=True); time.sleep(600)"
FORKS = "import os, time; os.fork(); print('ready', flush=True); time.sleep(600)"
FAILS = "print('out of luck'); raise SystemExit(3)"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path)
    yield state
    stop_leftover(state, "program")


def program(state: State, code: str) -> Child:
    return Child(
        "program",
        [sys.executable, "-c", code],
        dict(os.environ),
        state,
        lambda child: "ready" in child.since_start(),
        ready_seconds=10,
    )


def started(state: State, code: str = WAITS) -> tuple[Child, ProcessId]:
    child = program(state, code)
    child.start()
    child.wait_until_ready()
    process, _ = read_record(state.record("program"))
    assert process is not None
    return child, process


def test_a_program_that_does_not_start_is_named_with_its_last_words(state: State) -> None:
    child = program(state, FAILS)
    child.start()
    with pytest.raises(LocalError, match=r"(?s)program did not start.*out of luck"):
        child.wait_until_ready()


def test_a_program_that_ended_is_named_and_started_again(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    child, first = started(state)
    first.send(signal.SIGKILL)
    assert wait_until(lambda: child.has_ended, seconds=5)
    news = child.revive()
    assert news is not None
    assert "program was ended by SIGKILL; it starts again in 1 s" in news
    assert child.revive() is None
    monkeypatch.setattr("time.monotonic", lambda: 10.0**9)
    assert child.revive() == "program is started again"
    second, _ = read_record(state.record("program"))
    assert second is not None
    assert second != first
    child.stop()


def test_the_pause_grows_with_every_failure(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    child = program(state, FAILS)
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    child.start()
    pauses = []
    for _ in range(3):
        assert child._popen is not None
        child._popen.wait(10)
        pauses.append(str(child.revive()).split(" in ")[1].split(".")[0])
        clock[0] += 40
        child.revive()
    assert pauses == ["1 s", "2 s", "4 s"]
    assert child._popen is not None
    child._popen.wait(10)


def test_the_next_run_ends_what_an_earlier_one_left_behind(state: State) -> None:
    child, process = started(state)
    assert stop_leftover(state, "program")
    assert not process.is_alive
    child.stop()


def test_descendants_of_a_killed_program_are_found_and_ended(state: State) -> None:
    child, process = started(state, FORKS)
    members = [
        int(path.name)
        for path in Path("/proc").glob("[0-9]*")
        if f"\0{FORKS}" in (path / "cmdline").read_bytes().decode(errors="replace")
    ]
    (descendant,) = (ProcessId.of(pid) for pid in members if pid != process.pid)
    process.send(signal.SIGKILL)
    assert wait_until(lambda: child.has_ended, seconds=5)
    assert stop_leftover(state, "program")
    assert descendant is not None
    assert not descendant.is_alive


def test_a_stranger_with_the_same_pid_is_left_alone(state: State) -> None:
    me = ProcessId.of(os.getpid())
    assert me is not None
    write_record(state.record("program"), ProcessId(me.pid, "an earlier start"))
    assert not stop_leftover(state, "program")


def test_programs_end_when_their_supervisor_is_killed(state: State) -> None:
    supervise = (
        "import os, signal, sys; from pathlib import Path\n"
        "from costinsights.local.children import Child\n"
        "from costinsights.local.state import State\n"
        f"child = Child('program', [sys.executable, '-c', {WAITS!r}], dict(os.environ),\n"
        "    State(Path(sys.argv[1])), lambda child: 'ready' in child.since_start())\n"
        "child.start(); child.wait_until_ready(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    command = [sys.executable, "-c", supervise, str(state.directory)]
    subprocess.run(command, cwd=PROJECT, check=False)  # noqa: S603 - our own program
    process, facts = read_record(state.record("program"))
    assert facts
    assert process is None or wait_until(lambda: not process.is_alive, seconds=5)
