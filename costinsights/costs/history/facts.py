"""From decoded allocation rows to stored facts: one per workload, node and label set. Pure arithmetic."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntFlag
from typing import NamedTuple

import msgspec

from costinsights.core.garbage import uncollected
from costinsights.core.money import split
from costinsights.costs.history.models import IDLE_SHARE_COLUMNS, MEASURES
from costinsights.opencost.errors import OpenCostAnswerInvalid
from costinsights.opencost.rows import AllocatedCost, RowFlag, RowKind

MICRO = 1_000_000
MEASURE_COUNT = len(MEASURES)
_SHARES = tuple(MEASURES.index(name) for name in IDLE_SHARE_COLUMNS)
_FLAGS = MEASURE_COUNT  # behind the measures
# Past these the database could not hold a window's sums over a month, or index a name. A 10 PB disk fits.
MOST_IN_A_WINDOW = 250_000_000_000_000_000
LONGEST_NAME = 253  # of Kubernetes
OTHER_VALUE = "__other__"  # in place of a value of a key that has too many


class Bit(IntFlag):
    """What a reader should know of a fact; or-ed together in roll-ups."""

    UNKNOWN_COST = 1
    UNKNOWN_HOURS = 2
    NEGATIVE = 4
    TOTAL_DIFFERS = 8


class Who(NamedTuple):
    """What a fact is about, in names. Absent names are ""."""

    row_kind: str
    namespace: str
    controller_kind: str
    controller: str
    node: str
    labels: tuple[tuple[str, str], ...]
    annotations: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """The label and annotation keys whose values are kept, and those with too many values to go on."""

    labels: frozenset[str] = frozenset()
    annotations: frozenset[str] = frozenset()
    over_limit: frozenset[tuple[str, str]] = frozenset()  # (kind, key)
    known_values: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def labels_of(self, row: AllocatedCost) -> tuple[tuple[str, str], ...]:
        return self._pick("label", self.labels, row.labels)

    def annotations_of(self, row: AllocatedCost) -> tuple[tuple[str, str], ...]:
        return self._pick("annotation", self.annotations, row.annotations)

    def _pick(
        self, kind: str, keys: frozenset[str], found: Mapping[str, str]
    ) -> tuple[tuple[str, str], ...]:
        if not keys or not found:
            return ()
        pairs = [(key, value) for key in keys if (value := found.get(key))]
        if self.over_limit:
            pairs = [(key, self._value(kind, key, value)) for key, value in pairs]
        pairs.sort()
        return tuple(pairs)

    def _value(self, kind: str, key: str, value: str) -> str:
        if (kind, key) not in self.over_limit:
            return value
        return value if value in self.known_values.get((kind, key), ()) else OTHER_VALUE


@dataclass(slots=True)
class WindowFacts:
    """Everything one window stores. `facts` maps who to the measures and, last, the flags."""

    facts: dict[Who, list[int]]
    total: int
    minutes_covered: int
    unknown_rows: int
    reported_difference: int
    sha256: str  # the same for the same facts, in whatever order OpenCost listed them


@uncollected()
def window_facts(rows: Iterable[AllocatedCost], keys: StoredKeys) -> WindowFacts:
    """Add container rows up. Money stays exact; each row's usage is rounded once, to whole millionths
    of a core-hour and whole byte-hours.

    Raises OpenCostAnswerInvalid for what the store cannot hold.
    """
    facts: dict[Who, list[int]] = {}
    whole = WindowFacts(facts, 0, 0, 0, 0, "")
    minutes = 0.0
    for row in rows:
        who = Who(
            row.kind.value,
            row.namespace,
            row.controller_kind,
            row.controller,
            row.node,
            keys.labels_of(row),
            keys.annotations_of(row),
        )
        held = facts.get(who)
        if held is None:
            held = facts[who] = [0] * (MEASURE_COUNT + 1)
        total = row.total
        whole.total += total
        if row.minutes > minutes:
            minutes = row.minutes
        _add(held, row, total)
        if row.unknown:
            whole.unknown_rows += 1
        if row.reported_total is not None:
            whole.reported_difference += total - row.reported_total
    if facts:  # all rows are of one window
        whole.minutes_covered = min(round(minutes), row.window.minutes)
    _check(facts)
    _share_idle(facts)
    whole.sha256 = _digest(facts)
    return whole


def _check(facts: dict[Who, list[int]]) -> None:
    """Refuse what would break the store in the middle of a transaction."""
    if sum(max(max(held), -min(held)) for held in facts.values()) > MOST_IN_A_WINDOW:
        raise OpenCostAnswerInvalid(
            "OpenCost's answer cannot be used: its amounts are too large to be true.",
            reason="amount_out_of_range",
        )
    longest = max((len(name) for who in facts for name in _names(who)), default=0)
    if longest > LONGEST_NAME:
        raise OpenCostAnswerInvalid(
            f"OpenCost's answer cannot be used: a name has {longest:,} characters.",
            reason="name_too_long",
        )


def _names(who: Who) -> tuple[str, ...]:
    return who.namespace, who.controller_kind, who.controller, who.node


def _digest(facts: dict[Who, list[int]]) -> str:
    digest = hashlib.sha256()
    encode = msgspec.json.Encoder().encode
    for who in sorted(facts):
        digest.update(encode([who, facts[who]]))
    return digest.hexdigest()


def _share_idle(facts: dict[Who, list[int]]) -> None:
    """Note what each workload would carry of its cluster's idle cost, and what the idle facts would lose.

    Each of CPU, RAM and GPU is split in proportion to what the workloads cost in it, by largest remainder. A
    component in which no workload costs anything stays with its idle fact.
    """
    idle = sorted(who for who in facts if who.row_kind == RowKind.IDLE)
    if not idle:
        return
    workloads = sorted(who for who in facts if who.row_kind == RowKind.WORKLOAD)
    for component, share in zip((0, 1, 2), _SHARES, strict=True):
        amount = sum(facts[who][component] for who in idle)
        weights = [max(0, facts[who][component]) for who in workloads]
        if not amount or not any(weights):
            continue
        for who, part in zip(workloads, split(amount, weights), strict=True):
            facts[who][share] = part
        for who in idle:
            facts[who][share] = -facts[who][component]


def _add(held: list[int], row: AllocatedCost, total: int) -> None:
    held[0] += row.cpu_cost
    held[1] += row.ram_cost
    held[2] += row.gpu_cost
    held[3] += row.pv_cost
    held[4] += row.network_cost
    held[5] += row.load_balancer_cost
    held[6] += row.shared_cost
    held[7] += row.external_cost
    held[8] += total
    held[9] += round(row.cpu_core_hours * MICRO)
    held[10] += round(row.ram_byte_hours)
    held[11] += round(row.gpu_hours * MICRO)
    held[12] += round(row.pv_byte_hours)
    if row.kind is RowKind.WORKLOAD:
        hours = row.minutes / 60
        if row.cpu_usage is not None and row.cpu_request is not None:
            held[13] += round(row.cpu_usage * hours * MICRO)
            held[14] += round(row.cpu_request * hours * MICRO)
            held[17] += row.cpu_cost
        if row.ram_usage is not None and row.ram_request is not None:
            held[15] += round(row.ram_usage * hours)
            held[16] += round(row.ram_request * hours)
            held[18] += row.ram_cost
    if row.unknown or row.flags:
        held[_FLAGS] |= _bits(row)


def _bits(row: AllocatedCost) -> int:
    bits = Bit(0)
    if row.unknown:
        bits |= Bit.UNKNOWN_COST
    if RowFlag.UNKNOWN_HOURS in row.flags:
        bits |= Bit.UNKNOWN_HOURS
    if RowFlag.NEGATIVE_COST in row.flags or RowFlag.NEGATIVE_IDLE in row.flags:
        bits |= Bit.NEGATIVE
    if RowFlag.TOTAL_DIFFERS in row.flags:
        bits |= Bit.TOTAL_DIFFERS
    return int(bits)
