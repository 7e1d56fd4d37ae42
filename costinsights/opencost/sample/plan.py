"""A workload on one day: how many pods at which hour, under which names, and what they used."""

from collections.abc import Iterator
from dataclasses import dataclass

from costinsights.opencost.sample.fleet import Fleet, NodeSlot, steady_pods
from costinsights.opencost.sample.incidents import effects
from costinsights.opencost.sample.rhythm import (
    JOB_RHYTHMS,
    code,
    growth,
    loads,
    noise,
    noises,
    salt,
    season,
    session,
    session_start,
)
from costinsights.opencost.sample.specs import (
    GIB,
    ClusterSpec,
    ContainerSpec,
    Namespace,
    Workload,
)


@dataclass(frozen=True, slots=True)
class Node:
    """A machine during (a part of) a day."""

    name: str
    provider_id: str
    slot: NodeSlot
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ContainerDay:
    """A container's hours `first` .. `last` of the day: cores and bytes, requested and used."""

    spec: ContainerSpec
    cpu_request: list[float]
    cpu_usage: list[float]
    cpu: list[float]
    ram_request: list[float]
    ram_usage: list[float]
    ram: list[float]


@dataclass(frozen=True, slots=True)
class PodDay:
    """A pod that ran from hour `first` up to hour `last` (excluded) of the day."""

    namespace: Namespace
    workload: Workload
    number: int
    name: str
    node: Node
    template_hash: str  # of the version rolled out; the same for pods of one version
    first: int
    last: int
    containers: tuple[ContainerDay, ...]
    traffic: list[float]  # bytes sent per hour
    balancer_share: list[float]  # part of the load balancer's hour that falls on this pod


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of hours in which a pod keeps its name; `number` tells the stretches apart."""

    number: int
    first: int
    last: int


def pieces(numbers: list[int], alive: list[bool]) -> Iterator[Piece]:
    """Cut a day where the number changes; within a piece a pod runs from its first to its last hour."""
    start = 0
    for hour in range(1, 25):
        if hour == 24 or numbers[hour] != numbers[start]:
            hours = [h for h in range(start, hour) if alive[h]]
            if hours:
                yield Piece(numbers[start], hours[0], hours[-1] + 1)
            start = hour


class Plan:
    """A workload on one day: how many pods at which hour, under which load."""

    def __init__(
        self, cluster: ClusterSpec, namespace: Namespace, workload: Workload, day: int, seed: int
    ) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.workload = workload
        self.day = day
        self.seed = seed
        self.key = salt(cluster.id, namespace.name, workload.name)
        self.effects = effects(cluster.id, namespace.name, workload.name, day)
        self.load = self._load()
        self.counts = self._counts()
        self.running = self._running() if workload.load_balancer else []
        self.level = self._level()
        self.sizing = self._sizing()

    @property
    def is_job(self) -> bool:
        return self.workload.rhythm in JOB_RHYTHMS

    def _load(self) -> list[float]:
        load = self._busy(loads(self.workload.rhythm, self.cluster.timezone_shift, self.day * 24))
        if self.effects is None:
            return load
        forced = [
            on or (self.is_job and factor != 1)
            for on, factor in zip(self.effects.left_on, self.effects.replicas, strict=True)
        ]
        return [1.0 if on else value for on, value in zip(forced, load, strict=True)]

    def _busy(self, load: list[float]) -> list[float]:
        """No two days are alike: a whole cluster has good days, each workload its own, hours vary."""
        if self.workload.rhythm == "adhoc":
            return _adhoc_run(salt(self.seed, self.key, self.day), self.cluster.timezone_shift)
        if self.is_job or self.workload.rhythm == "worktime":
            return load
        day = 0.06 * noise(self.seed, salt(self.cluster.id), self.day)
        day += 0.09 * noise(self.seed, self.key, self.day)
        if self.workload.rhythm == "shop":
            day += season(self.day)
        hourly = noises(self.seed, self.key + 3, self.day * 24, 24)
        return [value * (1 + day + 0.05 * swing) for value, swing in zip(load, hourly, strict=True)]

    def _sizing(self) -> float:
        """Requests are set anew every few months, a little higher or lower."""
        period = 70 + self.key % 60
        return 0.97 + 0.11 * noise(
            self.seed, self.key + 7, (self.day + self.key % period) // period
        )

    def _counts(self) -> list[int]:
        workload = self.workload
        size = growth(self.day, self.namespace.growth)
        size *= 1 + 0.06 * noise(self.seed, self.key, self.day // 3)
        factors = self.effects.replicas if self.effects else [1.0] * 24
        if not workload.scales:
            usual = max(1, round(workload.replicas * size))
            return [min(workload.slots, round(usual * factor)) for factor in factors]
        return [
            min(
                workload.slots,
                max(workload.floor, round(workload.replicas * size * load * factor)),
            )
            for load, factor in zip(self.load, factors, strict=True)
        ]

    def _running(self) -> list[int]:
        """Pods per hour; more than `counts` where a pod is kept through a short dip."""
        running = [0] * 24
        for number in range(max(self.counts)):
            for piece in self.slot_pieces(number):
                for hour in range(piece.first, piece.last):
                    running[hour] += 1
        return running

    def slot_pieces(self, number: int) -> Iterator[Piece]:
        """The stretches of the day in which pod `number` runs."""
        alive = [count > number for count in self.counts]
        if not any(alive):
            return iter(())
        return pieces(self._generations(number), alive)

    def _generations(self, number: int) -> list[int]:
        rhythm, shift, first = self.workload.rhythm, self.cluster.timezone_shift, self.day * 24
        if self._is_scaled_away(number):
            return [session(rhythm, shift, first + hour) for hour in range(24)]
        return [self._version_at(first + hour) for hour in range(24)]

    def pods(self, fleet: Fleet, by_slot: dict[tuple[int, int], Node]) -> Iterator[PodDay]:
        """The pods of this workload, one per number and generation."""
        for number in range(max(self.counts)):
            slot = fleet.place[self.namespace.name, self.workload.name, number]
            for piece in self.slot_pieces(number):
                yield self._pod(number, piece, by_slot[slot, piece.first])

    def daemon_pods(self, node: Node) -> Iterator[PodDay]:
        """The daemon's pod on a node; rolled out everywhere at the same hour."""
        alive = [node.first <= hour < node.last for hour in range(24)]
        for piece in pieces(self._generations(0), alive):
            yield self._pod(node.slot.index, piece, node)

    def _pod(self, number: int, piece: Piece, node: Node) -> PodDay:
        template_hash = code(10, self.key, self._version(number, piece))
        mark = salt(self.key, number, piece.number, node.name)
        hours = range(piece.first, piece.last)
        gib = self.workload.network * GIB
        boost = self.effects.traffic if self.effects else [1.0] * 24
        swings = noises(self.seed, mark, self.day * 24 + piece.first, len(hours))
        return PodDay(
            namespace=self.namespace,
            workload=self.workload,
            number=number,
            name=self._pod_name(number, piece, mark, template_hash),
            node=node,
            template_hash=template_hash,
            first=piece.first,
            last=piece.last,
            containers=tuple(self._container(c, mark, hours) for c in self.workload.containers),
            traffic=[
                gib * (0.25 + 0.75 * self.load[h]) * boost[h] * (1 + 0.15 * swing)
                for h, swing in zip(hours, swings, strict=True)
            ],
            balancer_share=[1 / self.running[h] for h in hours]
            if self.workload.load_balancer
            else [],
        )

    def _pod_name(self, number: int, piece: Piece, mark: int, template_hash: str) -> str:
        name, kind = self.workload.name, self.workload.kind
        if kind == "":
            return name
        if kind == "statefulset":
            return f"{name}-{number}"
        if kind == "job":
            began = session_start(self.workload.rhythm, self.cluster.timezone_shift, piece.number)
            return f"{name}-{began * 60}-{code(5, mark)}"  # cron jobs are numbered in minutes
        if kind in ("deployment", "rollout"):
            return f"{name}-{template_hash}-{code(5, mark)}"
        return f"{name}-{code(5, mark)}"

    def _version(self, number: int, piece: Piece) -> int:
        """Number of the version a pod runs: that of its generation, or of its session's beginning."""
        if not self._is_scaled_away(number):
            return piece.number
        began = session_start(self.workload.rhythm, self.cluster.timezone_shift, piece.number)
        return self._version_at(began)

    def _version_at(self, hour: int) -> int:
        length = self.workload.rollout_days * 24
        return (hour + self.key % length // 24 * 24 + 8 + self.key % 9) // length

    def _is_scaled_away(self, number: int) -> bool:
        """Whether this pod goes away when load falls and comes back under a new name."""
        return self.workload.scales and number >= steady_pods(self.cluster, self.workload)

    def _level(self) -> list[float]:
        """Usage of cores per hour as a multiple of what it is at the peak."""
        if self.is_job:
            level = [1.0] * 24
        elif self.workload.scales:
            level = [0.78 + 0.28 * load for load in self.load]
        else:
            level = [0.35 + 0.7 * load for load in self.load]
        today = 1 + 0.2 * noise(self.seed, self.key + 5, self.day)
        return [value * today for value in level]

    def _container(self, spec: ContainerSpec, mark: int, hours: range) -> ContainerDay:
        key, first = salt(mark, spec.name), self.day * 24 + hours.start
        cpu_swing = noises(self.seed, key, first, len(hours))
        ram_swing = noises(self.seed, key + 777, first, len(hours))
        peak = spec.cpu * spec.cpu_use
        if self.key % 3 == 0 and spec.cpu_use:  # a third uses more than it requests at times
            peak *= min(1.75, max(1.0, 1.05 / spec.cpu_use))
        cpu_usage = [
            peak * self.level[h] * (1 + 0.18 * swing)
            for h, swing in zip(hours, cpu_swing, strict=True)
        ]
        grown = self.effects.memory if self.effects else [1.0] * 24
        bytes_at_peak = spec.ram * spec.ram_use * GIB
        ram_usage = [
            bytes_at_peak * (0.94 + 0.06 * self.load[h]) * grown[h] * (1 + 0.03 * swing)
            for h, swing in zip(hours, ram_swing, strict=True)
        ]
        raised = self.effects.requests if self.effects else [1.0] * 24
        cpu_request = [spec.cpu * self.sizing * raised[h] for h in hours]
        ram_request = [spec.ram * GIB * self.sizing * raised[h] for h in hours]
        return ContainerDay(
            spec=spec,
            cpu_request=cpu_request,
            cpu_usage=cpu_usage,
            cpu=list(map(max, cpu_request, cpu_usage)),
            ram_request=ram_request,
            ram_usage=ram_usage,
            ram=list(map(max, ram_request, ram_usage)),
        )


def _adhoc_run(mark: int, shift: int) -> list[float]:
    """One run on two days of three, begun by a person during the day, two to nine hours long."""
    if mark % 3 == 0:
        return [0.0] * 24
    first = (8 + mark // 3 % 7 + shift) % 24
    last = first + 2 + mark // 21 % 8
    size = 0.4 + (mark // 168 % 100) / 100
    return [size if first <= hour < last else 0.0 for hour in range(24)]
