"""One UTC day of a cluster, hour by hour: which pods ran, on which nodes, and what they used.

A day is a pure function of (cluster, seed, day). Everything above it only adds up hours, so hours
always sum to days and fine rows to coarse ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from costinsights.opencost.sample.catalogue import CLUSTERS
from costinsights.opencost.sample.fleet import Fleet, NodeSlot, fleet_of
from costinsights.opencost.sample.incidents import price_factors
from costinsights.opencost.sample.plan import Node, Plan, PodDay, pieces
from costinsights.opencost.sample.rhythm import salt
from costinsights.opencost.sample.specs import GIB, ClusterSpec, Namespace

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day; prices and idle resources per hour."""

    cluster: ClusterSpec
    number: int
    pods: tuple[PodDay, ...]
    price_factor: list[float]
    idle_cores: list[float]
    idle_ram: list[float]  # bytes
    idle_gpus: list[float]
    alive_namespaces: tuple[Namespace, ...]


def day_start(number: int) -> datetime:
    """Midnight UTC at which day `number` (since the epoch) begins."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=number)


@lru_cache(maxsize=12)
def day_of(cluster_id: str, seed: int, number: int) -> Day:
    """Make one day of a cluster."""
    cluster = CLUSTERS[cluster_id]
    fleet = fleet_of(cluster_id)
    today = day_start(number).date()
    alive = tuple(n for n in cluster.namespaces if _lives(n, today))
    planned = [
        Plan(cluster, namespace, workload, number, seed)
        for namespace in alive
        for workload in namespace.workloads
    ]
    nodes = _nodes(cluster, fleet, planned, number)
    by_slot = {
        (node.slot.index, hour): node for node in nodes for hour in range(node.first, node.last)
    }
    pods: list[PodDay] = []
    for plan in planned:
        if plan.workload.kind == "daemonset":
            for node in nodes:
                pods.extend(plan.daemon_pods(node))
        else:
            pods.extend(plan.pods(fleet, by_slot))
    return _with_idle(cluster, number, tuple(pods), nodes, alive)


def _lives(namespace: Namespace, today: date) -> bool:
    born = namespace.born is None or namespace.born <= today
    return born and (namespace.gone is None or today < namespace.gone)


def _nodes(cluster: ClusterSpec, fleet: Fleet, planned: list[Plan], day: int) -> list[Node]:
    """The machines that had at least one pod of a workload, for as long as they had one."""
    busy: dict[int, list[bool]] = {}
    for plan in planned:
        if plan.workload.kind == "daemonset":
            continue
        for number in range(max(plan.counts)):
            index = fleet.place[plan.namespace.name, plan.workload.name, number]
            hours = busy.setdefault(index, [False] * 24)
            for piece in plan.slot_pieces(number):
                hours[piece.first : piece.last] = [True] * (piece.last - piece.first)
    nodes = []
    for index in sorted(busy):
        slot = fleet.nodes[index]
        sessions = [slot.session(cluster, day * 24 + hour) for hour in range(24)]
        for piece in pieces(sessions, busy[index]):
            name = slot.name(cluster, piece.number)
            identity = slot.provider_id(cluster, piece.number)
            nodes.append(Node(name, identity, slot, piece.first, piece.last))
    return nodes + list(_surge(cluster, fleet, len(nodes), day))


def _surge(cluster: ClusterSpec, fleet: Fleet, usual: int, day: int) -> Iterator[Node]:
    """Machines that come for some hours and hold daemons only: upgrades, drains, failed bets."""
    pool = fleet.nodes[0].pool
    mark = salt(cluster.id, "surge", day)
    most = int(usual * (0.04 if day_start(day).weekday() >= _SATURDAY else 0.12))
    for number in range(mark % (most + 1)):
        own = salt(mark, number)
        first = own % 18
        slot = NodeSlot(len(fleet.nodes) + number, pool, -1, 0, 0, 0)
        name, identity = slot.name(cluster, day), slot.provider_id(cluster, day)
        yield Node(name, identity, slot, first, first + 2 + own // 18 % 5)


def _with_idle(
    cluster: ClusterSpec,
    number: int,
    pods: tuple[PodDay, ...],
    nodes: list[Node],
    alive: tuple[Namespace, ...],
) -> Day:
    cores, ram, gpus = [0.0] * 24, [0.0] * 24, [0.0] * 24
    for node in nodes:
        for hour in range(node.first, node.last):
            cores[hour] += node.slot.pool.cores
            ram[hour] += node.slot.pool.ram * GIB
            gpus[hour] += node.slot.pool.gpus
    for pod in pods:
        for offset, hour in enumerate(range(pod.first, pod.last)):
            gpus[hour] -= pod.workload.gpu
            for container in pod.containers:
                cores[hour] -= container.cpu[offset]
                ram[hour] -= container.ram[offset]
    return Day(
        cluster=cluster,
        number=number,
        pods=pods,
        price_factor=price_factors(cluster.id, number),
        idle_cores=[max(0.0, value) for value in cores],
        idle_ram=[max(0.0, value) for value in ram],
        idle_gpus=[max(0.0, value) for value in gpus],
        alive_namespaces=alive,
    )
