"""What the one-machine set-up remembers between runs: secrets, stamps, process records, logs."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .processes import write_private
from .stamps import is_stamped, stamp

PROJECT = Path(__file__).resolve().parents[2]


def new_password() -> str:
    return secrets.token_urlsafe(24)


def new_secret_key() -> str:
    return secrets.token_urlsafe(50)


def new_encryption_key() -> str:
    """32 random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True, slots=True)
class State:
    """The directory `.local/` (or a test's own). Removing it starts clean."""

    directory: Path

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def record(self, name: str) -> Path:
        """Where the process of this name is remembered."""
        return self.directory / "run" / f"{name}.json"

    def secret(self, name: str, make: Callable[[], str]) -> str:
        """The secret of this name, made once and readable by its owner only."""
        path = self.directory / "secrets" / name
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, make())
        return path.read_text()

    def is_done(self, step: str, fingerprint: str) -> bool:
        """Whether the step was last done with exactly these inputs."""
        return is_stamped(self.directory / "stamps" / step, fingerprint)

    def mark_done(self, step: str, fingerprint: str) -> None:
        stamp(self.directory / "stamps" / step, fingerprint)
