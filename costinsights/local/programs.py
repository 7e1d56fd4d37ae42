"""The programs of the demo: how each is started and how it shows that it is ready."""

from __future__ import annotations

import http.client
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from .children import Child
from .environment import BASE_DOMAIN
from .ports import LOOPBACK, free_port
from .processes import write_private
from .state import PROJECT, State


def web(state: State, environment: Mapping[str, str], port: int, *, reload: bool = False) -> Child:
    """The pages and the API on 127.0.0.1; ready when /healthz answers."""
    place = f"{LOOPBACK}:{port}"
    if reload:
        arguments = [sys.executable, "manage.py", "runserver", place]
        environment = {**environment, "DEBUG": "1"}
    else:
        arguments = [
            sys.executable, "-m", "gunicorn", "costinsights.wsgi", "--bind", place,
            "--worker-class", "gthread", "--workers", "2", "--threads", "4",
            "--graceful-timeout", "5", "--no-control-socket",
        ]  # fmt: skip
    return Child(
        "web", arguments, environment, state, lambda _: answers(port, "/healthz", BASE_DOMAIN)
    )


def front_end(state: State) -> Child:
    """esbuild, building again whenever a source file changes."""
    return Child(
        "front-end",
        ["npm", "run", "--silent", "watch"],
        dict(os.environ),
        state,
        lambda child: not child.has_ended,
        directory=PROJECT / "static",
    )


def worker(state: State, environment: Mapping[str, str]) -> Child:
    """Celery's worker with two processes; a task cut off by a stop is delivered again."""
    return _worker("worker", "celery,history", state, environment)


def slow_worker(state: State, environment: Mapping[str, str]) -> Child:
    """The worker that waits for OpenCosts that take long, so that the other one never has to."""
    return _worker("slow-worker", "slow", state, environment)


def _worker(name: str, queues: str, state: State, environment: Mapping[str, str]) -> Child:
    arguments = [
        *_celery("worker"), "--concurrency", "2", "--without-gossip", "--without-mingle",
        "--queues", queues, "--hostname", f"{name}@%h",
    ]  # fmt: skip
    return Child(
        name,
        arguments,
        environment,
        state,
        lambda child: " ready." in child.since_start(),
        stop_signals=((signal.SIGTERM, 5.0), (signal.SIGQUIT, 5.0)),
    )


def beat(state: State, environment: Mapping[str, str]) -> Child:
    """Celery's beat; its few ticks only wake planners up."""
    schedule = state.directory.resolve() / "beat-schedule"
    arguments = [*_celery("beat"), "--schedule", str(schedule), "--pidfile="]
    return Child(
        "beat", arguments, environment, state, lambda child: "Starting..." in child.since_start()
    )


def demo_opencost(state: State) -> tuple[Child, str]:
    """The OpenCost that the demo tenants' clusters point to, and its address.

    It comes back at the same port while that is free: clusters keep the address they were given.
    """
    port = _remembered_port(state.directory / "demo-opencost-port")
    arguments = [sys.executable, "-m", "costinsights.local.demo_opencost", "--port", str(port)]
    child = Child(
        "demo-opencost",
        arguments,
        {**os.environ, "PYTHONUNBUFFERED": "1"},
        state,
        lambda _: answers(port, "/healthz"),
        stop_signals=((signal.SIGTERM, 3.0),),
    )
    return child, f"http://{LOOPBACK}:{port}"


def answers(port: int, path: str, host: str = LOOPBACK) -> bool:
    """Whether a server on this machine says 200."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _celery(command: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "costinsights.celery", command, "-l", "INFO"]


def _remembered_port(path: Path) -> int:
    try:
        port = free_port(int(path.read_text()))
    except (OSError, ValueError):
        port = free_port()
    write_private(path, str(port))
    return port
