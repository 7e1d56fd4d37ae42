"""Pools: what share rules take out of the facts before mapping, and how it is spread over the cost centres.

Rows that nobody maps do not take part in drivers: what they would have carried is carried by the centres that are
known, and the rows themselves stay visible as unmapped. A driver below zero, as credits make it, counts as zero;
the pool's share names the value as it was.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from costinsights.core.money import split
from reporting.allocation.mapping import split_each
from reporting.allocation.matching import FirstMatch
from reporting.allocation.types import (
    COMPONENTS,
    NO_COSTS,
    USAGE,
    AllocatedLine,
    Bucket,
    Center,
    CostFact,
    Costs,
    Driver,
    FactKind,
    Fallback,
    LineType,
    Pool,
    PoolShare,
    PoolSource,
    ShareMethod,
    ShareRule,
    Stretch,
)

# A department's weight is spread evenly over the centres below it, in these parts of one.
WEIGHT_PARTS = 1_000_000
_SOURCES = {
    FactKind.WORKLOAD: PoolSource.FILTER,
    FactKind.IDLE: PoolSource.IDLE,
    FactKind.UNMOUNTED: PoolSource.UNMOUNTED,
    FactKind.OVERHEAD: PoolSource.OVERHEAD,
}
LINE_TYPES = {
    PoolSource.IDLE: LineType.IDLE,
    PoolSource.OVERHEAD: LineType.OVERHEAD,
    PoolSource.UNMOUNTED: LineType.SHARED,
    PoolSource.FILTER: LineType.SHARED,
    PoolSource.FIXED: LineType.SHARED,
}
KEPT_BUCKETS = {ShareMethod.RETAIN: Bucket.RETAINED, ShareMethod.EXCLUDE: Bucket.EXCLUDED}
_COST_DRIVERS = {
    Driver.CPU_COST: COMPONENTS.index("cpu"),
    Driver.RAM_COST: COMPONENTS.index("ram"),
}


def fixed_costs(amount: int) -> Costs:
    """A fixed amount as costs: it counts as OpenCost's component for shared cost."""
    return tuple(amount if component == "shared" else 0 for component in COMPONENTS)


def added(left: Sequence[int], right: Sequence[int]) -> tuple[int, ...]:
    """Component by component."""
    return tuple([a + b for a, b in zip(left, right, strict=True)])


@dataclass(slots=True)
class Collected:
    """What a rule took: of one cluster for a rule that makes a pool for each, else of all."""

    costs: Costs = NO_COSTS
    by_source: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    snapshots: set[str] = field(default_factory=set)
    has_cost: bool = False

    def add(self, fact: CostFact) -> None:
        self.costs = added(self.costs, fact.costs)
        self.by_source[fact.cluster, fact.namespace, fact.controller] += sum(fact.costs)
        if fact.snapshot:
            self.snapshots.add(fact.snapshot)
        self.has_cost = self.has_cost or fact.costs != NO_COSTS


class Takers:
    """Gives each fact to the first share rule that takes it, and keeps what was taken."""

    def __init__(self, rules: Sequence[ShareRule]) -> None:
        self._rules = rules
        self._by_kind: dict[FactKind, tuple[FirstMatch, list[ShareRule]]] = {}
        for kind, source in _SOURCES.items():
            asked = [rule for rule in rules if rule.source is source]
            if asked:
                self._by_kind[kind] = FirstMatch([rule.condition for rule in asked]), asked
        self._taken: dict[tuple[int, str], Collected] = defaultdict(Collected)

    def takes(self, fact: CostFact) -> bool:
        """Whether a rule takes it; what is taken must not be mapped too."""
        asked = self._by_kind.get(fact.kind)
        match = asked[0].of(fact) if asked else None
        if asked is None or match is None:
            return False
        rule = asked[1][match.position]
        self._taken[rule.id, fact.cluster if rule.by_cluster else ""].add(fact)
        return True

    def pools(self) -> Iterator[tuple[ShareRule, str, Collected]]:
        """Rule, cluster ("" for all) and what there is to spread, in the order of rules and clusters.

        A fixed amount belongs to no cluster, so its rule makes one pool even where it asks for one each.
        """
        clusters: dict[int, list[str]] = defaultdict(list)
        for rule_id, cluster in sorted(self._taken):
            clusters[rule_id].append(cluster)
        for rule in self._rules:
            if rule.source is PoolSource.FIXED and rule.amount:
                fixed = Collected(has_cost=True)
                fixed.add(CostFact(kind=FactKind.FIXED, cluster="", costs=fixed_costs(rule.amount)))
                yield rule, "", fixed
            for cluster in clusters[rule.id]:
                if (taken := self._taken[rule.id, cluster]).has_cost:
                    yield rule, cluster, taken


class Direct:
    """What the centres' direct rows come to, in all and by cluster: drivers, and who has any."""

    def __init__(self, lines: Iterable[AllocatedLine]) -> None:
        self._lines = [line for line in lines if line.bucket is Bucket.CENTER]
        self._values: dict[Driver, dict[str, dict[str, int]]] = {}
        self._present: dict[str, set[str]] = defaultdict(set)
        for line in self._lines:
            if line.costs != NO_COSTS:
                self._present[line.cluster].add(line.center)
                self._present[""].add(line.center)

    def centers(self, cluster: str) -> set[str]:
        """The codes with direct cost in this cluster; in any for ""."""
        return self._present.get(cluster, set())

    def values(self, driver: Driver, cluster: str) -> Mapping[str, int]:
        """The driver's sum of each centre, over one cluster's direct rows or over all."""
        if driver not in self._values:
            sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
            for line in self._lines:
                value = driver_value(driver, line)
                sums[line.cluster][line.center] += value
                sums[""][line.center] += value
            self._values[driver] = sums
        return self._values[driver].get(cluster, {})


def driver_value(driver: Driver, line: AllocatedLine) -> int:
    """What one direct row has of a driver."""
    if driver is Driver.COST:
        return sum(line.costs)
    if driver in _COST_DRIVERS:
        return line.costs[_COST_DRIVERS[driver]]
    return line.usage[USAGE.index(driver.value)]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who takes part in a pool with which weight; "" keeps its part central."""

    center: str
    weight: int
    driver_value: int = 0


class Spreader:
    """Spreads one stretch's pools over its cost centres."""

    def __init__(self, stretch: Stretch, centers: Sequence[Center], direct: Direct) -> None:
        self._stretch = stretch
        self._centers = sorted(centers, key=lambda center: center.code)
        self._direct = direct

    def spread(self, rule: ShareRule, cluster: str, taken: Collected) -> Pool:
        """The pool with everybody's share: Σ shares = its costs and Σ weights = its weight total."""
        method, recipients = self._recipients(rule, cluster)
        pool = Pool(
            key=f"{rule.id}:{cluster or '*'}:{self._stretch.start.isoformat()}",
            rule=rule.id,
            name=rule.name,
            source=rule.source,
            method=method,
            driver=rule.driver if rule.method is ShareMethod.PROPORTIONAL else None,
            used_fallback=method is not rule.method,
            stretch=self._stretch,
            cluster=cluster,
            costs=taken.costs,
            weight_total=sum(one.weight for one in recipients),
            sources=[
                (*names, cost)
                for names, cost in sorted(
                    taken.by_source.items(), key=lambda item: (-abs(item[1]), item[0])
                )
            ],
        )
        parts = split_each(taken.costs, [one.weight for one in recipients])
        pool.shares = [
            PoolShare(
                bucket=Bucket.CENTER if one.center else KEPT_BUCKETS.get(method, Bucket.RETAINED),
                center=one.center,
                driver_value=one.driver_value,
                weight=one.weight,
                costs=costs,
            )
            for one, costs in zip(recipients, parts, strict=True)
        ]
        return pool

    def _recipients(self, rule: ShareRule, cluster: str) -> tuple[ShareMethod, list[Recipient]]:
        """How it is done in the end and for whom: somebody always has a weight."""
        kept = [Recipient("", 1)]
        if rule.method in KEPT_BUCKETS:
            return rule.method, kept
        codes = self._targets(rule, cluster)
        values: Mapping[str, int] = {}
        if rule.method is ShareMethod.WEIGHTS:
            recipients = self._weighted(rule)
        elif rule.method is ShareMethod.PROPORTIONAL:
            values = self._direct.values(rule.driver, cluster)
            recipients = [
                Recipient(code, max(0, values[code]), values[code])
                for code in codes
                if values.get(code)
            ]
        else:
            recipients = [Recipient(code, 1) for code in codes]
        if any(one.weight for one in recipients):
            return rule.method, recipients
        if rule.fallback is Fallback.EVEN and codes:
            return ShareMethod.EVEN, [Recipient(code, 1, values.get(code, 0)) for code in codes]
        return ShareMethod.RETAIN, kept

    def _targets(self, rule: ShareRule, cluster: str) -> list[str]:
        """Codes of the centres that may take part, sorted: a tie goes to the lower code."""
        if not rule.targets:
            present = self._direct.centers(cluster)
            return [center.code for center in self._centers if center.code in present]
        named = {code for code, _ in rule.targets}
        return [
            center.code
            for center in self._centers
            if center.code in named or not named.isdisjoint(center.ancestors)
        ]

    def _weighted(self, rule: ShareRule) -> list[Recipient]:
        """Each target's weight, evenly over the centres whose nearest target it is; without any, kept central."""
        named = {code for code, _ in rule.targets}
        below: dict[str, list[str]] = defaultdict(list)
        for center in self._centers:
            for code in (center.code, *reversed(center.ancestors)):
                if code in named:
                    below[code].append(center.code)
                    break
        weights: dict[str, int] = defaultdict(int)
        is_single = all(len(codes) == 1 for codes in below.values())
        for code, weight in rule.targets:
            parts = weight if is_single else weight * WEIGHT_PARTS
            codes = below.get(code) or [""]
            for center_code, part in zip(codes, split(parts, [1] * len(codes)), strict=True):
                weights[center_code] += part
        return [
            Recipient(code, weight)
            for code, weight in sorted(weights.items(), key=lambda item: (not item[0], item[0]))
            if weight
        ]


def lines_of(pool: Pool, snapshot: str) -> Iterator[AllocatedLine]:
    """A line for each share that has an amount."""
    for share in pool.shares:
        if share.costs != NO_COSTS:
            yield AllocatedLine(
                bucket=share.bucket,
                line_type=LINE_TYPES[pool.source],
                center=share.center,
                cluster=pool.cluster,
                costs=share.costs,
                pool=pool.key,
                driver_value=share.driver_value,
                weight=share.weight,
                weight_total=pool.weight_total,
                snapshot=snapshot,
            )
