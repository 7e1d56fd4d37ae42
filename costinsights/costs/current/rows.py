"""A line of the answer, and the sums it is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from costinsights.opencost.schema import COMPONENTS, AllocatedCost

GIB = 1024**3
_RATIO = Decimal("0.0001")
_SHARE = Decimal("0.000001")
_LARGEST_RATIO = 9_999.0  # past it a request is a typing error, and the column would not hold it


class Kind(StrEnum):
    """What a line stands for."""

    WORKLOAD = "workload"
    IDLE = "idle"
    UNMOUNTED = "unmounted"  # volumes and load balancers without a pod
    UNALLOCATED = "unallocated"  # a dimension asked for has no value
    OTHERS = "others"  # everything past the limit
    TOTAL = "total"


class Flag(StrEnum):
    """What a reader must know about a line's numbers."""

    UNKNOWN_COST = "unknown_cost"  # OpenCost sent null for a component: counted as 0
    IDLE_SHARED = "idle_shared"  # holds a part of the idle cost
    IDLE_NOT_SHARED = "idle_not_shared"  # idle cost of a component no workload uses
    NEGATIVE = "negative"  # the amount is below zero
    SAMPLE = "sample"  # holds generated costs of the sample cluster


@dataclass(frozen=True, slots=True)
class Hours:
    """What was held, times how long."""

    cpu_core: float
    ram_gib: float
    gpu: float
    pv_gib: float


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Use divided by request, 1 = all of it; None where nothing is known. May exceed 1.

    `total` weighs CPU and RAM by what they cost, as OpenCost does.
    """

    cpu: Decimal | None
    ram: Decimal | None
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class CostRow:
    """One line: money in micro-units, its eight components adding up to `total` exactly."""

    key: dict[str, str]
    label: str
    kind: Kind
    components: dict[str, int]
    total: int
    hours: Hours
    efficiency: Efficiency
    share: Decimal | None
    flags: list[Flag] = field(default_factory=list)
    members: int = 1


class Sums:
    """Everything a line adds up. Adding is exact for money and order-free; see `CostRow` for units."""

    __slots__ = (
        "amounts",
        "cpu_cost",
        "cpu_requested",
        "cpu_used",
        "flags",
        "hours",
        "ram_cost",
        "ram_requested",
        "ram_used",
        "total",
        "unmounted_only",
    )

    def __init__(self) -> None:
        self.amounts = [0] * len(COMPONENTS)
        self.total = 0
        self.hours = [0.0, 0.0, 0.0, 0.0]
        # Efficiency: use and request over time, and the costs that weigh them, idle left aside.
        self.cpu_used = self.cpu_requested = self.ram_used = self.ram_requested = 0.0
        self.cpu_cost = self.ram_cost = 0
        self.flags: set[Flag] = set()
        self.unmounted_only = True

    def add(self, row: AllocatedCost, amounts: tuple[int, ...]) -> None:
        """Count a row in. `amounts` are its components as shown, idle shares included."""
        own = self.amounts
        for index, amount in enumerate(amounts):
            if amount:
                own[index] += amount
                self.total += amount
        hours = self.hours
        hours[0] += row.cpu_core_hours
        hours[1] += row.ram_byte_hours
        hours[2] += row.gpu_hours
        hours[3] += row.pv_byte_hours
        if row.unknown:
            self.flags.add(Flag.UNKNOWN_COST)

    def add_use(self, row: AllocatedCost) -> None:
        """Count a workload's use and request in."""
        if row.cpu_usage is not None and row.cpu_request is not None:
            self.cpu_used += row.cpu_usage * row.minutes
            self.cpu_requested += row.cpu_request * row.minutes
            self.cpu_cost += row.cpu_cost
        if row.ram_usage is not None and row.ram_request is not None:
            self.ram_used += row.ram_usage * row.minutes
            self.ram_requested += row.ram_request * row.minutes
            self.ram_cost += row.ram_cost

    def merge(self, other: "Sums") -> None:
        """Count another line in."""
        for index, amount in enumerate(other.amounts):
            self.amounts[index] += amount
        self.total += other.total
        for index, held in enumerate(other.hours):
            self.hours[index] += held
        self.cpu_used += other.cpu_used
        self.cpu_requested += other.cpu_requested
        self.ram_used += other.ram_used
        self.ram_requested += other.ram_requested
        self.cpu_cost += other.cpu_cost
        self.ram_cost += other.ram_cost
        self.flags |= other.flags

    def components(self) -> dict[str, int]:
        return dict(zip(COMPONENTS, self.amounts, strict=True))

    def hours_held(self) -> Hours:
        cpu, ram, gpu, pv = self.hours
        return Hours(round(cpu, 4), round(ram / GIB, 4), round(gpu, 4), round(pv / GIB, 4))

    def efficiency(self) -> Efficiency:
        cpu = _ratio(self.cpu_used, self.cpu_requested)
        ram = _ratio(self.ram_used, self.ram_requested)
        weighted = [
            (ratio, cost)
            for ratio, cost in ((cpu, self.cpu_cost), (ram, self.ram_cost))
            if ratio is not None and cost > 0
        ]
        cost = sum(weight for _, weight in weighted)
        total = sum(ratio * weight for ratio, weight in weighted) / cost if cost else None
        return Efficiency(_rounded(cpu), _rounded(ram), _rounded(total))

    def as_row(
        self,
        *,
        key: Mapping[str, str],
        label: str,
        kind: Kind,
        whole: int,
        members: int = 1,
    ) -> CostRow:
        """The line; `whole` is the total its share is of."""
        flags = self.flags | ({Flag.NEGATIVE} if self.total < 0 else set())
        share = (Decimal(self.total) / Decimal(whole)).quantize(_SHARE) if whole else None
        return CostRow(
            key=dict(key),
            label=label,
            kind=kind,
            components=self.components(),
            total=self.total,
            hours=self.hours_held(),
            efficiency=self.efficiency(),
            share=share,
            flags=sorted(flags),
            members=members,
        )


def _ratio(used: float, requested: float) -> float | None:
    """Use over request; use without any request counts as 1, as OpenCost does."""
    if requested > 0:
        return min(used / requested, _LARGEST_RATIO)
    return 1.0 if used > 0 else None


def _rounded(ratio: float | None) -> Decimal | None:
    return None if ratio is None else Decimal(repr(ratio)).quantize(_RATIO)
