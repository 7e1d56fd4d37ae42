"""Bringing database, demo tenants and static files up to date before the programs start.

Each part is a management command in a process of its own, skipped while what it depends on is
unchanged. Somebody else's database is never trusted to be as we left it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from .database import DatabaseLogin
from .processes import LocalError
from .progress import step
from .stamps import files_below, fingerprint, is_stamped, stamp
from .state import PROJECT, State

PACKAGES = ("costinsights", "tenants", "reporting", "anomalies")
STATIC_ROOT = PROJECT / "staticfiles"
_LOCK = PROJECT / "requirements" / "local.txt"


@dataclass(frozen=True, slots=True)
class Preparation:
    """The steps between a running server and a product that can answer.

    `database_identity` changes when the embedded database is made anew; None says that the
    database is not ours and every step has to look for itself.
    """

    state: State
    environment: Mapping[str, str]
    login: DatabaseLogin
    database_identity: str | None

    @property
    def is_migrated(self) -> bool:
        """Whether the database is ours and nothing that makes its tables has changed."""
        return self._is_current("migrations", self._migrations())

    def migrate(self) -> None:
        """Roles, database and schemas, the template's and every tenant's included."""
        with step("Migrations") as note:
            if self.is_migrated:
                note.text = "unchanged"
                return
            if self.login.admin_url is not None:
                self._manage("bootstrap_database", DATABASE_ADMIN_URL=self.login.admin_url)
            self._manage("migrate_schemas", "--verbosity", "0")
        self.state.mark_done("migrations", self._migrations())

    def demo_tenants(self, opencost_address: str) -> None:
        """Acme, Globex and Initech with their people and clusters."""
        definitions = [
            *PROJECT.glob("costinsights/local/management/**/*.py"),
            *PROJECT.glob("costinsights/**/migrations/*.py"),
        ]
        wanted = fingerprint(definitions, self._facts, opencost_address)
        with step("Demo tenants") as note:
            if self._is_current("demo-tenants", wanted):
                note.text = "unchanged"
                return
            self._manage("demo_tenants", "--opencost", opencost_address)
        self.state.mark_done("demo-tenants", wanted)

    def collect_static(self) -> None:
        """The built front end and the packages' files, with hashed names."""
        wanted = fingerprint([*files_below(PROJECT / "static" / "dist"), _LOCK])
        # Beside the files, not in the state: every state directory of a checkout shares them.
        collected = STATIC_ROOT / ".collected"
        with step("Static files") as note:
            if is_stamped(collected, wanted):
                note.text = "unchanged"
                return
            self._manage("collectstatic", "--no-input", "--clear", "--verbosity", "0")
        stamp(collected, wanted)

    def _migrations(self) -> str:
        definitions = [
            path for package in PACKAGES for path in PROJECT.glob(f"{package}/**/migrations/*.py")
        ]
        return fingerprint([*definitions, *PROJECT.glob("tenants/**/*.py"), _LOCK], self._facts)

    @property
    def _facts(self) -> str:
        return f"{self.login.url} {self.database_identity}"

    def _is_current(self, name: str, wanted: str) -> bool:
        return self.database_identity is not None and self.state.is_done(name, wanted)

    def _manage(self, command: str, *arguments: str, **environment: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", command, *arguments],
            cwd=PROJECT,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        log = self.state.log("preparation")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as file:
            file.write(f"$ manage.py {command}\n{done.stdout}\n")
        if done.returncode != 0:
            end = "\n".join(done.stdout.strip().splitlines()[-25:])
            raise LocalError(f"`manage.py {command}` failed ({log}):\n{end}")
