"""One allocation row before it becomes JSON: amounts that add up, and the names they belong to."""

from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

IDLE = "__idle__"
UNMOUNTED = "__unmounted__"
UNALLOCATED = "__unallocated__"

ADDED = (
    "cpu_hours", "cpu_request_hours", "cpu_usage_hours", "cpu_limit_hours", "cpu_cost",
    "ram_hours", "ram_request_hours", "ram_usage_hours", "ram_limit_hours", "ram_cost",
    "gpu_hours", "gpu_usage_hours", "gpu_cost",
    "sent", "received", "zone_cost", "region_cost", "internet_cost", "nat_out_cost", "nat_in_cost",
    "pv_hours", "pv_cost", "balancer_cost",
)  # fmt: skip

_ADDED = attrgetter(*ADDED)


@dataclass(slots=True)
class Amounts:
    """What can be added up: hours in cores, bytes and GPUs, bytes of traffic, and money."""

    cpu_hours: float = 0.0
    cpu_request_hours: float = 0.0
    cpu_usage_hours: float = 0.0
    cpu_limit_hours: float = 0.0
    cpu_cost: float = 0.0
    ram_hours: float = 0.0
    ram_request_hours: float = 0.0
    ram_usage_hours: float = 0.0
    ram_limit_hours: float = 0.0
    ram_cost: float = 0.0
    gpu_hours: float = 0.0
    gpu_usage_hours: float = 0.0
    gpu_cost: float = 0.0
    sent: float = 0.0
    received: float = 0.0
    zone_cost: float = 0.0
    region_cost: float = 0.0
    internet_cost: float = 0.0
    nat_out_cost: float = 0.0
    nat_in_cost: float = 0.0
    pv_hours: float = 0.0
    pv_cost: float = 0.0
    balancer_cost: float = 0.0

    @property
    def network_cost(self) -> float:
        return (
            self.zone_cost
            + self.region_cost
            + self.internet_cost
            + self.nat_out_cost
            + self.nat_in_cost
        )

    @property
    def total_cost(self) -> float:
        return (
            self.cpu_cost
            + self.ram_cost
            + self.gpu_cost
            + self.pv_cost
            + self.network_cost
            + self.balancer_cost
        )

    def add(self, other: "Amounts") -> None:
        """Add another row's amounts to this one's."""
        for name, mine, theirs in zip(ADDED, _ADDED(self), _ADDED(other), strict=True):
            if theirs:
                setattr(self, name, mine + theirs)


@dataclass(frozen=True, slots=True)
class Properties:
    """The names a row carries; an empty text means that it has none."""

    cluster: str = ""
    node: str = ""
    container: str = ""
    controller: str = ""
    controller_kind: str = ""
    namespace: str = ""
    pod: str = ""
    provider_id: str = ""
    services: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict, hash=False)
    annotations: dict[str, str] = field(default_factory=dict, hash=False)
    namespace_labels: dict[str, str] = field(default_factory=dict, hash=False)
    namespace_annotations: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def is_unmounted(self) -> bool:
        return self.container == UNMOUNTED

    def shared_with(self, that: "Properties", *, keep_metadata: bool) -> "Properties":
        """What both rows have in common, as OpenCost intersects the members of a group."""
        same_namespace = self.namespace == that.namespace
        other = that if self.is_unmounted else self
        labels: dict[str, str] = {}
        annotations: dict[str, str] = {}
        if same_namespace and keep_metadata:
            labels = _common(self, that, "labels")
            annotations = _common(self, that, "annotations")
        return Properties(
            cluster=_equal(self.cluster, that.cluster),
            node=_equal(self.node, that.node),
            container=_equal(self.container, that.container),
            controller=_equal(self.controller, that.controller),
            controller_kind=_equal(self.controller_kind, that.controller_kind),
            namespace=self.namespace if same_namespace else "",
            pod=_equal(self.pod, that.pod),
            provider_id=_equal(self.provider_id, that.provider_id),
            labels=labels,
            annotations=annotations,
            namespace_labels=other.namespace_labels if same_namespace else {},
            namespace_annotations=other.namespace_annotations if same_namespace else {},
        )


def _equal(one: str, other: str) -> str:
    return one if one == other else ""


def _common(one: Properties, other: Properties, name: str) -> dict[str, str]:
    left: dict[str, str] = getattr(one, name)
    right: dict[str, str] = getattr(other, name)
    if one.is_unmounted:
        return right
    if other.is_unmounted:
        return left
    return {key: value for key, value in left.items() if right.get(key) == value}


@dataclass(slots=True)
class Volume:
    """A row's part of one volume."""

    byte_hours: float
    cost: float
    provider_id: str


@dataclass(slots=True)
class Balancer:
    """A row's part of one load balancer."""

    service: str
    cost: float
    private: bool
    ip: str
    hours: float


@dataclass(frozen=True, slots=True)
class Peaks:
    """Highest usage seen in a row's window; only single containers have it."""

    cpu: float
    ram: float
    gpu: float | None


@dataclass(frozen=True, slots=True)
class Gpu:
    """Which device a container had."""

    device: str
    model: str
    uuid: str


@dataclass(slots=True)
class Row:
    """An allocation over one window."""

    properties: Properties
    window_start: datetime
    window_end: datetime
    start: datetime
    end: datetime
    amounts: Amounts
    name: str = ""
    volumes: dict[str, Volume] | None = None
    balancers: dict[str, Balancer] | None = None
    peaks: Peaks | None = None
    gpu: Gpu | None = None
    has_gpu_record: bool = False  # OpenCost writes an object even for a container without a GPU
    unknown_balancer_cost: bool = False  # the number is null in the answer

    @property
    def minutes(self) -> float:
        return (self.end - self.start).total_seconds() / 60

    @property
    def is_idle(self) -> bool:
        return self.name == IDLE

    def copy(self) -> "Row":
        """A row that can be added to without touching this one."""
        amounts = Amounts(*_ADDED(self.amounts))
        return Row(
            self.properties,
            self.window_start,
            self.window_end,
            self.start,
            self.end,
            amounts,
            self.name,
            {k: Volume(v.byte_hours, v.cost, v.provider_id) for k, v in self.volumes.items()}
            if self.volumes is not None
            else None,
            {
                k: Balancer(b.service, b.cost, b.private, b.ip, b.hours)
                for k, b in self.balancers.items()
            }
            if self.balancers is not None
            else None,
            self.peaks,
            self.gpu,
            self.has_gpu_record,
            self.unknown_balancer_cost,
        )

    def absorb(self, other: "Row") -> None:
        """Add another row's amounts, volumes, balancers and life; names are the caller's business."""
        self.amounts.add(other.amounts)
        self.start = min(self.start, other.start)
        self.end = max(self.end, other.end)
        self.window_start = min(self.window_start, other.window_start)
        self.window_end = max(self.window_end, other.window_end)
        self.unknown_balancer_cost = self.unknown_balancer_cost or other.unknown_balancer_cost
        if other.volumes:
            self.volumes = self.volumes or {}
            for key, volume in other.volumes.items():
                mine = self.volumes.setdefault(key, Volume(0.0, 0.0, volume.provider_id))
                mine.byte_hours += volume.byte_hours
                mine.cost += volume.cost
        if other.balancers:
            self.balancers = self.balancers or {}
            for key, balancer in other.balancers.items():
                empty = Balancer(balancer.service, 0.0, balancer.private, balancer.ip, 0.0)
                found = self.balancers.setdefault(key, empty)
                found.cost += balancer.cost
                found.hours = max(found.hours, balancer.hours)
