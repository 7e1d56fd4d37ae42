"""The rules of FOCUS 1.2 that a machine can check, as far as they concern the columns we write; and what 1.3 says of
split charges. Written from the specification; `make focus` asks the FinOps Foundation's own validator.

Each function gives the rows' complaints in words; none is good.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

Row = Mapping[str, str]
Rows = Sequence[Row]

MANDATORY = (
    *(
        "BillingAccountId",
        "BillingAccountName",
        "BillingCurrency",
        "BillingPeriodStart",
        "BillingPeriodEnd",
    ),
    *("ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ChargeClass", "ChargeDescription"),
    *(
        "BilledCost",
        "EffectiveCost",
        "ListCost",
        "ContractedCost",
        "PricingQuantity",
        "PricingUnit",
    ),
    *("InvoiceIssuerName", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName"),
)
NOT_NULL = tuple(
    name
    for name in (*MANDATORY, "ServiceSubcategory", "ChargeFrequency", "BillingAccountType")
    if name not in ("ChargeClass", "PricingQuantity", "PricingUnit")
)
NOT_NULL_FOR_USAGE = (
    *("PricingQuantity", "PricingUnit", "ConsumedQuantity", "ConsumedUnit", "PricingCategory"),
    *("ListUnitPrice", "ContractedUnitPrice", "SkuId", "SkuPriceId"),
)
DECIMALS = (
    *(
        "BilledCost",
        "EffectiveCost",
        "ListCost",
        "ContractedCost",
        "ListUnitPrice",
        "ContractedUnitPrice",
    ),
    *("PricingQuantity", "ConsumedQuantity", "PricingCurrencyEffectiveCost"),
)
INSTANTS = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
ALLOWED = {
    "ChargeCategory": {"Usage", "Purchase", "Tax", "Credit", "Adjustment"},
    "ChargeClass": {"", "Correction"},
    "ChargeFrequency": {"One-Time", "Recurring", "Usage-Based"},
    "PricingCategory": {"", "Standard", "Dynamic", "Committed", "Other"},
    "ServiceCategory": {"Compute", "Storage", "Networking", "Other"},  # of its 19
}
PAIRS = (  # of each pair both are null or neither
    ("PricingQuantity", "PricingUnit"),
    ("ConsumedQuantity", "ConsumedUnit"),
    ("SubAccountId", "SubAccountName"),
    ("SubAccountId", "SubAccountType"),
    ("ResourceId", "ResourceType"),
)
PARENTS = (  # the first has one of the second
    ("SkuPriceId", "SkuId"),
    ("ServiceName", "ServiceCategory"),
    ("ServiceSubcategory", "ServiceCategory"),
)
_DECIMAL = re.compile(r"-?\d+\.\d+")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_UNIT = re.compile(r"[A-Za-z]+(-(Hours|Days|Months))?")


def columns(rows: Rows) -> Iterator[str]:
    """CostAndUsage-D: which columns there are, and that our own come last."""
    names = list(rows[0])
    yield from (f"{name} is missing" for name in MANDATORY if name not in names)
    own = [name.startswith("x_") for name in names]
    if own != sorted(own):
        yield "own columns stand between those of FOCUS"
    yield from (
        f"{name} is no PascalCase" for name in names if not re.fullmatch(r"(x_)?[A-Z]\w*", name)
    )


def nullability(rows: Rows) -> Iterator[str]:
    """…-C: what must not be null, always or on usage."""
    for row in rows:
        yield from (f"{name} is null" for name in NOT_NULL if not row[name])
        if row["ChargeCategory"] == "Usage" and not row["ChargeClass"]:
            yield from (f"{name} is null on usage" for name in NOT_NULL_FOR_USAGE if not row[name])
        yield from (f"{a} without {b}" for a, b in PAIRS if bool(row[a]) != bool(row[b]))


def formats(rows: Rows) -> Iterator[str]:
    """NumericFormat, DateTimeFormat, UnitFormat, KeyValueFormat, CurrencyFormat."""
    for row in rows:
        for name in DECIMALS:
            if row[name] and not _DECIMAL.fullmatch(row[name]):
                yield f"{name} is {row[name]!r}"
        yield from (
            f"{name} is {row[name]!r}" for name in INSTANTS if not _INSTANT.fullmatch(row[name])
        )
        for name in ("PricingUnit", "ConsumedUnit"):
            if row[name] and not _UNIT.fullmatch(row[name]):
                yield f"{name} is {row[name]!r}"
        for name in ("Tags", "AllocatedTags", "AllocatedMethodDetails"):
            if row.get(name) and not isinstance(json.loads(row[name]), dict):
                yield f"{name} is no object"
        if not re.fullmatch(r"[A-Z]{3}", row["BillingCurrency"]):
            yield f"BillingCurrency is {row['BillingCurrency']!r}"


def allowed_values(rows: Rows) -> Iterator[str]:
    """The closed lists."""
    for row in rows:
        for name, values in ALLOWED.items():
            if row[name] not in values:
                yield f"{name} is {row[name]!r}"


def periods(rows: Rows) -> Iterator[str]:
    """Starts are included, ends are not."""
    for row in rows:
        for name in ("BillingPeriod", "ChargePeriod"):
            if not row[f"{name}Start"] < row[f"{name}End"]:
                yield f"{name} does not run forward"
        if row["ChargeClass"] == "" and row["ChargePeriodEnd"] > row["BillingPeriodEnd"]:
            yield "a charge after its billing period"


def prices(rows: Rows) -> Iterator[str]:
    """ListUnitPrice-C-008, -010; ContractedUnitPrice-C-009, -011; the same for quantities."""
    for row in rows:
        if not row["PricingQuantity"] or row["ChargeClass"]:
            continue
        quantity = Decimal(row["PricingQuantity"])
        for price, cost in (
            ("ListUnitPrice", "ListCost"),
            ("ContractedUnitPrice", "ContractedCost"),
        ):
            if Decimal(row[price]) < 0:
                yield f"{price} is negative"
            if abs(Decimal(row[price]) * quantity - Decimal(row[cost])) > Decimal("1e-9"):
                yield f"{price} × PricingQuantity is not {cost}"


def parents(rows: Rows) -> Iterator[str]:
    """SkuPriceId-C-008, ServiceName-C-005, ServiceSubcategory-C-004."""
    for child, parent in PARENTS:
        found = defaultdict(set)
        for row in rows:
            if row[child]:
                found[row[child]].add(row[parent])
        yield from (f"{name} has {held}" for name, held in found.items() if len(held) > 1)


def invoices(rows: Rows) -> Iterator[str]:
    """BilledCost-C-005: with another issuer than the provider, BilledCost would have to be 0."""
    for row in rows:
        if row["ProviderName"] != row["InvoiceIssuerName"] and Decimal(row["BilledCost"]):
            yield "BilledCost under another issuer"


def splits(rows: Rows) -> Iterator[str]:
    """1.3: a split row names its method; idle has no resource; a ratio is between 0 and 1."""
    for row in rows:
        if row["x_LineType"] == "rounding":
            continue
        if not row["AllocatedMethodId"]:
            yield "a split row without AllocatedMethodId"
        if row["x_LineType"] == "idle" and not row["x_Namespace"] and row["AllocatedResourceId"]:
            yield "an idle row with AllocatedResourceId"
        if bool(row["AllocatedResourceId"]) != bool(row["AllocatedResourceName"]):
            yield "AllocatedResourceId and -Name do not go together"
        details = json.loads(row["AllocatedMethodDetails"] or "{}")
        for element in details.get("Elements", []):
            if not 0 <= element["AllocatedRatio"] <= 1:
                yield "a ratio outside of 0 to 1"
            if ("UsageUnit" in element) != ("UsageQuantity" in element):
                yield "a usage without its unit"


RULES_1_2: tuple[Callable[[Rows], Iterator[str]], ...] = (
    columns,
    nullability,
    formats,
    allowed_values,
    periods,
    prices,
    parents,
    invoices,
)
RULES_1_3 = (*RULES_1_2, splits)
