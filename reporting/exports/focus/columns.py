"""Which FOCUS columns there are, in which version, and what type they have; the schema metadata that goes with a file.

The columns of one version stand before our own, which begin with `x_`. The specification obliges a page per allocation
method id: docs/content/reporting/allocation-method.md.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec


class Version(StrEnum):
    """The versions that a file can be written in. 1.3 holds all columns of 1.2."""

    V1_2 = "1.2"
    V1_3 = "1.3"
    V1_4 = "1.4"


class Type(StrEnum):
    """FOCUS data types."""

    STRING = "String"
    DECIMAL = "Decimal"
    DATE_TIME = "Date/Time"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class FocusColumn:
    """`scale`: decimals of a Decimal. `since` and `until` are the first and the last version that has it."""

    name: str
    type: Type = Type.STRING
    scale: int = 0
    since: Version = Version.V1_2
    until: Version = Version.V1_4

    def is_in(self, version: Version) -> bool:
        return self.since <= version <= self.until


PRICE_SCALE = 18  # so many that price × quantity is the cost to its last digit
_S, _D, _T, _J = Type.STRING, Type.DECIMAL, Type.DATE_TIME, Type.JSON

FOCUS_COLUMNS = (
    FocusColumn("BillingAccountId"),
    FocusColumn("BillingAccountName"),
    FocusColumn("BillingAccountType"),
    FocusColumn("SubAccountId"),
    FocusColumn("SubAccountName"),
    FocusColumn("SubAccountType"),
    FocusColumn("BillingCurrency"),
    FocusColumn("BillingPeriodStart", _T),
    FocusColumn("BillingPeriodEnd", _T),
    FocusColumn("ChargePeriodStart", _T),
    FocusColumn("ChargePeriodEnd", _T),
    FocusColumn("ChargeCategory"),
    FocusColumn("ChargeClass"),
    FocusColumn("ChargeDescription"),
    FocusColumn("ChargeFrequency"),
    FocusColumn("BilledCost", _D, 6),
    FocusColumn("EffectiveCost", _D, 6),
    FocusColumn("ListCost", _D, 6),
    FocusColumn("ContractedCost", _D, 6),
    FocusColumn("ListUnitPrice", _D, PRICE_SCALE),
    FocusColumn("ContractedUnitPrice", _D, PRICE_SCALE),
    FocusColumn("PricingQuantity", _D, 6),
    FocusColumn("PricingUnit"),
    FocusColumn("ConsumedQuantity", _D, 6),
    FocusColumn("ConsumedUnit"),
    FocusColumn("PricingCategory"),
    FocusColumn("PricingCurrency"),
    FocusColumn("PricingCurrencyListUnitPrice", _D, PRICE_SCALE),
    FocusColumn("PricingCurrencyContractedUnitPrice", _D, PRICE_SCALE),
    FocusColumn("PricingCurrencyEffectiveCost", _D, 6),
    FocusColumn("CommitmentDiscountStatus"),
    FocusColumn("InvoiceIssuerName"),
    FocusColumn("InvoiceId"),
    FocusColumn("ProviderName", until=Version.V1_3),
    FocusColumn("PublisherName", until=Version.V1_3),
    FocusColumn("ServiceProviderName", since=Version.V1_3),
    FocusColumn("HostProviderName", since=Version.V1_3),
    FocusColumn("ServiceCategory"),
    FocusColumn("ServiceSubcategory"),
    FocusColumn("ServiceName"),
    FocusColumn("ResourceId"),
    FocusColumn("ResourceName"),
    FocusColumn("ResourceType"),
    FocusColumn("RegionId"),
    FocusColumn("RegionName"),
    FocusColumn("SkuId"),
    FocusColumn("SkuPriceId"),
    FocusColumn("SkuMeter"),
    FocusColumn("SkuPriceDetails", _J),
    FocusColumn("Tags", _J),
    FocusColumn("AllocatedMethodId", since=Version.V1_3),
    FocusColumn("AllocatedMethodDetails", _J, since=Version.V1_3),
    FocusColumn("AllocatedResourceId", since=Version.V1_3),
    FocusColumn("AllocatedResourceName", since=Version.V1_3),
    FocusColumn("AllocatedTags", _J, since=Version.V1_3),
)
OWN_COLUMNS = tuple(
    FocusColumn(f"x_{name}")
    for name in (
        "CostCenter",
        "Cluster",
        "Namespace",
        "ControllerKind",
        "Controller",
        "LineType",
        "Pool",
        "Component",
        "SnapshotId",
    )
)


def columns_of(version: Version) -> list[FocusColumn]:
    """The columns of a file, in their order."""
    return [column for column in (*FOCUS_COLUMNS, *OWN_COLUMNS) if column.is_in(version)]


def schema_metadata(version: Version, *, created_at: str) -> bytes:
    """The FOCUS schema object: JSON that says which version and which columns a file has."""
    found = {
        "SchemaId": f"costinsights-focus-{version.value}-1",
        "FocusVersion": version.value,
        "CreationDate": created_at,
        "Creator": "Cost Insights",
        "ColumnDefinition": [_definition(column) for column in columns_of(version)],
    }
    return msgspec.json.format(msgspec.json.encode(found)) + b"\n"


def _definition(column: FocusColumn) -> dict[str, Any]:
    found: dict[str, Any] = {"ColumnName": column.name, "DataType": column.type.value}
    if column.type is Type.DECIMAL:
        return {**found, "NumericPrecision": 38, "NumberScale": column.scale}
    if column.type in (Type.STRING, Type.JSON):
        found["StringEncoding"] = "UTF-8"
    return found
