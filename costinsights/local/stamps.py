"""Not doing again what is done: a step's stamp holds a hash of everything it was made from.

Standard library only and no sibling imports: `toolchain` runs this before anything is installed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def is_stamped(path: Path, fingerprint: str) -> bool:
    try:
        return path.read_text() == fingerprint
    except OSError:
        return False


def stamp(path: Path, fingerprint: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(fingerprint)


def fingerprint(files: Iterable[Path], *facts: str) -> str:
    """One hash of the files' names and contents and of further facts, whatever their order."""
    digest = hashlib.sha256()
    for path in sorted(set(files)):
        digest.update(f"{path}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for fact in facts:
        digest.update(f"{fact}\0".encode())
    return digest.hexdigest()


def files_below(*roots: Path, leave_out: frozenset[str] = frozenset()) -> list[Path]:
    """Every file in these directories (or the files themselves), without the named directories."""
    found: list[Path] = []
    for root in roots:
        if root.is_file():
            found.append(root)
            continue
        for path in root.rglob("*"):
            if path.is_file() and not leave_out.intersection(path.parts):
                found.append(path)
    return found
