"""What the doctor says: lines, each with a level and the way out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

NAMED = 5  # of many of the same kind


class Level(StrEnum):
    """How bad a line is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Line:
    """One finding. `way_out` is empty when nothing needs doing."""

    subject: str
    level: Level
    words: str
    way_out: str = ""


Question = Callable[[], Iterator[Line]]


def listed(names: list[str]) -> str:
    """The first of many of the same kind, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
