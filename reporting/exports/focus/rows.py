"""What FOCUS rows a statement's line becomes: one for each component that costs something.

The line's discount, markup and rounding are split over its components by largest remainder, so that each of the four
costs adds up over the rows to what the statement says, to the micro-unit.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from costinsights.core.money import MICROS_PER_UNIT, split
from reporting.exports.columns import driver_micros, gib_micros, ratio_of, rounded
from reporting.exports.focus.columns import PRICE_SCALE
from reporting.exports.numbers import amount_text, decimal_text
from reporting.statements.document import AdjustmentBlock, Line, StatementDocument

# What OpenCost does to give a node's cost to its pods: the larger of request and usage.
DIRECT_METHOD = "opencost-max-request-usage-v1"
_PLAIN_UNIT = "Charges"  # what has a cost and no measured quantity is one charge


@dataclass(frozen=True, slots=True)
class Component:
    """A component of a line's cost. `usage` is the field that holds its quantity, in `unit`."""

    key: str
    title: str
    service: str
    category: str
    subcategory: str
    usage: str = ""
    unit: str = _PLAIN_UNIT
    in_bytes: bool = False

    @property
    def cost(self) -> str:
        return f"{self.key}_cost"

    def quantity(self, line: Line) -> int:
        """Millionths of `unit`; 0 where nothing was measured."""
        value: int = getattr(line, self.usage) if self.usage else 0
        return gib_micros(value) if self.in_bytes else value


_COMPUTE = ("Kubernetes", "Compute", "Containers")
_STORAGE = ("Kubernetes volumes", "Storage", "Block Storage")
_NETWORK = ("Kubernetes network", "Networking", "Network Connectivity")
_BALANCER = ("Kubernetes load balancers", "Networking", "Application Networking")
COMPONENTS = (
    Component("cpu", "CPU", *_COMPUTE, usage="cpu_core_hours", unit="Core-Hours"),
    Component("ram", "Memory", *_COMPUTE, usage="ram_byte_hours", unit="GiB-Hours", in_bytes=True),
    Component("gpu", "GPU", *_COMPUTE, usage="gpu_hours", unit="GPU-Hours"),
    Component("pv", "Volumes", *_STORAGE, usage="pv_byte_hours", unit="GiB-Hours", in_bytes=True),
    Component("network", "Network", *_NETWORK),
    Component("load_balancer", "Load balancers", *_BALANCER),
    Component("shared", "Shared by OpenCost", *_COMPUTE),
    Component("external", "External cost", "External costs", "Other", "Other (Other)"),
)
_REST = Component("rest", "Adjustment", "Statement adjustments", "Other", "Other (Other)")


@dataclass(frozen=True, slots=True)
class Part:
    """What one component of a line costs, in micro-units."""

    component: Component
    list_cost: int
    contracted: int
    billed: int


def parts_of(line: Line) -> list[Part]:
    """A part per component that costs something; one without a component for a line that has none."""
    costs = [(component, getattr(line, component.cost)) for component in COMPONENTS]
    found = [(component, cost) for component, cost in costs if cost]
    if not found:
        nothing = not (line.effective_cost or line.billed_cost)
        return [] if nothing else [Part(_REST, 0, line.effective_cost, line.billed_cost)]
    weights = [abs(cost) for _, cost in found]
    change = split(line.effective_cost - line.list_cost, weights)
    rounding = split(line.billed_cost - line.effective_cost, weights)
    return [
        Part(component, cost, cost + more, cost + more + cents)
        for (component, cost), more, cents in zip(found, change, rounding, strict=True)
    ]


class RowMaker:
    """The rows of one statement. What is the same in all of them is worked out once."""

    def __init__(self, document: StatementDocument) -> None:
        self._document = document
        header = document.header
        self._charges_center = header.mode == "chargeback" and bool(header.cost_center_code)
        self._common = {
            "BillingAccountId": header.tenant,
            "BillingAccountName": header.tenant_name,
            "BillingAccountType": "Tenant",
            "BillingCurrency": header.currency,
            "BillingPeriodStart": _midnight(header.period_start),
            "BillingPeriodEnd": _midnight(header.period_end),
            "ChargePeriodStart": _midnight(header.period_start),
            "ChargePeriodEnd": _midnight(header.period_end),
            "PricingCurrency": header.currency,
            # One name for all: whoever runs the clusters for the tenant is who charges for them.
            "InvoiceIssuerName": header.tenant_name,
            "ProviderName": header.tenant_name,
            "PublisherName": header.tenant_name,
            "ServiceProviderName": header.tenant_name,
            # A preliminary statement is no invoice.
            "InvoiceId": header.statement_no if header.revision else "",
            "x_CostCenter": header.cost_center_code,
        }
        self._corrected = _corrected_periods(document.adjustments)

    def rows(self, line: Line) -> Iterator[dict[str, str]]:
        parts = parts_of(line)
        if not parts:
            return
        common = self._common | self._of_line(line)
        for part in parts:
            yield common | _charge(line, part) | _costs(line, part)

    def _of_line(self, line: Line) -> dict[str, str]:
        header, cluster = self._document.header, line.cluster
        name = self._document.evidence.clusters.get(cluster, cluster)
        found = {
            "x_Cluster": cluster,
            "x_Namespace": line.namespace,
            "x_ControllerKind": line.controller_kind,
            "x_Controller": line.controller,
            "x_LineType": line.line_type,
            "x_Pool": line.pool,
            "x_SnapshotId": line.snapshot_id,
            **self._allocated(line),
        }
        if cluster:
            found |= {
                "ResourceId": cluster,
                "ResourceName": name,
                "ResourceType": "Kubernetes Cluster",
            }
        if self._charges_center:
            found |= {
                "SubAccountId": header.cost_center_code,
                "SubAccountName": header.cost_center_name,
                "SubAccountType": "Cost Center",
            }
        elif cluster:
            found |= {
                "SubAccountId": cluster,
                "SubAccountName": name,
                "SubAccountType": "Kubernetes Cluster",
            }
        if line.line_type == "adjustment" and (period := self._corrected.get(_place(line))):
            found |= {"ChargePeriodStart": period[0], "ChargePeriodEnd": period[1]}
        return found

    def _allocated(self, line: Line) -> dict[str, str]:
        """How the row came out of the split, and who got it: nobody, where it is idle."""
        if line.line_type == "rounding":
            return {}
        header = self._document.header
        method = f"costinsights-{line.share_method}-v1" if line.share_method else DIRECT_METHOD
        found = {"AllocatedMethodId": method}
        if line.share_weight is not None and line.share_weight_total:
            found["AllocatedMethodDetails"] = _method_details(line)
        if line.controller or line.namespace:
            place = (line.namespace, line.controller_kind, line.controller)
            found["AllocatedResourceId"] = "/".join(name for name in place if name)
            found["AllocatedResourceName"] = line.controller or line.namespace
        elif line.line_type != "idle" and header.cost_center_code:
            found["AllocatedResourceId"] = f"cost-center/{header.cost_center_code}"
            found["AllocatedResourceName"] = header.cost_center_name
        if line.label_key:
            tags = {line.label_key: line.label_value}
            found["AllocatedTags"] = msgspec.json.encode(tags).decode()
        return found


def _charge(line: Line, part: Part) -> dict[str, str]:
    component = part.component
    corrects = line.line_type == "adjustment"
    is_usage = component is not _REST
    place = "/".join(
        name for name in (line.namespace, line.controller_kind, line.controller) if name
    )
    what = place or line.pool or line.cluster
    return {
        "ChargeCategory": "Usage" if is_usage else "Adjustment",
        "ChargeClass": "Correction" if corrects else "",
        "ChargeDescription": f"{component.title}, {line.line_type}{f': {what}' if what else ''}",
        "ChargeFrequency": "Usage-Based" if is_usage else "One-Time",
        "ServiceCategory": component.category,
        "ServiceSubcategory": component.subcategory,
        "ServiceName": component.service,
        "x_Component": component.key,
    }


def _costs(line: Line, part: Part) -> dict[str, str]:
    """The four costs; for usage also quantity and prices, with price × quantity = cost."""
    effective = amount_text(part.contracted)
    found = {
        "BilledCost": amount_text(part.billed),
        "EffectiveCost": effective,
        "ContractedCost": effective,
        "ListCost": amount_text(part.list_cost),
        "PricingCurrencyEffectiveCost": effective,
    }
    component = part.component
    if component is _REST:
        return found
    measured = component.quantity(line)
    unit = component.unit if measured else _PLAIN_UNIT
    # Prices are never negative: what is given back is a negative quantity.
    quantity = (measured or MICROS_PER_UNIT) * (-1 if part.list_cost < 0 else 1)
    listed, contracted = _price(part.list_cost, quantity), _price(part.contracted, quantity)
    amount = amount_text(quantity)
    return found | {
        "PricingQuantity": amount,
        "PricingUnit": unit,
        "ConsumedQuantity": amount,
        "ConsumedUnit": unit,
        "PricingCategory": "Standard",
        "ListUnitPrice": listed,
        "ContractedUnitPrice": contracted,
        "PricingCurrencyListUnitPrice": listed,
        "PricingCurrencyContractedUnitPrice": contracted,
        "SkuId": f"k8s-{component.key}",
        "SkuPriceId": f"k8s-{component.key}",
        "SkuMeter": f"{component.title} allocation",
    }


def _price(cost: int, quantity: int) -> str:
    sign = -1 if quantity < 0 else 1
    return decimal_text(rounded(sign * cost * 10**PRICE_SCALE, abs(quantity)), PRICE_SCALE)


def _method_details(line: Line) -> str:
    """`{"Elements": [{"AllocatedRatio": …}]}`, with the driver's quantity where it is one."""
    ratio = ratio_of(line.share_weight or 0, line.share_weight_total or 1)
    element = {"AllocatedRatio": decimal_text(ratio, 12)}
    if line.share_driver and line.share_driver_value is not None:
        value = amount_text(driver_micros(line.share_driver, line.share_driver_value))
        unit = _driver_unit(line.share_driver)
        if unit:
            element |= {"UsageUnit": f'"{unit}"', "UsageQuantity": value}
        else:
            element["x_DriverCost"] = value
    inside = ",".join(f'"{name}":{value}' for name, value in element.items())
    return f'{{"Elements":[{{{inside}}}]}}'


def _driver_unit(driver: str) -> str:
    """ "" for drivers that are costs."""
    if driver.endswith("cost"):
        return ""
    return "GiB-Hours" if driver.startswith("ram") else "Core-Hours"


# Corrections ------------------------------------------------------------------------------------

_Place = tuple[str, str, str, str]


def _place(of: Line | AdjustmentBlock) -> _Place:
    return (of.cluster, of.namespace, of.controller_kind, of.controller)


def _corrected_periods(adjustments: list[AdjustmentBlock]) -> dict[_Place, tuple[str, str]]:
    """Place → the month that is corrected, where it is one month only."""
    times = Counter(_place(each) for each in adjustments)
    return {_place(each): _month(each.period) for each in adjustments if times[_place(each)] == 1}


def _month(text: str) -> tuple[str, str]:
    first = dt.date.fromisoformat(f"{text[:7]}-01")
    after = (first + dt.timedelta(days=31)).replace(day=1)
    return _midnight(first.isoformat()), _midnight(after.isoformat())


def _midnight(day: str) -> str:
    return f"{day[:10]}T00:00:00Z"
