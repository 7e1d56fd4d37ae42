"""pg_dump and pg_restore of this machine, run against our database."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from django.db import connection

from costinsights.core.errors import ApplicationError
from costinsights.operations.sessions import connection_parameters


class ToolFailed(ApplicationError):
    """pg_dump or pg_restore is missing, too old, or ended with an error."""

    code = "postgres_tool_failed"
    status = 500
    title = "A Postgres tool failed"


def tool(name: str, folder: Path | None) -> Path:
    """The program in `folder`, otherwise on the path, at least as new as the server. Raises ToolFailed."""
    found = shutil.which(name, path=str(folder) if folder else None)
    if found is None:
        raise ToolFailed(
            f"{name} is not on this machine. Install the server's client programs, or name their directory "
            "with --binaries."
        )
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603  # found above
    version = re.search(r"(\d+)", said)
    connection.ensure_connection()
    server = connection.pg_version // 10000  # type: ignore[attr-defined]  # of the Postgres backend
    if version is None or int(version[1]) < server:
        raise ToolFailed(
            f"{found} is version {version[1] if version else '?'} and the server is {server}: it must be as "
            "new. Name another directory with --binaries."
        )
    return Path(found)


def run(program: Path, *arguments: str) -> None:
    """Run a tool on our database as the login role. Raises ToolFailed with its last words."""
    parameters = connection_parameters()
    done = subprocess.run(  # noqa: S603  # a Postgres program, an argument list of ours
        [str(program), *arguments],
        env={**_without_defaults(), **_environment(parameters)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ToolFailed(f"{program.name}: {done.stderr.strip()[-2000:]}")


def _environment(parameters: dict[str, Any]) -> dict[str, str]:
    """The connection, where no list of processes shows the password."""
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "dbname": "PGDATABASE",
        "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT",
    }
    return {names[name]: str(value) for name, value in parameters.items()}


def _without_defaults() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
