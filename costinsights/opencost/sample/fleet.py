"""Which node a pod runs on: packed once per cluster, from the specification alone.

Every workload has as many slots as it can ever have pods. Slots that are nearly always in use are
packed first, those that only a busy hour or an incident needs last; so when load falls the last
nodes fall empty and go away, as with a real autoscaler. The node of a slot never changes.
"""

from dataclasses import dataclass, field
from functools import lru_cache

from costinsights.opencost.sample.catalogue import CLUSTERS
from costinsights.opencost.sample.rhythm import JOB_RHYTHMS, code, salt, session, week_of_load
from costinsights.opencost.sample.specs import ClusterSpec, Namespace, NodePool, Workload

_STEADY, _LATER, _SCALED, _JOB, _BY_HAND, _RARE, _RARE_JOB = range(7)
_GROWN = 1.1  # a slot needed only above this multiple of the usual number waits for growth
_SURELY = 0.9  # of the pods that the quietest hour needs, this share always runs
_BUSY = 1.5  # and above this one for an incident


@dataclass(slots=True)
class NodeSlot:
    """A place for a machine. A steady one keeps its name, another gets a new one each session."""

    index: int
    pool: NodePool
    group: int
    free_cores: float
    free_ram: float
    free_gpus: int
    owner: str = ""  # the one workload that an incident's node is for
    pods: list[str] = field(default_factory=list)  # names of their workloads

    def session(self, cluster: ClusterSpec, hour: int) -> int:
        """Number of the session at an hour: constant on a steady node."""
        if self.group in (_STEADY, _LATER):
            return 0
        jobs = self.group in (_JOB, _RARE_JOB)
        return session("nightly" if jobs else "flat", cluster.timezone_shift, hour)

    def name(self, cluster: ClusterSpec, number: int) -> str:
        """The node's name in one session."""
        mark = salt(cluster.id, self.pool.name, self.index, number)
        a, b = 1 + self.index % 16, 10 + mark % 240
        if "{b}" not in self.pool.name_format:
            a = self.index + 1
        return self.pool.name_format.format(a=a, b=b, code=code(4, mark))

    def provider_id(self, cluster: ClusterSpec, number: int) -> str:
        """The provider's id of the machine in one session."""
        mark = salt(cluster.id, self.pool.name, self.index, number)
        unique = f"{mark:08x}{salt(mark):08x}"
        if self.pool.name_format == self.pool.provider_format:
            return self.name(cluster, number)
        return self.pool.provider_format.format(a=self.index + 1, b=0, code=unique)


@dataclass(frozen=True, slots=True)
class Fleet:
    """The nodes of a cluster and the node index of each slot (namespace, workload, number)."""

    nodes: tuple[NodeSlot, ...]
    place: dict[tuple[str, str, int], int]


def steady_pods(cluster: ClusterSpec, workload: Workload) -> int:
    """How many of a scaled workload's pods run through the quietest hour, even on a bad day."""
    quietest = min(week_of_load(workload.rhythm, cluster.timezone_shift))
    return max(workload.floor, round(workload.replicas * quietest * _SURELY))


def _group(cluster: ClusterSpec, workload: Workload, number: int, needed_at: float) -> int:
    by_hand = workload.rhythm == "adhoc"
    job = workload.rhythm in JOB_RHYTHMS and not by_hand
    if needed_at > _BUSY:
        return _RARE_JOB if job else _RARE
    if job or by_hand:
        return _JOB if job else _BY_HAND
    if workload.scales and number >= steady_pods(cluster, workload):
        return _SCALED
    return _LATER if needed_at > _GROWN and number else _STEADY


@lru_cache(maxsize=16)
def fleet_of(cluster_id: str) -> Fleet:
    """Pack the cluster's slots onto nodes."""
    cluster = CLUSTERS[cluster_id]
    daemons = [
        container
        for namespace in cluster.namespaces
        for workload in namespace.workloads
        if workload.kind == "daemonset"
        for container in workload.containers
    ]
    reserved = sum(c.cpu for c in daemons), sum(c.ram for c in daemons)
    permanent = [n for n in cluster.namespaces if n.born is None]
    passing = [n for n in cluster.namespaces if n.born is not None][:1]
    slots = sorted(
        (
            (
                _group(cluster, workload, number, (number + 0.5) / workload.replicas),
                (number + 0.5) / workload.replicas,
                salt(namespace.name, workload.name, number),
                namespace.name,
                workload,
                number,
            )
            for namespace in permanent + passing
            for workload in namespace.workloads
            if workload.kind != "daemonset"
            for number in range(workload.slots)
        ),
        key=lambda slot: slot[:4],
    )
    nodes: list[NodeSlot] = []
    place = {}
    for group, _, _, namespace_name, workload, number in slots:
        rare = group in (_RARE, _RARE_JOB)
        owner = f"{namespace_name}/{workload.name}" if rare else ""
        node = _node_for(cluster, nodes, workload, group, reserved, owner)
        node.free_cores -= sum(c.cpu for c in workload.containers)
        node.free_ram -= sum(c.ram for c in workload.containers)
        node.free_gpus -= workload.gpu
        node.pods.append(workload.name)
        place[namespace_name, workload.name, number] = node.index
    for namespace in cluster.namespaces:
        if namespace.born is not None:
            place.update(_borrowed(place, namespace))
    return Fleet(tuple(nodes), place)


def _borrowed(
    place: dict[tuple[str, str, int], int], namespace: Namespace
) -> dict[tuple[str, str, int], int]:
    """Namespaces that come and go never overlap: each takes over the slots of the first one."""
    return {
        (namespace.name, workload.name, number): next(
            index
            for (_, name, slot), index in place.items()
            if (name, slot) == (workload.name, number)
        )
        for workload in namespace.workloads
        for number in range(workload.slots)
    }


def _node_for(
    cluster: ClusterSpec,
    nodes: list[NodeSlot],
    workload: Workload,
    group: int,
    reserved: tuple[float, float],
    owner: str,
) -> NodeSlot:
    cores = sum(c.cpu for c in workload.containers)
    ram = sum(c.ram for c in workload.containers)
    candidates = [
        n for n in nodes if n.group in (_STEADY, group) and bool(n.pool.gpus) == bool(workload.gpu)
    ]
    fitting = [
        node
        for node in candidates
        if node.free_cores >= cores and node.free_ram >= ram and node.free_gpus >= workload.gpu
    ]
    if fitting and group == _STEADY:  # pods of one workload keep apart where they can
        return min(fitting, key=lambda node: (node.pods.count(workload.name), node.index))
    if fitting:
        return fitting[0]
    pool = next(p for p in cluster.pools if bool(p.gpus) == bool(workload.gpu))
    node = NodeSlot(
        index=len(nodes),
        pool=pool,
        group=group,
        free_cores=pool.cores * cluster.fill - reserved[0],
        free_ram=pool.ram * cluster.fill - reserved[1],
        free_gpus=pool.gpus,
        owner=owner,
    )
    nodes.append(node)
    return node
