"""What a demo cluster is made of: node pools, namespaces, workloads, containers, volumes.

A specification says how things are on an ordinary day at the peak hour. What varies with time is
added by `rhythm` (hours and weekdays), `incidents` (planted trouble) and `fleet` (which node).
"""

from dataclasses import dataclass, field
from datetime import date

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """One container: requests in cores and GiB, usage as a share of the request at the peak."""

    name: str
    cpu: float
    ram: float
    cpu_use: float = 0.45
    ram_use: float = 0.65
    cpu_limit: float = 0.0
    ram_limit: float = 0.0


@dataclass(frozen=True, slots=True)
class Workload:
    """A controller and its pods. `replicas` is the number at the peak hour of a normal day.

    `scales` workloads follow their rhythm with replicas (never below `floor`), the others only
    with usage. `network` is GiB per hour and pod at the peak; `volume` is GiB per pod.
    """

    kind: str  # deployment, statefulset, daemonset, job, replicaset, rollout; "" = no controller
    name: str
    replicas: int
    containers: tuple[ContainerSpec, ...]
    rhythm: str = "flat"
    scales: bool = False
    floor: int = 1
    volume: float = 0.0
    storage_class: str = "gp3"
    network: float = 0.0
    load_balancer: str = ""
    gpu: int = 0
    gpu_use: float = 0.0
    services: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    rollout_days: int = 9
    most_replicas: int = 0  # slots kept ready for an incident; 0 = twice the usual number

    @property
    def slots(self) -> int:
        """The highest number of pods that can ever run at the same time."""
        return max(self.most_replicas, self.replicas * (2 if self.scales else 1) + 1)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace with the labels its pods inherit, and the calendar of its life.

    `growth` is how strongly it follows the cluster's growth: 0 = not at all, 1 = as the cluster.
    """

    name: str
    workloads: tuple[Workload, ...]
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    growth: float = 1.0
    born: date | None = None
    gone: date | None = None
    unmounted_gib: float = 0.0  # claims that no pod mounts any more


@dataclass(frozen=True, slots=True)
class NodePool:
    """Machines of one type; `name_format` makes a node's name of two small numbers and a code."""

    name: str
    instance_type: str
    cores: float
    ram: float
    gpus: int
    name_format: str
    provider_format: str
    gpu_model: str = ""


@dataclass(frozen=True, slots=True)
class Prices:
    """Per hour: a core, a GiB of memory, a GPU, a GiB of volume, a load balancer; per GiB: traffic."""

    core: float
    ram: float
    gpu: float
    volume: float
    load_balancer: float
    zone_traffic: float = 0.01
    internet_traffic: float = 0.08
    nat_traffic: float = 0.045


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """One cluster behind one OpenCost."""

    id: str
    provider: str
    region: str
    account: str
    prices: Prices
    pools: tuple[NodePool, ...]
    namespaces: tuple[Namespace, ...]
    timezone_shift: int = 0  # hours the working day lies after the European one
    fill: float = 0.9  # how full the scheduler packs a node by requests
    orphaned_gib: float = 0.0  # volumes of no claim at all
    orphaned_balancers: tuple[str, ...] = ()
    kubernetes_version: str = "1.33"
    zones: tuple[str, ...] = field(default=("a", "b", "c"))
