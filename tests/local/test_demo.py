"""`make demo`'s supervisor with the whole product, in the order in which a person meets it."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from costinsights.local.children import stop_leftover
from costinsights.local.ports import LOOPBACK, free_port
from costinsights.local.processes import ProcessId, read_record, wait_until
from costinsights.local.services import servers_of
from costinsights.local.state import PROJECT, State
from costinsights.local.supervisor import PROGRAMS, down

pytestmark = [pytest.mark.processes, pytest.mark.slow]
_OURS = re.compile(r"DATABASE|REDIS|DJANGO|SECRET|FIELD_|PYTEST|PUBLIC|LOCAL_TOOLS|COSTINSIGHTS")


@dataclass
class Demo:
    """A supervisor in a process of its own, its state and what it has said."""

    state: State
    port: int
    output: Path
    process: subprocess.Popen[bytes] | None = None
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> "Demo":
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [*command(self.state), "up", "--port", str(self.port)],
                cwd=PROJECT,
                env=clean_environment(),
                stdout=output,
                stderr=output,
            )
        self._started.append(self.process)
        return self

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_until_ready(self) -> None:
        assert self.process is not None
        process = self.process
        settled = wait_until(
            lambda: "is running" in self.said or process.poll() is not None, seconds=120
        )
        assert settled, self.said
        assert process.poll() is None, self.said

    def send(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def program(self, name: str) -> ProcessId | None:
        return read_record(self.state.record(name))[0]


def command(state: State) -> list[str]:
    return [sys.executable, "-m", "costinsights.local", "--state", str(state.directory)]


def clean_environment() -> dict[str, str]:
    """As in a person's shell: nothing of the test run's own servers and settings."""
    return {name: value for name, value in os.environ.items() if not _OURS.search(name)}


def get(port: int, host: str, path: str) -> int:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{port}"})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    directory = tmp_path_factory.mktemp("demo")
    demo = Demo(State(directory / "state"), free_port(), directory / "output").start()
    demo.wait_until_ready()
    yield demo
    down(demo.state)
    for process in demo._started:
        process.wait(60)


def test_every_demo_tenant_answers_at_its_address(demo: Demo) -> None:
    for tenant in ("acme", "globex", "initech"):
        assert f"http://{tenant}.localhost:{demo.port}" in demo.said
        assert get(demo.port, f"{tenant}.localhost", "/sign-in/") == 200


def test_staff_sign_in_at_an_address_of_their_own(demo: Demo) -> None:
    assert f"http://admin.localhost:{demo.port}" in demo.said
    assert get(demo.port, "admin.localhost", "/login/") == 200
    assert get(demo.port, "localhost", "/admin/") == 302


def test_a_second_supervisor_is_refused(demo: Demo) -> None:
    again = subprocess.run(  # noqa: S603 - our own program
        [*command(demo.state), "up", "--port", str(free_port())],
        cwd=PROJECT, env=clean_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert again.returncode == 1
    assert "already running" in again.stdout


def test_a_program_that_dies_is_started_again(demo: Demo) -> None:
    beat = demo.program("beat")
    assert beat is not None
    beat.send(signal.SIGKILL)
    assert wait_until(lambda: "beat is started again" in demo.said, seconds=30)
    assert "beat was ended by SIGKILL" in demo.said


def test_after_a_kill_the_next_start_adopts_the_servers_and_repeats_nothing(demo: Demo) -> None:
    before = [server.process for server in servers_of(demo.state.directory)]
    assert demo.send(signal.SIGKILL) == -signal.SIGKILL
    demo.start().wait_until_ready()
    assert [server.process for server in servers_of(demo.state.directory)] == before
    for name in ("Postgres", "Valkey"):
        assert re.search(rf"✓ {name} .* adopted", demo.said)
    for name in ("Migrations", "Demo tenants", "Static files"):
        assert re.search(rf"✓ {name} .* unchanged", demo.said)
    assert get(demo.port, "acme.localhost", "/sign-in/") == 200


def test_ctrl_c_stops_everything(demo: Demo) -> None:
    programs = [demo.program(name) for name in PROGRAMS if name != "front-end"]
    servers = [server.process for server in servers_of(demo.state.directory)]
    assert all([*programs, *servers])
    assert demo.send(signal.SIGINT) == 0
    assert not any(process.is_alive for process in [*programs, *servers] if process)


def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]
        refused = Demo(State(tmp_path / "state"), port, tmp_path / "output").start()
        assert refused.process is not None
        assert refused.process.wait(60) == 1
    assert f"Port {port} is taken by another program" in refused.said
    assert re.search(r"make demo PORT=\d+", refused.said)
    assert not stop_leftover(refused.state, "web")
