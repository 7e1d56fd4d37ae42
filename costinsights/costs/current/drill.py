"""One step further down: cluster → namespace → kind → workload → pod → container. Totals never change.

The way down is not kept anywhere: it is read back from the question's own parts, the one cluster asked
for and the plain comparisons of its filter, so that a link says everything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

from costinsights.costs.current.dimensions import FILTER_FIELDS, Dimension
from costinsights.costs.current.query import PATH
from costinsights.costs.current.rows import CostRow, Kind
from costinsights.opencost.filters import AllOf, Comparison, Filter, Operator, equals


class Question(Protocol):
    """What going down needs to know of a question, about current costs or stored ones."""

    @property
    def aggregate(self) -> tuple[Dimension, ...]: ...

    @property
    def filter(self) -> Filter | None: ...

    @property
    def clusters(self) -> tuple[str, ...]: ...

    @property
    def path(self) -> tuple[str, ...]:
        """The way down, from the whole to the finest that is known."""

    def narrowed(self, **changes: object) -> Self:
        """The same question with checked parts replaced."""


Q = TypeVar("Q", bound=Question)

_NO_STEP = frozenset({Kind.IDLE, Kind.OTHERS, Kind.TOTAL})
_STEP_OF_FIELD = {field: name for name, field in FILTER_FIELDS.items()}


def branches_of(condition: Filter | None) -> tuple[Filter, ...]:
    """The conditions that must all hold: what the page shows as chips."""
    if condition is None:
        return ()
    return condition.branches if isinstance(condition, AllOf) else (condition,)


def with_branches(query: Q, branches: tuple[Filter, ...]) -> Q:
    """The same question under these conditions instead."""
    condition = branches[0] if len(branches) == 1 else AllOf(branches) if branches else None
    text = condition.render() if condition is not None else ""
    return query.narrowed(filter=condition, filter_text=text)


def next_dimension(query: Question) -> Dimension | None:
    """What a line opens into: the step after the deepest one named so far; None at the end."""
    named = [dimension.name for dimension in query.aggregate]
    named += [step for step, _, _ in _steps_taken(query)]
    path = query.path
    depth = max((path.index(name) for name in named if name in path), default=0)
    return Dimension(path[depth + 1]) if depth + 1 < len(path) else None


def drill(query: Q, row: CostRow) -> Q | None:
    """The question behind one line: exactly its rows, grouped one step further down.

    None for lines that hold no rows of their own (idle, Others), at the end of the path, and where a value
    cannot be written as a filter.
    """
    following = next_dimension(query)
    if row.kind in _NO_STEP or following is None:
        return None
    narrowed = narrow_to(query, row)
    return None if narrowed is None else narrowed.narrowed(aggregate=(following,))


def narrow_to(query: Q, row: CostRow) -> Q | None:
    """The same question about this line's rows only. None where that cannot be said as a filter."""
    branches, clusters = branches_of(query.filter), query.clusters
    for dimension in query.aggregate:
        value = row.key.get(str(dimension), "")
        if not value or '"' in value:
            return None  # the filter language has no way to write a quotation mark
        if dimension.name == "cluster":
            clusters = (value,)
            continue
        comparison = equals(dimension.filter_field, value, key=dimension.key)
        if comparison not in branches:
            branches = (*branches, comparison)
    return with_branches(query, branches).narrowed(clusters=clusters)


@dataclass(frozen=True, slots=True)
class Crumb(Generic[Q]):
    """A step of the way down; `query` is the question it stood for, None for the one shown now."""

    label: str
    query: Q | None


def breadcrumb(query: Q, cluster_names: dict[str, str]) -> list[Crumb[Q]]:
    """The way down to this question: “All”, then each step; the last one is where we are."""
    steps = _steps_taken(query)
    every = with_branches(
        query, tuple(b for b in branches_of(query.filter) if _step(b) is None)
    ).narrowed(clusters=() if len(query.clusters) == 1 else query.clusters)
    first = steps[0][0] if steps else ""
    crumbs = [
        Crumb(
            "All", every.narrowed(aggregate=(Dimension(first or "namespace"),)) if steps else None
        )
    ]
    walked = every
    for position, (name, value, branch) in enumerate(steps):
        if branch is None:
            walked = walked.narrowed(clusters=(value,))
        else:
            walked = with_branches(walked, (*branches_of(walked.filter), branch))
        is_last = position + 1 == len(steps)
        place = query.path.index(name) + 1
        following = Dimension(query.path[min(place, len(query.path) - 1)])
        label = cluster_names.get(value, value) if branch is None else value
        crumbs.append(Crumb(label, None if is_last else walked.narrowed(aggregate=(following,))))
    return crumbs


def _steps_taken(query: Question) -> list[tuple[str, str, Comparison | None]]:
    """(step, value, its condition) in the order of the path."""
    return sorted(_steps(query), key=lambda step: PATH.index(step[0]))


def _steps(query: Question) -> Iterator[tuple[str, str, Comparison | None]]:
    if len(query.clusters) == 1:
        yield "cluster", query.clusters[0], None
    for branch in branches_of(query.filter):
        name = _step(branch)
        if name is not None and isinstance(branch, Comparison):
            yield name, branch.values[0], branch


def _step(branch: Filter) -> str | None:
    """The step a condition stands for: `namespace:"shop"` yes, `namespace!:"shop"` no."""
    if (
        isinstance(branch, Comparison)
        and branch.operator is Operator.EQUALS
        and len(branch.values) == 1
    ):
        return _STEP_OF_FIELD.get(branch.field) if branch.field != "node" else None
    return None
