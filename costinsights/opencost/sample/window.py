"""The rows of one window: the days it touches, weighted by the part of each hour that is covered."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from operator import mul

from costinsights.opencost.sample.allocation import (
    IDLE,
    UNMOUNTED,
    Amounts,
    Balancer,
    Gpu,
    Peaks,
    Properties,
    Row,
    Volume,
)
from costinsights.opencost.sample.day import Day, day_of, day_start
from costinsights.opencost.sample.plan import ContainerDay, PodDay
from costinsights.opencost.sample.rhythm import DATA_START, JOB_RHYTHMS, salt
from costinsights.opencost.sample.specs import GIB, ClusterSpec

_RESOLUTION = 300  # seconds: OpenCost sees the running hour in steps of five minutes
_ZONE_SHARE, _REGION_SHARE, _INTERNET_SHARE, _NAT_SHARE = 0.35, 0.02, 0.22, 0.12
_RECEIVED_PER_SENT = 1.35

Weights = list[float]


def observed_until(now: datetime) -> datetime:
    """The end of what has been measured at `now`."""
    return now - timedelta(seconds=now.timestamp() % _RESOLUTION)


def rows_between(
    cluster_id: str, seed: int, start: datetime, end: datetime, *, now: datetime, idle: bool
) -> list[Row]:
    """The container rows of [start, end), in no particular order, idle last if asked for.

    A part of the window before the demo's first day or after `now` is empty.
    """
    first, last = max(start, DATA_START), min(end, observed_until(now))
    if first >= last:
        return []
    merged: dict[tuple[str, ...], Row] = {}
    day = int(first.timestamp()) // 86400
    while day_start(day) < last:
        for row in _rows_of_day(cluster_id, seed, day, first, last):
            if row.is_idle and not idle:
                continue
            names = row.properties
            key = (row.name, names.node, names.namespace, names.pod, names.container)
            if key in merged:
                merged[key].absorb(row)
                merged[key].peaks = _higher(merged[key].peaks, row.peaks)
            else:
                merged[key] = row.copy()
        day += 1
    for row in merged.values():
        row.window_start, row.window_end = start, end
    return list(merged.values())


def _higher(one: Peaks | None, other: Peaks | None) -> Peaks | None:
    if one is None or other is None:
        return one or other
    gpu = None if one.gpu is None or other.gpu is None else max(one.gpu, other.gpu)
    return Peaks(max(one.cpu, other.cpu), max(one.ram, other.ram), gpu)


def _rows_of_day(
    cluster_id: str, seed: int, day: int, first: datetime, last: datetime
) -> tuple[Row, ...]:
    midnight, next_midnight = day_start(day), day_start(day + 1)
    return _cached_rows(cluster_id, seed, day, max(first, midnight), min(last, next_midnight))


@lru_cache(maxsize=64)
def _cached_rows(
    cluster_id: str, seed: int, number: int, first: datetime, last: datetime
) -> tuple[Row, ...]:
    """Rows of a day between two instants of it. Shared between requests: copy before changing."""
    day = day_of(cluster_id, seed, number)
    return tuple(_DayRows(day, first, last).all())


class _DayRows:
    """Makes the rows of one day between two instants."""

    def __init__(self, day: Day, first: datetime, last: datetime) -> None:
        self.day = day
        self.cluster: ClusterSpec = day.cluster
        self.first = first
        self.last = last
        midnight = day_start(day.number)
        self.midnight = midnight
        begin = (first - midnight).total_seconds() / 3600
        finish = (last - midnight).total_seconds() / 3600
        self.weights = [max(0.0, min(finish, h + 1) - max(begin, h)) for h in range(24)]
        self.priced = list(map(mul, self.weights, day.price_factor))
        self.covered = sum(self.weights)

    def all(self) -> Iterator[Row]:
        for pod in self.day.pods:
            weights = self.weights[pod.first : pod.last]
            hours = sum(weights)
            if hours > 0:
                yield from self._pod_rows(pod, weights, hours)
        yield from self._unmounted()
        yield self._idle()

    def _pod_rows(self, pod: PodDay, weights: Weights, hours: float) -> Iterator[Row]:
        start = max(self.first, self.midnight + timedelta(hours=pod.first))
        end = min(self.last, self.midnight + timedelta(hours=pod.last))
        split = len(pod.containers)
        traffic = sum(map(mul, pod.traffic, weights)) / split
        for container in pod.containers:
            amounts = self._compute(pod, container, weights)
            self._network(amounts, traffic)
            row = Row(
                properties=_properties(self.cluster, pod, container, self.day.number),
                window_start=self.first,
                window_end=self.last,
                start=start,
                end=end,
                amounts=amounts,
                peaks=Peaks(
                    max(container.cpu_usage) * 1.12,
                    float(int(max(container.ram_usage) * 1.02)),
                    min(1.0, pod.workload.gpu_use * 1.15) if pod.workload.gpu else None,
                ),
                has_gpu_record=True,
            )
            if pod.workload.gpu:
                self._gpu(row, pod, hours)
            if pod.workload.volume:
                self._volume(row, pod, hours / split)
            if pod.workload.load_balancer and self.cluster.prices.load_balancer:
                self._balancer(row, pod, weights, split)
            yield row

    def _compute(self, pod: PodDay, container: ContainerDay, weights: Weights) -> Amounts:
        prices = self.cluster.prices
        priced = self.priced[pod.first : pod.last]
        limits = sum(weights)
        return Amounts(
            cpu_hours=sum(map(mul, container.cpu, weights)),
            cpu_request_hours=sum(map(mul, container.cpu_request, weights)),
            cpu_usage_hours=sum(map(mul, container.cpu_usage, weights)),
            cpu_limit_hours=container.spec.cpu_limit * limits,
            cpu_cost=sum(map(mul, container.cpu, priced)) * prices.core,
            ram_hours=sum(map(mul, container.ram, weights)),
            ram_request_hours=sum(map(mul, container.ram_request, weights)),
            ram_usage_hours=sum(map(mul, container.ram_usage, weights)),
            ram_limit_hours=container.spec.ram_limit * GIB * limits,
            ram_cost=sum(map(mul, container.ram, priced)) * prices.ram / GIB,
        )

    def _network(self, amounts: Amounts, sent: float) -> None:
        prices, gib = self.cluster.prices, sent / GIB
        amounts.sent = sent
        amounts.received = sent * _RECEIVED_PER_SENT
        amounts.zone_cost = gib * _ZONE_SHARE * prices.zone_traffic
        amounts.region_cost = gib * _REGION_SHARE * prices.zone_traffic * 2
        amounts.internet_cost = gib * _INTERNET_SHARE * prices.internet_traffic
        amounts.nat_out_cost = gib * _NAT_SHARE * prices.nat_traffic
        amounts.nat_in_cost = gib * _NAT_SHARE * prices.nat_traffic * 0.5

    def _gpu(self, row: Row, pod: PodDay, hours: float) -> None:
        priced = sum(self.priced[pod.first : pod.last])
        mark = salt(pod.node.name)
        row.amounts.gpu_hours = hours * pod.workload.gpu
        row.amounts.gpu_usage_hours = hours * pod.workload.gpu_use
        row.amounts.gpu_cost = priced * pod.workload.gpu * self.cluster.prices.gpu
        row.gpu = Gpu("nvidia0", pod.node.slot.pool.gpu_model, f"GPU-{mark:08x}-{salt(mark):08x}")

    def _volume(self, row: Row, pod: PodDay, hours: float) -> None:
        mark = salt(self.cluster.id, pod.namespace.name, pod.workload.name, pod.number)
        key, volume = self._claim(mark, pod.workload.volume, hours)
        row.volumes = {key: volume}
        row.amounts.pv_hours = volume.byte_hours
        row.amounts.pv_cost = volume.cost

    def _claim(self, mark: int, gib: float, hours: float) -> tuple[str, Volume]:
        one, two = salt(mark, "a"), salt(mark, "b")
        name = f"pvc-{one:08x}-{two >> 16:04x}-4{two & 0xFFF:03x}-9{mark & 0xFFF:03x}-{salt(one):08x}{mark >> 16:04x}"
        provider = f"vol-0{one:08x}{two:08x}" if self.cluster.provider == "AWS" else name
        cost = gib * hours * self.cluster.prices.volume
        return f"cluster={self.cluster.id}:name={name}", Volume(gib * GIB * hours, cost, provider)

    def _balancer(self, row: Row, pod: PodDay, weights: Weights, split: int) -> None:
        share = sum(map(mul, pod.balancer_share, weights)) / split
        service = f"{pod.namespace.name}/{pod.workload.load_balancer}"
        cost = share * self.cluster.prices.load_balancer
        address = _address(self.cluster.id, service)
        key = f"{self.cluster.id}/{service}"
        row.balancers = {key: Balancer(service, cost, False, address, sum(weights))}
        row.amounts.balancer_cost = cost

    def _unmounted(self) -> Iterator[Row]:
        for namespace in self.day.alive_namespaces:
            if namespace.unmounted_gib:
                yield self._left_over(
                    namespace.name, f"{namespace.name}-unmounted-pvcs", namespace.unmounted_gib, ()
                )
        orphans = self.cluster.orphaned_balancers
        if self.cluster.orphaned_gib or orphans:
            yield self._left_over(UNMOUNTED, UNMOUNTED, self.cluster.orphaned_gib, orphans)

    def _left_over(self, namespace: str, pod: str, gib: float, balancers: tuple[str, ...]) -> Row:
        row = self._plain(
            Properties(
                cluster=self.cluster.id,
                container=UNMOUNTED,
                namespace=namespace,
                pod=pod,
                services=balancers,
            )
        )
        if gib:
            mark = salt(self.cluster.id, namespace, "unmounted")
            key, volume = self._claim(mark, gib, self.covered)
            row.volumes = {key: volume}
            row.amounts.pv_hours, row.amounts.pv_cost = volume.byte_hours, volume.cost
        row.amounts.balancer_cost = (
            len(balancers) * self.covered * self.cluster.prices.load_balancer
        )
        return row

    def _idle(self) -> Row:
        prices = self.cluster.prices
        row = self._plain(Properties(cluster=self.cluster.id))
        row.name = IDLE
        row.amounts.cpu_cost = sum(map(mul, self.day.idle_cores, self.priced)) * prices.core
        row.amounts.ram_cost = sum(map(mul, self.day.idle_ram, self.priced)) * prices.ram / GIB
        row.amounts.gpu_cost = sum(map(mul, self.day.idle_gpus, self.priced)) * prices.gpu
        return row

    def _plain(self, properties: Properties) -> Row:
        return Row(properties, self.first, self.last, self.first, self.last, Amounts())


def _address(*parts: str) -> str:
    mark = salt(*parts)
    return f"a{mark:08x}{salt(mark):08x}-{mark % 1000000000}.elb.amazonaws.com"


def _properties(cluster: ClusterSpec, pod: PodDay, container: ContainerDay, day: int) -> Properties:
    workload, node = pod.workload, pod.node
    services = workload.services
    if len(services) > 1 and salt(workload.name, day) % 2:
        services = tuple(reversed(services))  # OpenCost's order is not stable
    namespace_labels = {
        "kubernetes_io_metadata_name": pod.namespace.name,
        **dict(pod.namespace.labels),
    }
    labels = {**_node_labels(cluster, pod), **namespace_labels, **dict(workload.labels)}
    if workload.kind in ("deployment", "rollout", "replicaset"):
        labels["pod_template_hash"] = pod.template_hash
    if workload.kind == "statefulset":
        labels["statefulset_kubernetes_io_pod_name"] = pod.name
    if workload.rhythm in JOB_RHYTHMS:
        labels["job_name"] = pod.name.rsplit("-", 1)[0]
    return Properties(
        cluster=cluster.id,
        node=node.name,
        container=container.spec.name,
        controller=workload.name if workload.kind else "",
        controller_kind=workload.kind,
        namespace=pod.namespace.name,
        pod=pod.name,
        provider_id=node.provider_id,
        services=services,
        labels=dict(sorted(labels.items())),
        annotations={**dict(workload.annotations), **dict(pod.namespace.annotations)},
        namespace_labels=namespace_labels,
        namespace_annotations=dict(pod.namespace.annotations),
    )


def _node_labels(cluster: ClusterSpec, pod: PodDay) -> dict[str, str]:
    pool = pod.node.slot.pool
    labels = {
        "kubernetes_io_arch": "amd64",
        "kubernetes_io_hostname": pod.node.name,
        "kubernetes_io_os": "linux",
        "node_kubernetes_io_instance_type": pool.instance_type,
    }
    if cluster.region:
        zone = cluster.zones[pod.node.slot.index % len(cluster.zones)]
        labels["topology_kubernetes_io_region"] = cluster.region
        labels["topology_kubernetes_io_zone"] = cluster.region + zone
    if pool.gpus:
        labels["nvidia_com_gpu_product"] = pool.gpu_model
    return labels
