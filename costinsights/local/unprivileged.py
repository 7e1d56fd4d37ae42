"""Starting a program that refuses to run as root, without an account and without chmod.

Root has two ways. A user namespace in which our own uid looks like nobody's: files stay ours
and even a checkout below a private home works. Where the kernel or a container forbids that,
the program runs as the real user nobody, and everything it reads must be readable for nobody.
An ordinary user simply starts it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

NOBODY = 65534
_UNSHARE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a program so that it does not see itself as root."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None

    @property
    def popen(self) -> dict[str, Any]:
        """The extra arguments for subprocess."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.uid, "extra_groups": []}


def choose_launch() -> Launch:
    """The way that works on this machine for the user who asks."""
    if os.geteuid() != 0:
        return Launch()
    if user_namespaces_work():
        return Launch(prefix=_UNSHARE)
    return Launch(uid=NOBODY)


@cache
def user_namespaces_work() -> bool:
    """Ask the kernel by trying: containers often forbid it, whatever the settings say."""
    if os.environ.get("COSTINSIGHTS_NO_USERNS") or shutil.which("unshare") is None:
        return False
    return subprocess.run([*_UNSHARE, "true"], capture_output=True, check=False).returncode == 0


def nobody_can_enter(path: Path) -> bool:
    """Whether every directory down to `path` lets strangers pass."""
    resolved = path.resolve()
    return all(directory.stat().st_mode & 0o001 for directory in (resolved, *resolved.parents))


def give_to(path: Path, uid: int) -> None:
    """Make a whole tree belong to `uid` unless its top already does. Needs root."""
    if path.stat().st_uid == uid:
        return
    for directory, _, files in os.walk(path, topdown=False):
        for name in files:
            os.lchown(os.path.join(directory, name), uid, uid)
        os.lchown(directory, uid, uid)
