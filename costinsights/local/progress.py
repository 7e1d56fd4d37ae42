"""Telling a person what happens: one line per step with its time, and a box at the end.

Standard library only and no sibling imports: `toolchain` runs this before anything is installed.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NAME_WIDTH = 22


@dataclass
class Note:
    """What a running step wants to say about itself at its end."""

    text: str = ""


def say(text: str = "") -> None:
    """Print a line; a terminal that has been closed does not stop what is going on."""
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


@contextlib.contextmanager
def step(name: str) -> Iterator[Note]:
    """Show the step while it runs, then ✓ or ✗ and how long it took."""
    note = Note()
    started = time.monotonic()
    live = sys.stdout.isatty()
    if live:
        _rewrite_line(f"  … {name}")
    mark = "✗"
    try:
        yield note
        mark = "✓"
    finally:
        seconds = f"{time.monotonic() - started:5.1f} s"
        if live:
            _rewrite_line("")
        say(f"  {mark} {name:<{NAME_WIDTH}} {seconds}  {note.text}".rstrip())


def _rewrite_line(text: str) -> None:
    with contextlib.suppress(OSError):
        sys.stdout.write(f"\r\033[K{text}")
        sys.stdout.flush()


def box(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """Label and value per row in a frame; a row without a label is a line of text."""
    label_width = max((len(label) for label, _ in rows), default=0)
    lines = [f"{label:<{label_width}}  {value}" if label else value for label, value in rows]
    width = max(len(title), *(len(line) for line in lines)) + 2
    framed = [f"│ {line:<{width - 2}} │" for line in (title, "", *lines)]
    return "\n".join(("╭" + "─" * width + "╮", *framed, "╰" + "─" * width + "╯"))


def speak_utf8() -> None:
    """A terminal without UTF-8 gets question marks, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # TextIO hides it
