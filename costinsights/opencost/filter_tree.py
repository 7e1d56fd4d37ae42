"""OpenCost's filter language, version 2: a frozen tree that can be rendered and that judges rows.

    filter  ::= element (('+' | '|') element)*        + is AND, | is OR; mixing needs parentheses
    element ::= key operator value | '(' filter ')'
    value   ::= '"text"' (',' '"text"')*              a list is OR; for the negated operators AND
    key     ::= field | label[name] | annotation[name]     bare  label:"app"  = has that label

Text typed by a person becomes a tree, and only trees are combined and sent: whatever the text holds,
it stays inside its own branch.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from costinsights.core.errors import InvalidInput
from costinsights.opencost.rows import AllocatedCost

UNALLOCATED = "__unallocated__"
NAME_FIELDS: dict[str, Callable[[AllocatedCost], str]] = {
    "cluster": lambda row: row.cluster,
    "node": lambda row: row.node,
    "namespace": lambda row: row.namespace,
    "controllerKind": lambda row: row.controller_kind,
    "controllerName": lambda row: row.controller,
    "pod": lambda row: row.pod,
    "container": lambda row: row.container,
    "provider": lambda row: row.provider_id,
}
LIST_FIELDS = ("services",)
MAP_FIELDS = ("label", "annotation")
WORKING_FIELDS = (*NAME_FIELDS, *LIST_FIELDS, "label[name]", "annotation[name]")
_NOT_IN_A_LABEL_NAME = re.compile(r"[^a-zA-Z0-9_]")


class FilterSyntaxError(InvalidInput):
    """The text is no filter. `position` counts characters from 0; `hint` is the way out."""

    code = "filter_syntax"
    title = "The filter cannot be read"

    def __init__(self, message: str, *, text: str, position: int, hint: str) -> None:
        super().__init__(
            f"{message} (at character {position + 1}). {hint}",
            field="filter",
            value=text[:500],
            position=position,
            hint=hint,
        )
        self.position = position
        self.hint = hint


class Operator(StrEnum):
    """How a comparison compares; its value is how the language writes it."""

    EQUALS = ":"
    NOT_EQUALS = "!:"
    CONTAINS = "~:"
    NOT_CONTAINS = "!~:"
    STARTS_WITH = "<~:"
    NOT_STARTS_WITH = "!<~:"
    ENDS_WITH = "~>:"
    NOT_ENDS_WITH = "!~>:"

    @property
    def is_negated(self) -> bool:
        return self.value.startswith("!")

    @property
    def plain(self) -> "Operator":
        """The same operator without its negation."""
        return Operator(self.value.removeprefix("!"))


class Filter(ABC):
    """A condition on rows. Frozen, comparable, hashable."""

    @abstractmethod
    def render(self) -> str:
        """The condition in the filter language; parsing it gives an equal tree."""

    @abstractmethod
    def matches(self, row: AllocatedCost) -> bool:
        """Whether OpenCost would keep this row."""

    def __str__(self) -> str:
        return self.render()


@dataclass(frozen=True, slots=True)
class Comparison(Filter):
    """One field against one or more values. `key` is the name of a label or annotation, or empty."""

    field: str
    operator: Operator
    values: tuple[str, ...]
    key: str = ""

    def render(self) -> str:
        key = f"[{self.key}]" if self.key else ""
        values = ",".join(f'"{value}"' for value in self.values)
        return f"{self.field}{key}{self.operator.value}{values}"

    def matches(self, row: AllocatedCost) -> bool:
        found = any(self._holds(row, value) for value in self.values)
        return found != self.operator.is_negated

    def _holds(self, row: AllocatedCost, value: str) -> bool:
        operator = self.operator.plain
        if self.field in NAME_FIELDS:
            return _compare(operator, NAME_FIELDS[self.field](row), _unallocated(value))
        if self.field in LIST_FIELDS:
            return _any_of(operator, row.services, _unallocated(value), empty_is_blank=True)
        pairs = row.labels if self.field == "label" else row.annotations
        if self.key:
            return _compare(operator, pairs.get(self.key, ""), _unallocated(value))
        return _any_of(operator, pairs, _unallocated(sanitised(value)), empty_is_blank=False)


@dataclass(frozen=True, slots=True)
class AllOf(Filter):
    """Every branch holds."""

    branches: tuple[Filter, ...]

    def render(self) -> str:
        return "+".join(_as_branch(branch) for branch in self.branches)

    def matches(self, row: AllocatedCost) -> bool:
        return all(branch.matches(row) for branch in self.branches)


@dataclass(frozen=True, slots=True)
class AnyOf(Filter):
    """At least one branch holds."""

    branches: tuple[Filter, ...]

    def render(self) -> str:
        return "|".join(_as_branch(branch) for branch in self.branches)

    def matches(self, row: AllocatedCost) -> bool:
        return any(branch.matches(row) for branch in self.branches)


def _as_branch(branch: Filter) -> str:
    return branch.render() if isinstance(branch, Comparison) else f"({branch.render()})"


def _compare(operator: Operator, actual: str, value: str) -> bool:
    if operator is Operator.EQUALS:
        return actual == value
    if operator is Operator.CONTAINS:
        return value in actual
    if operator is Operator.STARTS_WITH:
        return actual.startswith(value)
    return actual.endswith(value)


def _any_of(
    operator: Operator,
    members: tuple[str, ...] | dict[str, str],
    value: str,
    *,
    empty_is_blank: bool,
) -> bool:
    """Of a list or of the names of a map: `:` and `~:` both ask for a whole member."""
    if operator is Operator.STARTS_WITH:
        return any(member.startswith(value) for member in members)
    if operator is Operator.ENDS_WITH:
        return any(member.endswith(value) for member in members)
    return value in members or (empty_is_blank and not members and value == "")


def _unallocated(value: str) -> str:
    return "" if value == UNALLOCATED else value


def sanitised(name: str) -> str:
    """A label's name as Prometheus, and so OpenCost, knows it: app.kubernetes.io/name and
    app_kubernetes_io_name are one label."""
    return _NOT_IN_A_LABEL_NAME.sub("_", name)


def all_of(*filters: Filter | None) -> Filter | None:
    """Everything at once; None where there is nothing to ask.

    Each filter stays one branch of the AND, so that what a person typed cannot widen a scope.
    """
    given = tuple(one for one in filters if one is not None)
    if not given:
        return None
    return given[0] if len(given) == 1 else AllOf(given)


def compare(field: str, operator: Operator, *values: str, key: str = "") -> Comparison:
    """A comparison from parts, for programs. Raises InvalidInput where the language has no words.

    The language has no escape for the double quote, so a value that holds one cannot be asked for.
    """
    if field not in NAME_FIELDS and field not in LIST_FIELDS and field not in MAP_FIELDS:
        raise InvalidInput(
            f"“{field}” cannot be filtered by. These can: {', '.join(WORKING_FIELDS)}.",
            field="filter",
            value=field,
        )
    if key and field not in MAP_FIELDS:
        raise InvalidInput(f"{field} takes no [name].", field="filter", value=key)
    if not values:
        raise InvalidInput("A comparison needs a value.", field="filter")
    for value in values:
        if '"' in value or not is_sendable(value):
            raise InvalidInput(
                "A value with a double quote cannot be expressed in OpenCost's filter language.",
                field="filter",
                value=value.encode("utf-8", "replace").decode(),
            )
    return Comparison(field, operator, values, sanitised(key))


def equals(field: str, *values: str, key: str = "") -> Comparison:
    """`field` (or its `key`) is one of `values`. Raises InvalidInput as `compare` does."""
    return compare(field, Operator.EQUALS, *values, key=key)


def is_sendable(text: str) -> bool:
    """Whether the text can be written as UTF-8 (half of a surrogate pair cannot)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
