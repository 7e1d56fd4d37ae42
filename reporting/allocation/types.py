"""What the allocation works on and what it answers.

Money is whole micro-units of the statement's currency, as in all of the product. Usage has the units of stored
history: millionths of core-hours and GPU-hours, byte-hours. A stretch is a run of whole UTC days in which no rule
and no cost centre begins or ends; the allocation works on one stretch at a time and adds the answers up.
"""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from costinsights.opencost.filters import Filter
from costinsights.opencost.rows import COMPONENTS

__all__ = [
    "COMPONENTS",
    "NO_COSTS",
    "NO_USAGE",
    "USAGE",
    "AllocatedLine",
    "Bucket",
    "Center",
    "CostFact",
    "Costs",
    "Driver",
    "FactKind",
    "Fallback",
    "LineType",
    "MappingRule",
    "Pool",
    "PoolShare",
    "PoolSource",
    "RateLine",
    "ShareMethod",
    "ShareRule",
    "Stretch",
    "StretchAllocation",
    "Usage",
]

Costs = tuple[int, ...]  # one per COMPONENTS
Usage = tuple[int, ...]  # one per USAGE
USAGE = (
    "cpu_core_hours",
    "ram_byte_hours",
    "gpu_hours",
    "pv_byte_hours",
    "cpu_used",
    "cpu_requested",
    "ram_used",
    "ram_requested",
    "cpu_used_cost",
    "ram_used_cost",
)
NO_COSTS: Costs = (0,) * len(COMPONENTS)
NO_USAGE: Usage = (0,) * len(USAGE)


class FactKind(StrEnum):
    """What a cost is before anybody pays for it."""

    WORKLOAD = "workload"
    IDLE = "idle"
    UNMOUNTED = "unmounted"
    OVERHEAD = "overhead"  # what the infrastructure cost beyond the allocations
    FIXED = "fixed"  # an amount a rule adds, with no cluster behind it


class CostFact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A workload's, or a cluster's idle, cost over one stretch. Names are "" where absent."""

    kind: FactKind
    cluster: str
    opencost_cluster: str = ""
    namespace: str = ""
    controller_kind: str = ""
    controller: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    costs: Costs = NO_COSTS
    usage: Usage = NO_USAGE
    # Of the windows it was read from: `id r2, …` in short, for the evidence.
    snapshot: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Whole UTC days, [start, end)."""

    start: dt.date
    end: dt.date

    @property
    def days(self) -> int:
        return (self.end - self.start).days


@dataclass(frozen=True, slots=True)
class Center:
    """A cost centre that may be charged. `ancestors` are the codes above it, from the top."""

    code: str
    name: str
    ancestors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MappingRule:
    """What matches goes to `targets`: codes with weights (parts per million, together 1,000,000)."""

    id: int
    name: str
    condition: Filter | None  # None matches everything
    targets: tuple[tuple[str, int], ...]


class PoolSource(StrEnum):
    """Where a pool's money comes from."""

    IDLE = "idle"
    UNMOUNTED = "unmounted"
    OVERHEAD = "overhead"
    FILTER = "filter"
    FIXED = "fixed"


class ShareMethod(StrEnum):
    """How a pool is spread over the cost centres."""

    EVEN = "even"
    PROPORTIONAL = "proportional"
    WEIGHTS = "weights"
    RETAIN = "retain"  # kept central, a visible line
    EXCLUDE = "exclude"  # out of what is recovered, named in the reconciliation


class Driver(StrEnum):
    """What a proportional share is in proportion to: sums over the direct rows of a cost centre."""

    COST = "cost"
    CPU_COST = "cpu_cost"
    RAM_COST = "ram_cost"
    CPU_CORE_HOURS = "cpu_core_hours"
    RAM_BYTE_HOURS = "ram_byte_hours"
    CPU_REQUESTED = "cpu_requested"
    RAM_REQUESTED = "ram_requested"
    CPU_USED = "cpu_used"
    RAM_USED = "ram_used"


class Fallback(StrEnum):
    """Where a pool goes when nobody has any of its driver."""

    EVEN = "even"
    RETAIN = "retain"


@dataclass(frozen=True, slots=True)
class ShareRule:
    """A pool and how it is spread. Rules are asked in order; a fact goes into the first that takes it.

    `targets` are codes, each with all below it, and their weights (used by WEIGHTS only); empty for every centre
    that has direct cost in the stretch. `by_cluster` makes a pool for each cluster, spread over that cluster's
    direct rows. `amount` is a FIXED pool's money for this stretch.
    """

    id: int
    name: str
    source: PoolSource
    method: ShareMethod
    condition: Filter | None = None
    driver: Driver = Driver.COST
    fallback: Fallback = Fallback.EVEN
    targets: tuple[tuple[str, int], ...] = ()
    by_cluster: bool = False
    amount: int = 0


@dataclass(frozen=True, slots=True)
class RateLine:
    """What one component costs inside: list price and `percent_micros` of it more (negative: less).

    1,000,000 is one percent. `component` "" is every component. `center` is a code with all below it, "" everybody;
    the narrower line wins.
    """

    component: str
    center: str
    percent_micros: int


class Bucket(StrEnum):
    """Who a line ends up with."""

    CENTER = "center"
    UNMAPPED = "unmapped"
    RETAINED = "retained"
    EXCLUDED = "excluded"


class LineType(StrEnum):
    """Why it is there."""

    DIRECT = "direct"
    SHARED = "shared"
    IDLE = "idle"
    OVERHEAD = "overhead"
    ADJUSTMENT = "adjustment"
    ROUNDING = "rounding"


class AllocatedLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A part of a fact or of a pool with the one who pays. `center` is "" outside of Bucket.CENTER.

    `discount` and `markup` are positive; `effective_cost` = list cost − discount + markup, exact.
    Shares say by `pool` (Pool.key), driver value and the two numbers of their ratio why they are what they are.
    """

    bucket: Bucket
    line_type: LineType
    center: str = ""
    cluster: str = ""
    namespace: str = ""
    controller_kind: str = ""
    controller: str = ""
    label_key: str = ""  # the label that the mapping rule looked at, where it was one
    label_value: str = ""
    costs: Costs = NO_COSTS
    usage: Usage = NO_USAGE
    discount: int = 0
    markup: int = 0
    mapping_rule: int = 0
    pool: str = ""
    driver_value: int = 0
    weight: int = 0
    weight_total: int = 0
    snapshot: str = ""

    @property
    def list_cost(self) -> int:
        return sum(self.costs)

    @property
    def effective_cost(self) -> int:
        return self.list_cost - self.discount + self.markup


@dataclass(frozen=True, slots=True)
class PoolShare:
    """What one cost centre got of a pool. Retained and excluded shares have center ""."""

    bucket: Bucket
    center: str
    driver_value: int
    weight: int  # of `Pool.weight_total`: the ratio, exactly
    costs: Costs


@dataclass(slots=True)
class Pool:
    """A pool, where its money came from and where it went: Σ shares = costs, Σ weights = weight_total."""

    key: str  # unique within a period: rule id, cluster, first day
    rule: int
    name: str
    source: PoolSource
    method: ShareMethod  # as it was done: the fall-back's where there was no base
    driver: Driver | None
    used_fallback: bool
    stretch: Stretch
    cluster: str  # "" for all
    costs: Costs
    weight_total: int
    shares: list[PoolShare] = field(default_factory=list)
    sources: list[tuple[str, str, str, int]] = field(
        default_factory=list
    )  # cluster, namespace, controller, cost


@dataclass(slots=True)
class StretchAllocation:
    """The answer for one stretch. Σ lines per component = Σ facts and fixed amounts, to the micro-unit."""

    stretch: Stretch
    lines: list[AllocatedLine]
    pools: list[Pool]
