"""What a decoded allocation is to the rest of the product."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from costinsights.core.periods import ChargePeriod

COMPONENTS: tuple[str, ...] = (
    "cpu",
    "ram",
    "gpu",
    "pv",
    "network",
    "load_balancer",
    "shared",
    "external",
)

# Each amount OpenCost prints is rounded to 5 decimals; total, eight parts and their adjustments
# can so disagree by a few of the last digit without anything being wrong.
TOTAL_TOLERANCE_MICROS = 80


class RowKind(StrEnum):
    """Who a cost belongs to: a workload, nobody (idle), or a volume or balancer without a pod."""

    WORKLOAD = "workload"
    IDLE = "idle"
    UNMOUNTED = "unmounted"


class RowFlag(StrEnum):
    """Something about a row that a reader should know; nothing about it was changed."""

    NEGATIVE_IDLE = "negative_idle"  # OpenCost before 1.119 subtracted past zero
    NEGATIVE_COST = "negative_cost"
    TOTAL_DIFFERS = "total_differs"  # OpenCost's own total is not the sum of its parts
    LIFE_OUTSIDE_WINDOW = "life_outside_window"
    UNKNOWN_HOURS = "unknown_hours"


class AllocatedCost(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What OpenCost says one row of an allocation cost over one window.

    Costs are whole micro-units of the cluster's currency, each including its adjustment. A cost
    that OpenCost sent as null counts as 0 and its name stands in `unknown`. Names are empty where
    absent. Hours are sums over the window (core-hours, byte-hours); requests and usages are averages
    over the row's life (cores, bytes), None when not told. `reported_total` is OpenCost's own total,
    kept for comparison only.
    """

    kind: RowKind
    window: ChargePeriod
    start: datetime
    end: datetime
    minutes: float

    cluster: str = ""
    node: str = ""
    namespace: str = ""
    controller_kind: str = ""
    controller: str = ""
    pod: str = ""
    container: str = ""
    provider_id: str = ""
    services: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}

    cpu_cost: int = 0
    ram_cost: int = 0
    gpu_cost: int = 0
    pv_cost: int = 0
    network_cost: int = 0
    load_balancer_cost: int = 0
    shared_cost: int = 0
    external_cost: int = 0
    unknown: tuple[str, ...] = ()
    reported_total: int | None = None
    flags: tuple[RowFlag, ...] = ()

    cpu_core_hours: float = 0.0
    ram_byte_hours: float = 0.0
    gpu_hours: float = 0.0
    pv_byte_hours: float = 0.0
    cpu_request: float | None = None
    cpu_usage: float | None = None
    ram_request: float | None = None
    ram_usage: float | None = None

    @property
    def total(self) -> int:
        """The sum of the eight components; the total we count with."""
        return (
            self.cpu_cost
            + self.ram_cost
            + self.gpu_cost
            + self.pv_cost
            + self.network_cost
            + self.load_balancer_cost
            + self.shared_cost
            + self.external_cost
        )

    def cost_of(self, component: str) -> int:
        """The cost of one of COMPONENTS, in micro-units."""
        amount: int = getattr(self, f"{component}_cost")
        return amount


@dataclass(frozen=True, slots=True)
class AllocationAnswer:
    """One answer: its rows, and what is worth keeping about where they came from.

    `envelope` is "old" for OpenCost up to 1.114. `warning` is OpenCost's own, for a log.
    """

    rows: list[AllocatedCost]
    envelope: Literal["old", "new"]
    warning: str
    body_sha256: str
    body_bytes: int


@dataclass(frozen=True, slots=True)
class InstallInfo:
    """What /installInfo tells. `version` is empty when OpenCost does not say."""

    version: str


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """What /clusterInfo tells about the cluster OpenCost runs in."""

    id: str
    name: str
    provider: str
