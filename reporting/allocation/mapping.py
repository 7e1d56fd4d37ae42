"""Which cost centre a workload belongs to: the first matching rule's, or several by percent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from costinsights.core.money import split
from reporting.allocation.matching import FirstMatch
from reporting.allocation.types import (
    NO_COSTS,
    NO_USAGE,
    CostFact,
    Costs,
    MappingRule,
    Usage,
)

WHOLE = 1_000_000  # parts per million


@dataclass(frozen=True, slots=True)
class Part:
    """What of a fact goes to one cost centre; `center` "" where nobody was found to pay."""

    center: str
    costs: Costs
    usage: Usage


@dataclass(frozen=True, slots=True)
class Mapped:
    """The rule that decided, the label that it looked at, and who pays how much."""

    rule: int
    label_key: str
    label_value: str
    parts: Sequence[Part]


class Mapper:
    """Maps facts by rules in their order. Hand in only the rules that are valid in the stretch.

    A part that a rule gives to a code that is no cost centre now is unmapped, with the rule that meant it.
    Raises ValueError for a rule whose targets do not add up to a whole.
    """

    def __init__(self, rules: Sequence[MappingRule], centers: Iterable[str]) -> None:
        for rule in rules:
            total = sum(weight for _, weight in rule.targets)
            if total != WHOLE or any(weight < 0 for _, weight in rule.targets):
                raise ValueError(f"the targets of rule {rule.id} add up to {total}, not to {WHOLE}")
        self._rules = rules
        self._first = FirstMatch([rule.condition for rule in rules])
        known = frozenset(centers)
        # Most rules name one centre: nothing to split.
        self._codes = [
            tuple(code if code in known else "" for code, _ in rule.targets) for rule in rules
        ]
        self._weights = [[weight for _, weight in rule.targets] for rule in rules]

    def of(self, fact: CostFact) -> Mapped:
        """Who pays for it. The parts add up to the fact, component by component, and its usage likewise."""
        match = self._first.of(fact)
        if match is None:
            return Mapped(0, "", "", (Part("", fact.costs, fact.usage),))
        position = match.position
        codes = self._codes[position]
        if len(codes) == 1:
            parts: Sequence[Part] = (Part(codes[0], fact.costs, fact.usage),)
        else:
            parts = _parts(fact, codes, self._weights[position])
        return Mapped(self._rules[position].id, match.label_key, match.label_value, parts)


def _parts(fact: CostFact, codes: Sequence[str], weights: Sequence[int]) -> list[Part]:
    """The targets' parts, those without any cost and usage left out."""
    costs = split_each(fact.costs, weights)
    usages = split_each(fact.usage, weights)
    return [
        Part(code, cost, usage)
        for code, cost, usage in zip(codes, costs, usages, strict=True)
        if cost != NO_COSTS or usage != NO_USAGE
    ]


def split_each(amounts: Sequence[int], weights: Sequence[int]) -> list[tuple[int, ...]]:
    """Split each of several amounts over the same weights: one tuple per weight, amounts in their order."""
    nothing = [0] * len(weights)
    columns = [split(amount, weights) if amount else nothing for amount in amounts]
    return list(zip(*columns, strict=True))
