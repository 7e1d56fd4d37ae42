"""The JSON of /assets, /cloudCost and /customCost as it comes: names and types, nothing judged yet."""

import msgspec
from msgspec import UNSET, UnsetType, field

from costinsights.opencost.wire import Number, Window


class AssetProperties(msgspec.Struct, rename="camel", gc=False):
    category: str | None = None
    provider: str | None = None
    account: str | None = None
    project: str | None = None
    service: str | None = None
    cluster: str | None = None
    name: str | None = None
    provider_id: str | None = field(default=None, name="providerID")


class Breakdown(msgspec.Struct, gc=False):
    idle: Number = None


class Asset(msgspec.Struct, rename="camel", gc=False):
    type: str | None = None
    properties: AssetProperties | None = None
    labels: dict[str, str] | None = None
    window: Window | None = None
    minutes: Number = None
    total_cost: Number = None
    adjustment: Number | UnsetType = UNSET
    discount: Number | UnsetType = UNSET
    cpu_cost: Number | UnsetType = UNSET
    ram_cost: Number | UnsetType = UNSET
    gpu_cost: Number | UnsetType = UNSET
    cpu_breakdown: Breakdown | None = None
    ram_breakdown: Breakdown | None = None
    breakdown: Breakdown | None = None


class CloudProperties(msgspec.Struct, rename="camel", gc=False):
    provider: str | None = None
    provider_id: str | None = field(default=None, name="providerID")
    account_id: str | None = field(default=None, name="accountID")
    account_name: str | None = None
    invoice_entity_id: str | None = field(default=None, name="invoiceEntityID")
    region_id: str | None = field(default=None, name="regionID")
    availability_zone: str | None = None
    service: str | None = None
    category: str | None = None
    labels: dict[str, str] | None = None


class Metric(msgspec.Struct, rename="camel", gc=False):
    cost: Number = None
    kubernetes_percent: Number = None


class CloudCost(msgspec.Struct, rename="camel", gc=False):
    properties: CloudProperties | None = None
    window: Window | None = None
    list_cost: Metric | None = None
    net_cost: Metric | None = None
    amortized_net_cost: Metric | None = None
    invoiced_cost: Metric | None = None
    amortized_cost: Metric | None = None


class CloudSet(msgspec.Struct, rename="camel", gc=False):
    cloud_costs: dict[str, CloudCost] | None = None


class CloudData(msgspec.Struct, gc=False):
    sets: list[CloudSet | None] | None = None


class CustomCost(msgspec.Struct, gc=False):
    """Newer versions send `cost` with its `cost_type`; the first ones `billedCost` and `listCost`."""

    zone: str | None = None
    account_name: str | None = None
    charge_category: str | None = None
    resource_name: str | None = None
    resource_type: str | None = None
    provider_id: str | None = None
    usage_quantity: Number = None
    usage_unit: str | None = None
    domain: str | None = None
    cost_source: str | None = None
    cost: Number | UnsetType = UNSET
    cost_type: str | None = None
    billed_cost: Number | UnsetType = field(default=UNSET, name="billedCost")
    list_cost: Number | UnsetType = field(default=UNSET, name="listCost")


class CustomData(msgspec.Struct, rename="camel", gc=False):
    window: Window | None = None
    custom_costs: list[CustomCost] | None = None


class Envelope(msgspec.Struct, gc=False):
    """What surrounds every answer; `data` is decoded apart, by the layer asked for."""

    code: int | None = None
    data: msgspec.Raw | UnsetType = UNSET
    message: str | None = None
    warning: str | None = None


AssetData = dict[str, Asset]
