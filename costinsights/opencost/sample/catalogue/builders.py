"""Short ways to write the catalogue: workloads with the labels and services real ones carry."""

from collections.abc import Iterator
from datetime import date
from typing import TypedDict, Unpack

from costinsights.opencost.sample.specs import ContainerSpec, Namespace, NodePool, Workload

Pairs = tuple[tuple[str, str], ...]
Life = tuple[date | None, date | None]


class Options(TypedDict, total=False):
    """What any kind of workload may add to its name, size and container; see `_workload`."""

    rhythm: str
    scales: bool
    floor: int
    volume: float
    net: float
    balancer: str
    gpu: int
    gpu_use: float
    sidecar: bool
    most: int
    rollout_days: int
    services: tuple[str, ...]


_PROXY = ContainerSpec("istio-proxy", 0.1, 0.25, cpu_use=0.5, ram_use=0.6)
_VERSIONS = ("1.8.2", "2.14.0", "3.2.1", "0.9.7", "4.0.3")


def box(
    name: str, cpu: float, ram: float, use: float = 0.4, ram_use: float = 0.65
) -> ContainerSpec:
    """A container that may use twice what it requests."""
    return ContainerSpec(name, cpu, ram, use, ram_use, cpu * 2, ram * 2)


def _workload(
    kind: str,
    name: str,
    replicas: int,
    container: ContainerSpec,
    *,
    rhythm: str = "flat",
    scales: bool = False,
    floor: int = 1,
    volume: float = 0.0,
    net: float = 0.02,
    balancer: str = "",
    gpu: int = 0,
    gpu_use: float = 0.0,
    sidecar: bool = False,
    most: int = 0,
    rollout_days: int = 9,
    services: tuple[str, ...] | None = None,
) -> Workload:
    served = (name,) if services is None else services
    if balancer and balancer not in served:
        served = (*served, balancer)
    version = _VERSIONS[len(name) % len(_VERSIONS)]
    return Workload(
        kind=kind,
        name=name,
        replicas=replicas,
        containers=(container, _PROXY) if sidecar else (container,),
        rhythm=rhythm,
        scales=scales,
        floor=floor,
        volume=volume,
        network=net,
        load_balancer=balancer,
        gpu=gpu,
        gpu_use=gpu_use,
        services=served,
        labels=(
            ("app", name),
            ("app_kubernetes_io_name", name),
            ("app_kubernetes_io_version", version),
        ),
        annotations=(("prometheus_io_scrape", "true"),) if kind != "job" else (),
        rollout_days=rollout_days,
        most_replicas=most,
    )


def deploy(
    name: str, replicas: int, container: ContainerSpec, **options: Unpack[Options]
) -> Workload:
    """A deployment."""
    return _workload("deployment", name, replicas, container, **options)


def rollout(
    name: str, replicas: int, container: ContainerSpec, **options: Unpack[Options]
) -> Workload:
    """An Argo rollout."""
    return _workload("rollout", name, replicas, container, **options)


def stateful(
    name: str, replicas: int, container: ContainerSpec, **options: Unpack[Options]
) -> Workload:
    """A stateful set: stable pod names, its own volumes, a headless service beside the usual one."""
    extra: Options = {"rollout_days": 60, "services": (name, f"{name}-headless"), **options}
    return _workload("statefulset", name, replicas, container, **extra)


def daemon(name: str, container: ContainerSpec, **options: Unpack[Options]) -> Workload:
    """A daemon set: one pod on every node."""
    extra: Options = {"rollout_days": 45, "services": (), **options}
    return _workload("daemonset", name, 1, container, **extra)


def replica_set(
    name: str, replicas: int, container: ContainerSpec, **options: Unpack[Options]
) -> Workload:
    """A replica set without a deployment above it."""
    return _workload("replicaset", name, replicas, container, **options)


def bare(name: str, container: ContainerSpec, **options: Unpack[Options]) -> Workload:
    """A pod that no controller owns."""
    extra: Options = {"rollout_days": 400, "services": (), **options}
    return _workload("", name, 1, container, **extra)


def cron(
    name: str, when: str, workers: int, container: ContainerSpec, **options: Unpack[Options]
) -> Workload:
    """A job that a cron job starts; `workers` pods run while the rhythm `when` is on."""
    extra: Options = {**options, "rhythm": when, "scales": True, "floor": 0, "services": ()}
    return _workload("job", name, workers, container, **extra)


def namespace(
    name: str,
    team: str,
    cost_centre: str,
    product: str,
    workloads: tuple[Workload, ...],
    *,
    env: str = "production",
    growth: float = 1.0,
    life: Life = (None, None),
    unmounted: float = 0.0,
    annotations: Pairs = (),
) -> Namespace:
    """A namespace; an empty team leaves it without any label of ours."""
    labels: Pairs = ()
    if team:
        labels = (
            ("cost_centre", cost_centre),
            ("env", env),
            ("owner", f"{team}-team"),
            ("product", product),
            ("team", team),
        )
    return Namespace(
        name=name,
        workloads=workloads,
        labels=labels,
        annotations=annotations,
        growth=growth,
        born=life[0],
        gone=life[1],
        unmounted_gib=unmounted,
    )


def operator(name: str, team: str, cost_centre: str) -> Namespace:
    """A small controller that belongs to the platform."""
    workloads: tuple[Workload, ...] = (deploy(name, 1, box(name, 0.1, 0.25, 0.3)),)
    if name == "cert-manager":
        workloads += (
            deploy("cert-manager-cainjector", 1, box("cainjector", 0.05, 0.2, 0.3)),
            deploy("cert-manager-webhook", 1, box("webhook", 0.05, 0.1, 0.3)),
        )
    return namespace(name, team, cost_centre, "platform", workloads, growth=0.0)


def observability(cost_centre: str, *, scale: float, env: str = "production") -> Namespace:
    """Metrics, logs, traces; `scale` sizes the stores."""
    return namespace(
        "observability",
        "platform",
        cost_centre,
        "platform",
        (
            stateful("prometheus", 2, box("prometheus", 2 * scale, 12 * scale, 0.6, 0.85), volume=300 * scale),
            stateful("loki", 2, box("loki", 1.5 * scale, 6 * scale, 0.5, 0.8), volume=250 * scale, net=0.4),
            stateful("tempo", 1, box("tempo", 1.0 * scale, 4 * scale, 0.4, 0.7), volume=150 * scale),
            deploy("grafana", 2, box("grafana", 0.25, 0.5, 0.25), rhythm="office"),
            deploy("opencost", 1, box("opencost", 0.2, 1.0, 0.3)),
            daemon("node-exporter", box("node-exporter", 0.05, 0.06, 0.4)),
            daemon("promtail", box("promtail", 0.08, 0.15, 0.7)),
        ),
        env=env,
        growth=0.6,
    )  # fmt: skip


def system_namespace(provider: str) -> Namespace:
    """kube-system as the provider ships it: hardly any of our labels."""
    own = {"aws": "aws-node", "gcp": "gke-metadata-server", "metal": "cilium"}[provider]
    return Namespace(
        name="kube-system",
        workloads=(
            deploy("coredns", 2, box("coredns", 0.1, 0.17, 0.4), services=("kube-dns",)),
            deploy("metrics-server", 2, box("metrics-server", 0.1, 0.2, 0.4)),
            deploy("cluster-autoscaler", 1, box("cluster-autoscaler", 0.1, 0.6, 0.3)),
            daemon("kube-proxy", box("kube-proxy", 0.1, 0.1, 0.15)),
            daemon(own, box(own, 0.1, 0.25, 0.5)),
        ),
        growth=0.0,
    )


def aws_pool(
    name: str,
    instance_type: str,
    cores: float,
    ram: float,
    region: str,
    network: str,
    *,
    gpus: int = 0,
    gpu_model: str = "",
) -> NodePool:
    """A pool of EC2 machines, named by their private address."""
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return NodePool(
        name=name,
        instance_type=instance_type,
        cores=cores,
        ram=ram,
        gpus=gpus,
        name_format=f"ip-{network.replace('.', '-')}-{{a}}-{{b}}.{domain}",
        provider_format="i-0{code}",
        gpu_model=gpu_model,
    )


def campaigns() -> Iterator[tuple[str, Life]]:
    """Namespaces that come and go: one campaign a quarter, from its 17th day to ten days after its end.

    So at any date one of them was created some weeks ago, or deleted some weeks ago, or both.
    """
    for number in range(2025 * 4, 2032 * 4):
        year, quarter = divmod(number, 4)
        following, later = divmod(number + 1, 4)
        life = (date(year, quarter * 3 + 1, 17), date(following, later * 3 + 1, 11))
        yield f"campaign-{year}-q{quarter + 1}", life
