"""Which of an ordered list of conditions a fact meets first, by the filter language's own judgement.

Thousands of facts meet hundreds of rules. A rule whose condition asks for equality is found by what the fact holds
instead of being tried, and facts that agree in every attribute that any rule looks at are judged once.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from costinsights.core.errors import InvalidInput
from costinsights.core.periods import ChargePeriod
from costinsights.costs.current.idle import row_test
from costinsights.opencost.filters import (
    MAP_FIELDS,
    UNALLOCATED,
    AllOf,
    AnyOf,
    Comparison,
    Filter,
    Operator,
    sanitised,
)
from costinsights.opencost.rows import AllocatedCost, RowKind
from reporting.allocation.types import CostFact, FactKind

CONDITION_FIELDS = ("cluster", "namespace", "controllerKind", "controllerName", *MAP_FIELDS)
_ATTRIBUTES = {
    "namespace": "namespace",
    "controllerKind": "controller_kind",
    "controllerName": "controller",
}
# What a condition says about any cost that can meet it: one of these fields has this value.
_Need = tuple[str, str, str]  # field, key, value
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_BLANK = AllocatedCost(
    kind=RowKind.WORKLOAD,
    window=ChargePeriod(_EPOCH, _EPOCH + dt.timedelta(days=1)),
    start=_EPOCH,
    end=_EPOCH + dt.timedelta(days=1),
    minutes=0.0,
)
_ROW_KINDS = {FactKind.IDLE: RowKind.IDLE, FactKind.UNMOUNTED: RowKind.UNMOUNTED}


def comparisons(condition: Filter | None) -> Iterator[Comparison]:
    """The leaves of a condition, in the order in which they are written."""
    if isinstance(condition, Comparison):
        yield condition
    elif isinstance(condition, AllOf | AnyOf):
        for branch in condition.branches:
            yield from comparisons(branch)


def check_condition(condition: Filter | None) -> None:
    """Raises InvalidInput for a field that allocation does not know: facts have no node, pod or container."""
    for comparison in comparisons(condition):
        if comparison.field not in CONDITION_FIELDS:
            raise InvalidInput(
                f"Rules cannot look at {comparison.field}. They look at cluster, namespace, controllerKind, "
                "controllerName, label[name] or annotation[name].",
                field="filter",
                value=comparison.render(),
            )


@dataclass(frozen=True, slots=True)
class Match:
    """The condition that was met first, and the first label comparison that held in it ("" where none)."""

    position: int
    label_key: str = ""
    label_value: str = ""


class FirstMatch:
    """Judges facts by conditions in their order; None as a condition is met by everything.

    A cluster is asked for by its slug or by what OpenCost calls it. Idle cost has the name `__idle__` in every
    field it lacks, as everywhere in the product. Raises InvalidInput for a field that facts do not have.
    """

    def __init__(self, conditions: Sequence[Filter | None]) -> None:
        for condition in conditions:
            check_condition(condition)
        self._conditions = conditions
        self._tests = [_test_of(condition) for condition in conditions]
        self._tried_always: list[int] = []
        self._by_value: dict[tuple[str, str], dict[str, list[int]]] = {}
        for position, condition in enumerate(conditions):
            self._index(position, condition)
        looked_at = {(one.field, one.key) for each in conditions for one in comparisons(each)}
        self._getters = [_is_idle, *(_getter(field, key) for field, key in sorted(looked_at))]
        self._known: dict[tuple[object, ...], Match | None] = {}

    def _index(self, position: int, condition: Filter | None) -> None:
        needs = _needs(condition)
        if needs is None:
            self._tried_always.append(position)
            return
        for field, key, value in needs:
            positions = self._by_value.setdefault((field, key), defaultdict(list))[value]
            positions.append(position)

    def of(self, fact: CostFact) -> Match | None:
        """The first condition that this fact meets; None where it meets none."""
        seen = tuple([get(fact) for get in self._getters])
        try:
            return self._known[seen]
        except KeyError:
            match = self._known[seen] = self._judge(fact)
            return match

    def _judge(self, fact: CostFact) -> Match | None:
        if not self._conditions:
            return None
        candidates = set(self._tried_always)
        for (field, key), by_value in self._by_value.items():
            for value in _values(fact, field, key):
                candidates.update(by_value.get(value, ()))
        row = _row_of(fact)
        for position in sorted(candidates):
            if self._tests[position](row):
                return Match(position, *_label_looked_at(self._conditions[position], row))
        return None


@dataclass(frozen=True, slots=True)
class _Row:
    """A fact as the filter language judges it, under both names of its cluster."""

    named: AllocatedCost  # the cluster by OpenCost's name
    slugged: AllocatedCost


_Test = Callable[[_Row], bool]


def _row_of(fact: CostFact) -> _Row:
    named = msgspec.structs.replace(
        _BLANK,
        kind=_ROW_KINDS.get(fact.kind, RowKind.WORKLOAD),
        cluster=fact.opencost_cluster or fact.cluster,
        namespace=fact.namespace,
        controller_kind=fact.controller_kind,
        controller=fact.controller,
        labels=fact.labels,
        annotations=fact.annotations,
    )
    return _Row(named, msgspec.structs.replace(named, cluster=fact.cluster))


def _test_of(condition: Filter | None) -> _Test:
    if condition is None:
        return lambda row: True
    if isinstance(condition, Comparison):
        passes = row_test(condition)
        if condition.field != "cluster":
            return lambda row: passes(row.named)
        if condition.operator.is_negated:
            return lambda row: passes(row.named) and passes(row.slugged)
        return lambda row: passes(row.named) or passes(row.slugged)
    if isinstance(condition, AllOf):
        every = [_test_of(branch) for branch in condition.branches]
        return lambda row: all(test(row) for test in every)
    if isinstance(condition, AnyOf):
        some = [_test_of(branch) for branch in condition.branches]
        return lambda row: any(test(row) for test in some)
    raise TypeError(f"{type(condition).__name__} is no filter")


def _needs(condition: Filter | None) -> frozenset[_Need] | None:
    """Equalities of which one holds in whatever meets the condition; None where there are no such."""
    if isinstance(condition, Comparison):
        is_keyed = condition.key or condition.field in {"cluster", *_ATTRIBUTES}
        if condition.operator is not Operator.EQUALS or not is_keyed:
            return None
        return frozenset(
            (condition.field, condition.key, "" if value == UNALLOCATED else value)
            for value in condition.values
        )
    if isinstance(condition, AllOf):
        known = [needs for needs in map(_needs, condition.branches) if needs is not None]
        return min(known, key=len, default=None)
    if isinstance(condition, AnyOf):
        every: set[_Need] = set()
        for needs in map(_needs, condition.branches):
            if needs is None:
                return None
            every |= needs
        return frozenset(every)
    return None


def _values(fact: CostFact, field: str, key: str) -> tuple[str, ...]:
    """What the fact holds there; idle cost is called `__idle__` in each field but its cluster."""
    if field == "cluster":
        return (fact.cluster, fact.opencost_cluster)
    if fact.kind is FactKind.IDLE:
        return ("__idle__",)
    if field in _ATTRIBUTES:
        return (getattr(fact, _ATTRIBUTES[field]),)
    return ((fact.labels if field == "label" else fact.annotations).get(key, ""),)


def _is_idle(fact: CostFact) -> bool:
    return fact.kind is FactKind.IDLE


def _getter(field: str, key: str) -> Callable[[CostFact], object]:
    """Everything about a fact that a comparison of this field can see, as something hashable."""
    if field == "cluster":
        return lambda fact: (fact.cluster, fact.opencost_cluster)
    if field == "namespace":
        return lambda fact: fact.namespace
    if field == "controllerKind":
        return lambda fact: fact.controller_kind
    if field == "controllerName":
        return lambda fact: fact.controller
    if field == "label":
        if key:
            return lambda fact: fact.labels.get(key, "")
        return lambda fact: frozenset(fact.labels.items())
    if key:
        return lambda fact: fact.annotations.get(key, "")
    return lambda fact: frozenset(fact.annotations)


def _label_looked_at(condition: Filter | None, row: _Row) -> tuple[str, str]:
    for comparison in comparisons(condition):
        if comparison.field == "label" and _test_of(comparison)(row):
            labels = row.named.labels
            keys = [comparison.key] if comparison.key else [*map(sanitised, comparison.values)]
            key = next((key for key in keys if key in labels), keys[0])
            return key, labels.get(key, "")
    return "", ""
