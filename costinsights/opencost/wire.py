"""OpenCost's JSON as it comes over the wire: the names and types we read, nothing judged yet.

Every number may be null (OpenCost prints NaN and Infinity so); fields we do not name are passed over.
"""

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType, field

Number = float | None


class Window(msgspec.Struct, gc=False):
    start: datetime | None = None
    end: datetime | None = None


class Properties(msgspec.Struct, rename="camel", gc=False):
    cluster: str | None = None
    node: str | None = None
    namespace: str | None = None
    controller_kind: str | None = None
    controller: str | None = None
    pod: str | None = None
    container: str | None = None
    provider_id: str | None = field(default=None, name="providerID")
    services: list[str] | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class Row(msgspec.Struct, rename="camel", gc=False):
    """The fields we use of OpenCost's AllocationJSON; unknown ones are passed over."""

    name: str | None = None
    properties: Properties | None = None
    window: Window | None = None
    start: datetime | None = None
    end: datetime | None = None
    minutes: Number = None
    cpu_cost: Number = None
    cpu_cost_adjustment: Number | UnsetType = UNSET
    ram_cost: Number = None
    ram_cost_adjustment: Number | UnsetType = UNSET
    gpu_cost: Number = None
    gpu_cost_adjustment: Number | UnsetType = UNSET
    pv_cost: Number = None
    pv_cost_adjustment: Number | UnsetType = UNSET
    network_cost: Number = None
    network_cost_adjustment: Number | UnsetType = UNSET
    load_balancer_cost: Number = None
    load_balancer_cost_adjustment: Number | UnsetType = UNSET
    shared_cost: Number = None
    external_cost: Number = None
    total_cost: Number = None
    cpu_core_hours: Number = None
    ram_byte_hours: Number = None
    gpu_hours: Number = None
    pv_byte_hours: Number = None
    cpu_core_request_average: Number = None
    cpu_core_usage_average: Number = None
    ram_byte_request_average: Number = None
    ram_byte_usage_average: Number = None


Sets = list[dict[str, Row] | None]


class Answer(msgspec.Struct, gc=False):
    code: int | None = None
    status: str | UnsetType | None = UNSET
    data: Sets | UnsetType | None = UNSET
    message: str | None = None
    warning: str | None = None


class Refusal(msgspec.Struct, gc=False):
    code: int | None = None
    message: str | None = None
