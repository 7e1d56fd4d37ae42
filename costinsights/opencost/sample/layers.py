"""What the sample clusters cost beside allocations: assets, the provider's bill, other services.

Assets are made of the same machines, volumes and balancers as the allocations, and of what is allocated to nobody: the
control plane and the machines' own disks. The bill holds more than Kubernetes; the services are outside of it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from costinsights.opencost.sample.catalogue import CLUSTERS
from costinsights.opencost.sample.day import Day, day_of, day_start
from costinsights.opencost.sample.plan import Node
from costinsights.opencost.sample.query import Window
from costinsights.opencost.sample.render import instant
from costinsights.opencost.sample.rhythm import growth, salt
from costinsights.opencost.sample.specs import GIB, ClusterSpec
from costinsights.opencost.sample.window import rows_between

DAYS_IN_MEMORY = 30  # of a bill and of other services; assets come from Prometheus
_CONTROL_PLANE = 0.10  # per hour
_OWN_DISK_GIB = 80
_DAY = timedelta(days=1)
_ADDED = {"minutes", "totalCost", "cpuCost", "ramCost", "gpuCost"}
# Service, category, what a day costs as a share of the cluster's machines, how much of it is Kubernetes.
_AWS = (
    ("AmazonEC2", "Compute", 1.18, 0.86),
    ("AmazonEBS", "Storage", 0.14, 0.71),
    ("AWSELB", "Network", 0.05, 0.62),
    ("AmazonEKS", "Management", 0.04, 1.0),
    ("AmazonRDS", "Compute", 0.33, 0.0),
    ("AmazonS3", "Storage", 0.09, 0.0),
    ("AmazonCloudFront", "Network", 0.06, 0.0),
    ("AWSSupport", "Other", 0.08, 0.0),
)
_GCP = (
    ("Compute Engine", "Compute", 1.12, 0.83),
    ("Kubernetes Engine", "Management", 0.05, 1.0),
    ("Cloud SQL", "Compute", 0.27, 0.0),
    ("Cloud Storage", "Storage", 0.11, 0.0),
    ("Networking", "Network", 0.08, 0.4),
    ("BigQuery", "Other", 0.16, 0.0),
)
_BILLS = {"AWS": _AWS, "GCP": _GCP}
# Domain, account, type, name, unit, quantity of a usual day, price of one.
_SERVICES = (
    ("datadog", "Acme", "infrastructure", "infra_hosts", "hosts", 24.0, 0.62),
    ("datadog", "Acme", "logs", "indexed_logs", "million events", 11.0, 1.7),
    ("mongodb-atlas", "acme-orders", "cluster", "orders-m40", "hours", 72.0, 0.34),
    ("openai", "acme-search", "tokens", "gpt-embeddings", "million tokens", 38.0, 0.13),
)


def assets(cluster_id: str, seed: int, window: Window, *, now: datetime) -> dict[str, Any]:
    """The data of /assets: one object, whatever the window's length."""
    cluster = CLUSTERS[cluster_id]
    found: dict[str, dict[str, Any]] = {}
    for number in _days(window, now):
        for key, asset in _assets_of(cluster, seed, day_of(cluster_id, seed, number), now):
            held = found.setdefault(key, {**asset, "window": _window(window)})
            if held is not asset and held["start"] != asset["start"]:
                for name in _ADDED & asset.keys():
                    held[name] = round(held[name] + asset[name], 6)
                held["end"] = asset["end"]
    return found


def cloud_costs(cluster_id: str, window: Window, *, now: datetime) -> dict[str, Any] | None:
    """The data of /cloudCost in daily sets; None where the cluster's provider sends no bill."""
    cluster = CLUSTERS[cluster_id]
    services = _BILLS.get(cluster.provider)
    if services is None:
        return None
    sets = []
    for day in _days(window, now, most=DAYS_IN_MEMORY):
        start = day_start(day)
        own = {"start": instant(start), "end": instant(start + _DAY)}
        sets.append(
            {
                "cloudCosts": {
                    f"{cluster.account}/{cluster.provider}/{name}/{category}": {
                        "properties": _bill_properties(cluster, name, category),
                        "window": own,
                        **_metrics(cluster, day, name, size, share),
                    }
                    for name, category, size, share in services
                },
                "window": own,
                "aggregationProperties": ["accountID", "provider", "category", "service"],
            }
        )
    return {"sets": sets, "window": {"start": "null", "end": "null"}}


def custom_costs(cluster_id: str, window: Window, *, now: datetime) -> dict[str, Any] | None:
    """The data of /customCost/total; None where no plugin is installed."""
    if cluster_id != "prod-eu-1":
        return None
    costs: list[dict[str, Any]] = []
    days = list(_days(window, now, most=DAYS_IN_MEMORY))
    for domain, account, kind, name, unit, usual, price in _SERVICES:
        quantity = sum(usual * growth(day, 0.4) * _varied(day, domain, name) for day in days)
        if quantity:
            costs.append(
                {
                    "id": f"{salt(domain, name):08x}",
                    "zone": "eu",
                    "account_name": account,
                    "charge_category": "usage",
                    "description": f"{name} of {domain}",
                    "resource_name": name,
                    "resource_type": kind,
                    "provider_id": f"{account}/{name}",
                    "cost": round(quantity * price, 5),
                    "list_unit_price": price,
                    "usage_quantity": round(quantity, 3),
                    "usage_unit": unit,
                    "domain": domain,
                    "cost_source": "observability" if domain == "datadog" else "platform",
                    "aggregate": "",
                    "cost_type": "list" if domain == "openai" else "billed",
                }
            )
    return {
        "window": _window(window),
        "totalCost": round(sum(cost["cost"] for cost in costs), 5),
        "totalCostType": "blended",
        "customCosts": costs,
    }


def _days(window: Window, now: datetime, *, most: int = 0) -> Iterator[int]:
    """The days of a window that are over, as numbers since the epoch; of `most` only the newest."""
    first, end = (int(at.timestamp()) // 86400 for at in (window.start, window.end))
    today = int(now.timestamp()) // 86400
    oldest = today - most if most else first
    yield from range(max(first, oldest), min(end, today))


def _window(window: Window) -> dict[str, str]:
    return {"start": instant(window.start), "end": instant(window.end)}


def _varied(day: int, *parts: str) -> float:
    return 0.9 + salt(day, *parts) % 2000 / 10_000


# Assets -------------------------------------------------------------------------------------------


def _assets_of(
    cluster: ClusterSpec, seed: int, day: Day, now: datetime
) -> Iterator[tuple[str, dict[str, Any]]]:
    start = day_start(day.number)
    nodes = {(pod.node.name, pod.node.first): pod.node for pod in day.pods}
    found = [asset for node in nodes.values() for asset in _machine(cluster, day, node)]
    found += _volumes_and_balancers(cluster, seed, start, now)
    if cluster.provider in _BILLS:
        plane = _asset(cluster, "ClusterManagement", "Management", f"{cluster.id}-control-plane")
        found.append(plane | {"totalCost": round(24 * _CONTROL_PLANE, 6)})
    for asset in found:
        own = {"start": instant(start), "end": instant(start + _DAY)}
        yield _key(cluster, asset), {**asset, **own}


def _machine(cluster: ClusterSpec, day: Day, node: Node) -> Iterator[dict[str, Any]]:
    yield _node(cluster, day, node)
    cost = _OWN_DISK_GIB * (node.last - node.first) * cluster.prices.volume
    yield _asset(cluster, "Disk", "Storage", f"{node.name}-root") | {
        "local": 1,
        "minutes": 60.0 * (node.last - node.first),
        "breakdown": {"idle": 0.55, "other": 0.0, "system": 0.45, "user": 0.0},
        "totalCost": round(cost, 6),
    }


def _key(cluster: ClusterSpec, asset: dict[str, Any]) -> str:
    properties = asset["properties"]
    parts = (
        cluster.provider, "__undefined__", cluster.account or "__undefined__", properties["category"],
        cluster.id, asset["type"], "Kubernetes", properties["providerID"], properties["name"],
    )  # fmt: skip
    return "/".join(parts)


def _asset(
    cluster: ClusterSpec, kind: str, category: str, name: str, provider_id: str = ""
) -> dict[str, Any]:
    return {
        "type": kind,
        "properties": {
            "category": category,
            "provider": cluster.provider,
            "project": cluster.account,
            "service": "Kubernetes",
            "cluster": cluster.id,
            "name": name,
            "providerID": provider_id or name,
        },
        "labels": {},
        "adjustment": 0.0,
        "minutes": 1440.0,
    }


def _node(cluster: ClusterSpec, day: Day, node: Node) -> dict[str, Any]:
    pool, prices = node.slot.pool, cluster.prices
    priced = sum(day.price_factor[node.first : node.last])
    cpu, ram, gpu = (
        round(priced * amount * price, 6)
        for amount, price in (
            (pool.cores, prices.core),
            (pool.ram, prices.ram),
            (pool.gpus, prices.gpu),
        )
    )
    idle = {"idle": 0.42, "other": 0.0, "system": 0.06, "user": 0.52}
    return _asset(cluster, "Node", "Compute", node.name, node.provider_id) | {
        "labels": {"node_kubernetes_io_instance_type": pool.instance_type, "node_pool": pool.name}
        | ({"topology_kubernetes_io_region": cluster.region} if cluster.region else {}),
        "minutes": 60.0 * (node.last - node.first),
        "nodeType": pool.instance_type,
        "cpuCores": pool.cores,
        "ramBytes": pool.ram * GIB,
        "preemptible": 0,
        "discount": 0.0,
        "cpuCost": cpu,
        "ramCost": ram,
        "gpuCost": gpu,
        "gpuCount": float(pool.gpus),
        "cpuBreakdown": idle,
        "ramBreakdown": idle,
        "totalCost": round(cpu + ram + gpu, 6),
    }


def _volumes_and_balancers(
    cluster: ClusterSpec, seed: int, start: datetime, now: datetime
) -> Iterator[dict[str, Any]]:
    disks: dict[str, float] = {}
    balancers: dict[str, float] = {}
    for row in rows_between(cluster.id, seed, start, start + _DAY, now=now, idle=False):
        for key, volume in (row.volumes or {}).items():
            disks[key] = disks.get(key, 0.0) + volume.cost
        for balancer in (row.balancers or {}).values():
            balancers[balancer.service] = balancers.get(balancer.service, 0.0) + balancer.cost
        if not row.balancers and row.amounts.balancer_cost:  # of services that are gone
            name = row.properties.services[0]
            balancers[name] = balancers.get(name, 0.0) + row.amounts.balancer_cost
    for key, cost in disks.items():
        disk = _asset(cluster, "Disk", "Storage", key.rpartition("name=")[2])
        yield disk | {"local": 0, "totalCost": round(cost, 6)}
    for name, cost in balancers.items():
        asset = _asset(cluster, "LoadBalancer", "Network", name)
        yield asset | {"totalCost": round(cost, 6)}


# The bill -----------------------------------------------------------------------------------------


def _bill_properties(cluster: ClusterSpec, service: str, category: str) -> dict[str, Any]:
    return {
        "provider": cluster.provider,
        "accountID": cluster.account,
        "accountName": f"{cluster.id.split('-')[0]}-account",
        "invoiceEntityID": f"{salt(cluster.provider, 'payer') % 10**12:012d}",
        "regionID": cluster.region,
        "service": service,
        "category": category,
    }


def _metrics(
    cluster: ClusterSpec, day: int, service: str, size: float, share: float
) -> dict[str, Any]:
    machines = 24 * cluster.prices.core * 8 * len(cluster.namespaces) * 0.9
    listed = machines * size * growth(day, 0.6) * _varied(day, cluster.id, service)
    net, amortized = listed * 0.94, listed * (0.83 if size > 1 else 1.0)
    amounts = {
        "listCost": listed,
        "netCost": net,
        "amortizedNetCost": amortized * 0.94,
        "invoicedCost": net,
        "amortizedCost": amortized,
    }
    return {
        name: {"cost": round(cost, 6), "kubernetesPercent": share} for name, cost in amounts.items()
    }
