"""The words of a statement for people: what workbook and PDF call things."""

from typing import Any

import msgspec

from reporting.exports.columns import BYTE_DRIVERS
from reporting.statements.document import Header, ShareOfPool

EVENTS_TO_SIGN = ("Prepared", "Approved", "Accepted by the cost centre", "Booked")

_METHODS = {
    "even": "in equal parts",
    "proportional": "in proportion",
    "weights": "by fixed weights",
    "retain": "kept central",
    "exclude": "excluded",
}
_DRIVERS = {
    "cost": "direct cost",
    "cpu_cost": "CPU cost",
    "ram_cost": "memory cost",
    "cpu_core_hours": "CPU core-hours",
    "ram_byte_hours": "memory hours",
    "cpu_requested": "CPU requested",
    "ram_requested": "memory requested",
    "cpu_used": "CPU used",
    "ram_used": "memory used",
}
_SOURCES = {
    "idle": "idle",
    "unmounted": "unmounted volumes",
    "overhead": "overhead",
    "filter": "named workloads",
    "fixed": "fixed amount",
}
_BUCKETS = {
    "center": "",
    "unmapped": "not mapped to a cost centre",
    "retained": "kept central",
    "excluded": "excluded by policy",
}


def method_words(method: str, *, fallback: bool = False) -> str:
    """`fallback`: the pool had nobody with its driver and went another way."""
    words = _METHODS.get(method, method)
    return f"{words} (fall-back)" if fallback else words


def spread_words(share: ShareOfPool) -> str:
    """in proportion to direct cost"""
    words = method_words(share.method, fallback=share.used_fallback)
    return f"{words} to {driver_words(share.driver)}" if share.driver else words


def driver_words(driver: str) -> str:
    return _DRIVERS.get(driver, driver)


def driver_unit(driver: str) -> str:
    """The unit of `driver_micros`; "" for money and for weights."""
    if driver in BYTE_DRIVERS:
        return "GiB-hours"
    return "core-hours" if driver.startswith("cpu") and not driver.endswith("cost") else ""


def source_words(source: str) -> str:
    return _SOURCES.get(source, source)


def bucket_words(bucket: str) -> str:
    return _BUCKETS.get(bucket, bucket)


def mode_words(header: Header) -> str:
    """Showback or chargeback, and what the statement is of where it charges nobody."""
    bucket = bucket_words(header.bucket)
    return f"{header.mode}, {bucket}" if bucket else header.mode


def rule_words(rule: dict[str, Any]) -> str:
    """A rule as `name: value` pairs, nested values as JSON; its position is where it stands."""
    pairs = ((name, value) for name, value in rule.items() if name != "position")
    return "; ".join(f"{name}: {_value(value)}" for name, value in pairs if value not in ("", None))


def _value(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
