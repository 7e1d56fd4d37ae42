"""Rows of an allocation, for tests: as we hold them, and as OpenCost writes them."""

import json
from datetime import UTC, datetime
from typing import Any

from costinsights.core.money import decimal_from_micros, micros_from_number
from costinsights.core.periods import ChargePeriod, instant_text
from costinsights.opencost.rows import COMPONENTS, AllocatedCost, RowKind

DAY = ChargePeriod(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
_WIRE_COST = {
    "cpu": "cpuCost",
    "ram": "ramCost",
    "gpu": "gpuCost",
    "pv": "pvCost",
    "network": "networkCost",
    "load_balancer": "loadBalancerCost",
    "shared": "sharedCost",
    "external": "externalCost",
}
_WIRE_NAME = {
    "cluster": "cluster",
    "node": "node",
    "namespace": "namespace",
    "controller_kind": "controllerKind",
    "controller": "controller",
    "pod": "pod",
    "container": "container",
    "provider_id": "providerID",
}


def allocated_cost(
    namespace: str = "shop", cpu: str = "1.5", period: ChargePeriod = DAY, **fields: Any
) -> AllocatedCost:
    """A workload's row whose cost is all CPU unless `fields` say otherwise."""
    cost = micros_from_number(float(cpu))
    row: dict[str, Any] = {
        "kind": RowKind.WORKLOAD,
        "window": period,
        "start": period.start,
        "end": period.end,
        "minutes": float(period.minutes),
        "cluster": "cluster-one",
        "node": "node-1",
        "namespace": namespace,
        "pod": f"{namespace}-pod",
        "container": "app",
        "cpu_cost": cost,
        "cpu_core_hours": 24.0,
        "ram_byte_hours": 1024.0,
    } | fields
    made = AllocatedCost(**row)
    return AllocatedCost(**row, reported_total=made.total) if "reported_total" not in row else made


def idle_cost(cpu: str = "0.5", period: ChargePeriod = DAY, **fields: Any) -> AllocatedCost:
    """A cluster's idle row."""
    names: dict[str, Any] = {"node": "", "namespace": "", "pod": "", "container": ""}
    kind: dict[str, Any] = {"kind": RowKind.IDLE, "cpu_core_hours": 0.0, "ram_byte_hours": 0.0}
    return allocated_cost(cpu=cpu, period=period, **(names | kind | fields))


def wire_row(row: AllocatedCost) -> dict[str, Any]:
    """The row as OpenCost prints it."""
    if row.kind is RowKind.IDLE:
        name = "__idle__"
    elif row.kind is RowKind.UNMOUNTED:
        name = "__unmounted__"
    else:
        name = f"{row.cluster}/{row.node}/{row.namespace}/{row.pod}/{row.container}"
    properties: dict[str, Any] = {
        wire: getattr(row, ours) for ours, wire in _WIRE_NAME.items() if getattr(row, ours)
    }
    if row.kind is RowKind.UNMOUNTED:
        properties.setdefault("container", "__unmounted__")
    properties |= {"labels": row.labels, "annotations": row.annotations}
    properties["services"] = list(row.services)
    costs = {
        _WIRE_COST[part]: None if part in row.unknown else _number(row.cost_of(part))
        for part in COMPONENTS
    }
    return {
        "name": name,
        "properties": properties,
        "window": {
            "start": instant_text(row.window.start),
            "end": instant_text(row.window.end),
        },
        "start": instant_text(row.start),
        "end": instant_text(row.end),
        "minutes": row.minutes,
        **costs,
        "totalCost": None if row.reported_total is None else _number(row.reported_total),
        "cpuCoreHours": row.cpu_core_hours,
        "ramByteHours": row.ram_byte_hours,
        "gpuHours": row.gpu_hours,
        "pvByteHours": row.pv_byte_hours,
        "cpuCoreRequestAverage": row.cpu_request,
        "cpuCoreUsageAverage": row.cpu_usage,
        "ramByteRequestAverage": row.ram_request,
        "ramByteUsageAverage": row.ram_usage,
    }


def _number(micros: int) -> float:
    return float(decimal_from_micros(micros))


def wire_answer(*rows: AllocatedCost, old: bool = False) -> bytes:
    """A whole answer with one set."""
    named = {f"{number}-{wire_row(row)['name']}": wire_row(row) for number, row in enumerate(rows)}
    return envelope([named], old=old)


def envelope(data: object, *, code: int = 200, message: str = "", old: bool = False) -> bytes:
    """OpenCost's envelope; `old` is that of 1.114 and before."""
    document: dict[str, Any] = {"code": code, "data": data}
    if old:
        document["status"] = "success" if code == 200 else "error"
    if message:
        document["message"] = message
    return json.dumps(document).encode()
