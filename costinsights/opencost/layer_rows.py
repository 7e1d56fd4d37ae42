"""What a decoded cost beside allocations is to the rest of the product: assets, the cloud's bill, custom costs."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class Layer(StrEnum):
    """A kind of cost that OpenCost tells apart from allocations. Layers overlap: they are never added together."""

    ASSETS = "assets"  # what nodes, disks, load balancers and the control plane cost
    CLOUD = "cloud"  # the provider's bill, Kubernetes or not
    CUSTOM = "custom"  # other services, through OpenCost's plugins


class LayerCost(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one line of a layer cost over the window that was asked for.

    Names follow FOCUS; "" where OpenCost gives none. Money is in whole micro-units of the cluster's currency, and
    None where OpenCost sent null or does not know the measure. `total` is the measure that counts: for assets
    OpenCost's total, for the cloud's bill the effective cost (amortized, net of discounts), for custom costs
    what was billed, or the list cost where nothing was billed.
    """

    layer: Layer

    provider: str = ""
    billing_account: str = ""
    account: str = ""
    account_name: str = ""
    service: str = ""
    category: str = ""
    region: str = ""
    zone: str = ""
    resource_type: str = ""
    resource_name: str = ""
    resource_id: str = ""
    domain: str = ""
    charge_category: str = ""
    cost_source: str = ""
    unit: str = ""
    cluster: str = ""  # as OpenCost calls it; assets only
    labels: dict[str, str] = {}

    total: int | None = None
    list_cost: int | None = None
    net_cost: int | None = None
    billed_cost: int | None = None
    amortized_cost: int | None = None
    kubernetes_cost: int | None = None  # the part of the effective cost that is Kubernetes'

    # Assets: these six add up to the total. Discounts are below zero.
    cpu_cost: int | None = None
    ram_cost: int | None = None
    gpu_cost: int | None = None
    discount_cost: int | None = None
    adjustment_cost: int | None = None
    other_cost: int | None = None
    # The part of the cost that OpenCost's breakdown calls idle: nothing used it.
    idle_cost: int | None = None

    quantity: int | None = None  # millionths of `unit`
    minutes: float | None = None  # how long OpenCost saw it; assets only


# The measures of a layer, in the order they are shown. The first is the total.
ASSET_MEASURES = (
    "total",
    "cpu_cost",
    "ram_cost",
    "gpu_cost",
    "discount_cost",
    "adjustment_cost",
    "other_cost",
    "idle_cost",
)
CLOUD_MEASURES = (
    "total",
    "list_cost",
    "net_cost",
    "billed_cost",
    "amortized_cost",
    "kubernetes_cost",
)
CUSTOM_MEASURES = ("total", "list_cost", "billed_cost")
MEASURES_OF = {
    Layer.ASSETS: ASSET_MEASURES,
    Layer.CLOUD: CLOUD_MEASURES,
    Layer.CUSTOM: CUSTOM_MEASURES,
}


@dataclass(frozen=True, slots=True)
class LayerAnswer:
    """One answer. No rows means that OpenCost has no data for the window, not that it cost nothing."""

    layer: Layer
    rows: list[LayerCost]
    body_sha256: str
    body_bytes: int
    warning: str = ""
