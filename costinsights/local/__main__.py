"""Everything on one machine: `python -m costinsights.local up | stop | services | run`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .database import restricted_login
from .environment import product_environment
from .preparation import Preparation
from .processes import LocalError
from .progress import say, speak_utf8
from .services import ensure_services
from .state import PROJECT, State
from .supervisor import down, reset, up

DEFAULT_PORT = 8000


def main(arguments: Sequence[str] | None = None) -> int:
    speak_utf8()
    options = parser().parse_args(arguments)
    state = State(options.state.resolve())
    try:
        return int(options.act(options, state))
    except LocalError as error:
        say(f"\n{error}")
        return 1


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m costinsights.local", description=__doc__)
    top.add_argument(
        "--state",
        type=Path,
        default=PROJECT / ".local",
        help="where data, secrets and logs lie (default: .local)",
    )
    commands = top.add_subparsers(required=True, metavar="command")

    starting = commands.add_parser("up", help="start everything and keep it running")
    starting.add_argument(
        "--port", type=port_number, default=os.environ.get("PORT") or str(DEFAULT_PORT)
    )
    starting.add_argument("--reset", action="store_true", help="forget everything first")
    starting.add_argument("--reload", action="store_true", help="follow every source change")
    starting.set_defaults(act=_up)

    stopping = commands.add_parser("stop", help="stop what `up` or `services` left running")
    stopping.set_defaults(act=_stop)

    serving = commands.add_parser("services", help="start or adopt Postgres and Valkey only")
    serving.add_argument("--throwaway", action="store_true", help="fsync off: for tests")
    serving.set_defaults(act=_services)

    running = commands.add_parser("run", help="run a command with Postgres, Valkey and settings")
    running.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    running.set_defaults(act=_run)
    return top


def port_number(text: str) -> int:
    """A TCP port an ordinary program may listen on."""
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"“{text}” is no port: give a number from 1 to 65535")
    return int(text)


def _up(options: argparse.Namespace, state: State) -> int:
    if options.reset:
        reset(state)
    return up(state, options.port, reload=options.reload)


def _stop(_options: argparse.Namespace, state: State) -> int:
    down(state)
    return 0


def _services(options: argparse.Namespace, state: State) -> int:
    services = ensure_services(state.directory, durable=not options.throwaway)
    say(f"DATABASE_ADMIN_URL={services.admin_url}")
    say(f"REDIS_URL={services.redis_url}")
    return 0


def _run(options: argparse.Namespace, state: State) -> int:
    """The command's own exit code. Stops the servers afterwards if it had to start them."""
    command = [part for part in options.argv if part != "--"]
    services = ensure_services(state.directory, durable=True)
    try:
        login = restricted_login(services.admin_url, state)
        environment = product_environment(
            state, database_url=login.url, redis_url=services.redis_url, port=None
        )
        preparation = Preparation(state, environment, login, services.postgres.identity)
        if not preparation.is_migrated:
            preparation.migrate()
        environment["DATABASE_ADMIN_URL"] = services.admin_url
        return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode
    finally:
        services.stop()


if __name__ == "__main__":
    sys.exit(main())
