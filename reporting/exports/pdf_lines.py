"""The lines of a statement as the PDF prints them: grouped, with subtotals, the small ones together.

Memory holds the sums of each namespace and its few largest lines, however many lines there are.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

from reporting.exports.columns import checked
from reporting.statements.document import Line, StatementDocument

ALL_UP_TO = 250  # lines that are printed one by one
MOST_GROUPS = 25
MOST_LINES = 4  # of a group, in a statement with more lines than that


@dataclass(slots=True)
class Sums:
    """What the PDF adds up."""

    count: int = 0
    cpu: int = 0
    ram: int = 0
    list_cost: int = 0
    effective: int = 0
    billed: int = 0

    def add(self, line: Line) -> None:
        self.count += 1
        self.cpu += line.cpu_core_hours
        self.ram += line.ram_byte_hours
        self.list_cost += line.list_cost
        self.effective += line.effective_cost
        self.billed += line.billed_cost

    def merge(self, other: "Sums", sign: int = 1) -> None:
        for name in ("count", "cpu", "ram", "list_cost", "effective", "billed"):
            setattr(self, name, getattr(self, name) + sign * getattr(other, name))


@dataclass(slots=True)
class Group:
    """A namespace of a cluster, or a pool: its sums and its largest lines."""

    name: str
    sums: Sums = field(default_factory=Sums)
    heap: list[tuple[int, int, Line]] = field(default_factory=list)

    def add(self, line: Line, most: int) -> None:
        self.sums.add(line)
        entry = (line.billed_cost, -line.position, line)
        if len(self.heap) < most:
            heapq.heappush(self.heap, entry)
        else:
            heapq.heappushpop(self.heap, entry)

    def largest(self) -> list[Line]:
        return [line for _, _, line in sorted(self.heap, reverse=True)]

    def others(self) -> Sums:
        """What the largest lines leave over."""
        rest = Sums()
        rest.merge(self.sums)
        for _, _, line in self.heap:
            shown = Sums()
            shown.add(line)
            rest.merge(shown, -1)
        return rest


@dataclass(slots=True)
class Section:
    """The direct lines of a cluster, or all lines of another type ("" for the cluster)."""

    line_type: str
    cluster: str
    sums: Sums = field(default_factory=Sums)
    groups: dict[str, Group] = field(default_factory=dict)

    def shown(self, most: int) -> tuple[list[Group], Sums, int]:
        """The largest groups, and sums and number of the others."""
        ordered = sorted(self.groups.values(), key=lambda group: (-group.sums.billed, group.name))
        rest = Sums()
        for group in ordered[most:]:
            rest.merge(group.sums)
        return ordered[:most], rest, len(ordered[most:])


@dataclass(slots=True)
class Printed:
    """All sections in the order of the statement, what they add up to, and whether lines were put together."""

    sections: list[Section]
    total: Sums
    cut: bool
    most_groups: int


_ORDER = ("direct", "shared", "idle", "overhead", "adjustment", "rounding")


def grouped_lines(document: StatementDocument, lines: Iterable[Line]) -> Printed:
    """Raises LinesDiffer if the lines are not the document's."""
    cut = document.lines.count > ALL_UP_TO
    most = MOST_LINES if cut else ALL_UP_TO
    sections: dict[tuple[int, str], Section] = {}
    total = Sums()
    for line in checked(document, lines):
        rank = _ORDER.index(line.line_type) if line.line_type in _ORDER else len(_ORDER)
        cluster = line.cluster if line.line_type == "direct" else ""
        section = sections.get((rank, cluster))
        if section is None:
            section = sections[rank, cluster] = Section(line.line_type, cluster)
        name = _group_name(line)
        group = section.groups.get(name)
        if group is None:
            group = section.groups[name] = Group(name)
        group.add(line, most)
        section.sums.add(line)
        total.add(line)
    ordered = [sections[key] for key in sorted(sections)]
    return Printed(ordered, total, cut, MOST_GROUPS if cut else ALL_UP_TO)


def _group_name(line: Line) -> str:
    if line.line_type == "direct":
        return line.namespace or "no namespace"
    return line.pool or " / ".join(name for name in (line.cluster, line.namespace) if name)
