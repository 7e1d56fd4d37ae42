"""Random clusters, rules, cost centres and months: what OpenCost and people could come up with.

An example is a number and a size; everything else follows from them, evenly over all that is possible, and a failure
shrinks to a small size. ALLOCATION_EXAMPLES=20 in the environment tries twenty times as many, other ones at each run.
"""

import datetime as dt
import os
from dataclasses import dataclass
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from costinsights.opencost.filters import Filter, parse_filter
from reporting.allocation.types import (
    COMPONENTS,
    USAGE,
    Center,
    CostFact,
    Driver,
    FactKind,
    Fallback,
    MappingRule,
    PoolSource,
    RateLine,
    ShareMethod,
    ShareRule,
    Stretch,
)

TIMES = int(os.environ.get("ALLOCATION_EXAMPLES", "1"))
CLUSTERS = ("prod", "stage")
NAMES = ("shop", "web", "")
LABELS: tuple[dict[str, str], ...] = ({}, {"team": "shop"}, {"team": "web", "app": "x"})
CENTERS = (
    Center("A", "Centre A", ("TOP", "N")),
    Center("B", "Centre B", ("TOP", "N")),
    Center("C", "Centre C", ("TOP", "S")),
    Center("D", "Centre D"),
)
CONDITIONS: tuple[Filter | None, ...] = (
    *[None] * 4,
    *map(
        parse_filter,
        (
            'namespace:"shop"',
            'namespace:"web","__unallocated__"',
            'namespace!:"shop"',
            'namespace~:"o"',
            'cluster:"prod"',
            'cluster!:"prod"',
            'label[team]:"shop"',
            'label[team]!:"shop"',
            'label:"app"',
            'controllerName:"shop"+namespace:"web"',
            'controllerKind:"job"|label[team]:"web"',
            'namespace:"shop"|controllerName~:"e"',
            '(namespace:"shop"|label[app]:"x")+cluster:"stage"',
            'annotation[owner]:"__unallocated__"',
        ),
    ),
)
# Of mapping rules: one centre, several by percent, one that is gone.
PERCENTS = (
    *(((code, 1_000_000),) for code in ("A", "B", "C", "D", "GONE")),
    (("A", 333_333), ("B", 333_333), ("C", 333_334)),
    (("A", 500_000), ("GONE", 500_000)),
)
# Of share rules: everybody, no weight at all, departments, one inside another, one that is gone.
TARGETS: tuple[tuple[tuple[str, int], ...], ...] = (
    *[()] * 4,
    (("A", 0), ("B", 0)),
    (("N", 60), ("C", 40)),
    (("TOP", 7), ("B", 3), ("D", 0)),
    (("S", 1), ("GONE", 2)),
    (("A", 50), ("D", 50)),
)
METHODS = (*[ShareMethod.PROPORTIONAL] * 3, *ShareMethod)
KINDS = (*[FactKind.WORKLOAD] * 5, FactKind.IDLE, FactKind.UNMOUNTED, FactKind.OVERHEAD)
STRETCHES = (
    Stretch(dt.date(2026, 9, 1), dt.date(2026, 9, 11)),
    Stretch(dt.date(2026, 9, 11), dt.date(2026, 10, 1)),
)


def examples(count: int) -> settings:
    """So many in CI, the same ones each time; more and others by the setting."""
    return settings(
        deadline=None,
        derandomize=TIMES == 1,
        database=None,
        max_examples=count * TIMES,
        suppress_health_check=[HealthCheck.too_slow],
    )


@dataclass(frozen=True, slots=True)
class Month:
    """What an allocation is given."""

    facts: list[CostFact]
    centers: list[Center]
    mapping: list[MappingRule]
    shares: list[ShareRule]
    rates: list[RateLine]


def _amount(chance: Random) -> int:
    """Micro-units: nothing, the rest of a split, cents, hundreds of thousands, credits."""
    return chance.choice(
        (
            0,
            chance.randint(-50, 50),
            chance.randint(0, 10**6),
            chance.randint(0, 10**12),
            chance.randint(-(10**11), 10**9),
        )
    )


def _fact(chance: Random) -> CostFact:
    kind = chance.choice(KINDS)
    cluster = chance.choice(CLUSTERS)
    costs = [_amount(chance) if chance.random() < 0.4 else 0 for _ in COMPONENTS]
    named = kind is FactKind.WORKLOAD
    return CostFact(
        kind=kind,
        cluster=cluster,
        opencost_cluster=cluster,
        namespace=chance.choice(NAMES) if named else "",
        controller_kind=chance.choice(("deployment", "job")) if named else "",
        controller=chance.choice(NAMES) if named else "",
        labels=chance.choice(LABELS) if named else {},
        costs=tuple(costs),
        usage=tuple(chance.choice((0, chance.randrange(10**9))) for _ in USAGE),
        snapshot=f"{cluster} {chance.randrange(3)}",
    )


def _share(number: int, chance: Random) -> ShareRule:
    return ShareRule(
        id=number,
        name=f"pool {number}",
        source=chance.choice(list(PoolSource)),
        method=chance.choice(METHODS),
        condition=chance.choice(CONDITIONS),
        driver=chance.choice(list(Driver)),
        fallback=chance.choice(list(Fallback)),
        targets=chance.choice(TARGETS),
        by_cluster=chance.random() < 0.5,
        amount=_amount(chance),
    )


def month(number: int, size: int) -> Month:
    """The month of that number with up to `size` of each thing."""
    chance = Random(number)

    def count(most: int) -> range:
        return range(chance.randint(0, min(size, most)))

    return Month(
        facts=[_fact(chance) for _ in count(14)],
        centers=chance.sample(CENTERS, chance.randint(0, min(size, 4))),
        mapping=[
            MappingRule(number, "", chance.choice(CONDITIONS), chance.choice(PERCENTS))
            for number in count(4)
        ],
        shares=[_share(number, chance) for number in count(5)],
        rates=[
            RateLine(
                chance.choice(("", "cpu", "ram", "external")),
                chance.choice(("", "A", "B", "N", "TOP")),
                chance.randint(-100_000_000, 100_000_000),
            )
            for _ in count(4)
        ],
    )


MONTHS = st.builds(month, st.integers(0, 2**63), st.integers(0, 14))
AMOUNTS = st.one_of(st.integers(-50, 50), st.integers(-(10**12), 10**12))
