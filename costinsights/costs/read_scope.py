"""Which rows a reader may see. Every question about costs carries one of these, and none has a default.

A limited member sees the rows of some namespaces or with some label values. The rows are picked before anything is
added up, shared or counted, so that no total, share or note can tell of the others: idle cost and volumes without a
namespace belong to nobody in particular and are never among them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from costinsights.opencost.filters import AnyOf, Comparison, Filter, Operator, sanitised
from costinsights.opencost.schema import AllocatedCost, RowKind

_PSEUDO = frozenset({"", "__idle__", "__unallocated__", "__unmounted__"})


@dataclass(frozen=True, slots=True)
class ReadScope:
    """Everything, or the rows of one of `namespaces` or with one of `labels` (name and value)."""

    is_limited: bool
    namespaces: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    @classmethod
    def limited_to(cls, namespaces: Sequence[str], labels: Sequence[str]) -> "ReadScope":
        """A limit as it is stored; labels are `name=value`. What is no name at all matches nothing."""
        pairs = (text.partition("=") for text in labels)
        return cls(
            is_limited=True,
            namespaces=tuple(sorted({name for name in namespaces if name not in _PSEUDO})),
            labels=tuple(
                sorted({(name, value) for name, _, value in pairs if name and value not in _PSEUDO})
            ),
        )

    @property
    def condition(self) -> Filter | None:
        """The limit as a filter; None where everything may be seen. A limit to nothing matches nothing."""
        if not self.is_limited:
            return None
        branches: list[Filter] = []
        if self.namespaces:
            branches.append(Comparison("namespace", Operator.EQUALS, self.namespaces))
        branches += [
            Comparison("label", Operator.EQUALS, (value,), sanitised(name))
            for name, value in self.labels
        ]
        return AnyOf(tuple(branches))

    def visible(self, rows: Sequence[AllocatedCost]) -> Sequence[AllocatedCost]:
        """The rows that may be seen, in their order."""
        condition = self.condition
        if condition is None:
            return rows
        return [row for row in rows if row.kind != RowKind.IDLE and condition.matches(row)]

    @property
    def digest(self) -> str:
        """For cache keys: the same for the same limit, "" without one."""
        if not self.is_limited:
            return ""
        parts = [*self.namespaces, "", *(f"{name}={value}" for name, value in self.labels)]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]

    @property
    def words(self) -> str:
        """The limit for a person: `namespaces shop, web or label team=core`."""
        parts = []
        if self.namespaces:
            plural = "namespaces" if len(self.namespaces) > 1 else "namespace"
            parts.append(f"{plural} {', '.join(self.namespaces)}")
        if self.labels:
            plural = "labels" if len(self.labels) > 1 else "label"
            pairs = ", ".join(f"{name}={value}" for name, value in self.labels)
            parts.append(f"{plural} {pairs}")
        return " or ".join(parts) if self.is_limited else ""


EVERYTHING = ReadScope(is_limited=False)
