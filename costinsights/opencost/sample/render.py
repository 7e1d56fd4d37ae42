"""Rows as the JSON objects that OpenCost 1.121 writes."""

from datetime import datetime
from typing import Any

from costinsights.opencost.sample.allocation import Row


def number(value: float) -> float | int:
    """Rounded to five decimals; whole numbers without a decimal point, as Go prints them."""
    rounded = round(value, 5)
    return int(rounded) if rounded == int(rounded) else rounded


def instant(moment: datetime) -> str:
    """RFC 3339 with seconds and Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def ratio(usage: float, request: float) -> float:
    """Efficiency: usage by request; usage without a request counts as 1."""
    if request > 0:
        return usage / request
    return 1.0 if usage > 0 else 0.0


def allocation(row: Row) -> dict[str, Any]:
    """One allocation with every field the real one has, in its order."""
    amounts, minutes = row.amounts, row.minutes
    hours = minutes / 60 or 1.0
    cpu_efficiency = ratio(amounts.cpu_usage_hours, amounts.cpu_request_hours)
    ram_efficiency = ratio(amounts.ram_usage_hours, amounts.ram_request_hours)
    weighed = amounts.cpu_cost + amounts.ram_cost
    efficiency = (
        (cpu_efficiency * amounts.cpu_cost + ram_efficiency * amounts.ram_cost) / weighed
        if weighed > 0 and not row.is_idle
        else 0.0
    )
    total = number(amounts.total_cost)
    answer: dict[str, Any] = {
        "name": row.name,
        "properties": properties(row),
        "window": {"start": instant(row.window_start), "end": instant(row.window_end)},
        "start": instant(row.start),
        "end": instant(row.end),
        "minutes": number(minutes),
        "cpuCores": number(amounts.cpu_hours / hours),
        "cpuCoreRequestAverage": number(amounts.cpu_request_hours / hours),
        "cpuCoreLimitAverage": number(amounts.cpu_limit_hours / hours),
        "cpuCoreUsageAverage": number(amounts.cpu_usage_hours / hours),
        "cpuCoreHours": number(amounts.cpu_hours),
        "cpuCost": number(amounts.cpu_cost),
        "cpuCostAdjustment": 0,
        "cpuCostIdle": 0,
        "cpuEfficiency": number(cpu_efficiency),
        "gpuCount": number(amounts.gpu_hours / hours),
        "gpuHours": number(amounts.gpu_hours),
        "gpuCost": number(amounts.gpu_cost),
        "gpuCostAdjustment": 0,
        "gpuCostIdle": 0,
        "gpuEfficiency": number(ratio(amounts.gpu_usage_hours, amounts.gpu_hours)),
        "networkTransferBytes": number(amounts.sent),
        "networkReceiveBytes": number(amounts.received),
        "networkCost": number(amounts.network_cost),
        "networkCrossZoneCost": number(amounts.zone_cost),
        "networkCrossRegionCost": number(amounts.region_cost),
        "networkInternetCost": number(amounts.internet_cost),
        "networkNatGatewayEgressCost": number(amounts.nat_out_cost),
        "networkNatGatewayIngressCost": number(amounts.nat_in_cost),
        "networkCostAdjustment": 0,
        "loadBalancerCost": None if row.unknown_balancer_cost else number(amounts.balancer_cost),
        "loadBalancerCostAdjustment": 0,
        "pvBytes": number(amounts.pv_hours / hours),
        "pvByteHours": number(amounts.pv_hours),
        "pvCost": number(amounts.pv_cost),
        "pvs": _volumes(row),
        "pvCostAdjustment": 0,
        "ramBytes": number(amounts.ram_hours / hours),
        "ramByteRequestAverage": number(amounts.ram_request_hours / hours),
        "ramByteLimitAverage": number(amounts.ram_limit_hours / hours),
        "ramByteUsageAverage": number(amounts.ram_usage_hours / hours),
        "ramByteHours": number(amounts.ram_hours),
        "ramCost": number(amounts.ram_cost),
        "ramCostAdjustment": 0,
        "ramCostIdle": 0,
        "ramEfficiency": number(ram_efficiency),
        "externalCost": 0,
        "sharedCost": 0,
        "totalCost": None if row.unknown_balancer_cost else total,
        "totalEfficiency": number(efficiency),
    }
    if row.peaks is not None:
        answer["rawAllocationOnly"] = {
            "cpuCoreUsageMax": row.peaks.cpu,
            "ramByteUsageMax": int(row.peaks.ram),
            "gpuUsageMax": row.peaks.gpu,
        }
    answer["lbAllocations"] = _balancers(row)
    answer["gpuAllocation"] = _gpu(row)
    return answer


def properties(row: Row) -> dict[str, Any]:
    """Names in OpenCost's order; empty ones are left out."""
    names = row.properties
    pairs: list[tuple[str, Any]] = [
        ("cluster", names.cluster),
        ("node", names.node),
        ("container", names.container),
        ("controller", names.controller),
        ("controllerKind", names.controller_kind),
        ("namespace", names.namespace),
        ("pod", names.pod),
        ("services", list(names.services)),
        ("providerID", names.provider_id),
        ("labels", names.labels),
        ("annotations", names.annotations),
        ("namespaceLabels", names.namespace_labels),
        ("namespaceAnnotations", names.namespace_annotations),
    ]
    return {name: value for name, value in pairs if value}


def _volumes(row: Row) -> dict[str, Any] | None:
    if row.volumes is None:
        return None
    return {
        key: {
            "byteHours": number(volume.byte_hours),
            "cost": volume.cost,
            "providerID": volume.provider_id,
            "adjustment": 0,
        }
        for key, volume in row.volumes.items()
    }


def _balancers(row: Row) -> dict[str, Any] | None:
    if row.balancers is None:
        return None
    return {
        key: {
            "service": balancer.service,
            "cost": balancer.cost,
            "private": balancer.private,
            "ip": balancer.ip,
            "hours": number(balancer.hours),
            "adjustment": 0,
        }
        for key, balancer in row.balancers.items()
    }


def _gpu(row: Row) -> dict[str, Any] | None:
    if row.gpu is not None:
        hours = row.minutes / 60 or 1.0
        return {
            "gpuDevice": row.gpu.device,
            "gpuModel": row.gpu.model,
            "gpuUUID": row.gpu.uuid,
            "isGPUShared": False,
            "gpuUsageAverage": number(row.amounts.gpu_usage_hours / hours),
            "gpuRequestAverage": number(row.amounts.gpu_hours / hours),
        }
    if row.has_gpu_record:
        return {"isGPUShared": None, "gpuUsageAverage": None, "gpuRequestAverage": 0}
    return None
