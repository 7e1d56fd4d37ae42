"""The columns of a statement's lines, and the lines as columns: what CSV, XLSX and Parquet are made from.

Lines are turned into columns a batch at a time. Numbers stay whole numbers at a fixed scale until a format writes
them, so that every format writes the same number.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

import msgspec

from reporting.statements.document import STATEMENT_COLUMNS, Line, StatementDocument

ROWS_PER_BATCH = 2_000
_GIB_BITS = 30
_HALF_GIB = 1 << 29
_MICROS = 1_000_000
RATIO_ONE = 10**12
# Drivers that are counted in byte-hours; all others are counted in millionths.
BYTE_DRIVERS = frozenset({"ram_byte_hours", "ram_requested", "ram_used"})

Values = Sequence[Any]
Batch = list[Values]  # one per STATEMENT_COLUMNS, all of one length; None is unknown


class Kind(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    DAY = "day"  # ISO date, as text
    COUNT = "count"
    MICROS = "micros"  # millionths: money and hours
    RATIO = "ratio"  # of RATIO_ONE
    PERCENT = "percent"  # hundredths of a percent


SCALE = {Kind.MICROS: 6, Kind.RATIO: 12, Kind.PERCENT: 2}


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its unit (empty for none) and what it means."""

    name: str
    kind: Kind
    unit: str
    meaning: str


def _text(name: str, meaning: str) -> Column:
    return Column(name, Kind.TEXT, "", meaning)


def _money(name: str, meaning: str) -> Column:
    return Column(name, Kind.MICROS, "currency", meaning)


COLUMNS = (
    _text("statement_no", "The statement's number"),
    Column("revision", Kind.COUNT, "", "Revision of the period; 0 is preliminary"),
    Column("period_start", Kind.DAY, "", "First day, UTC"),
    Column("period_end", Kind.DAY, "", "Day after the last, UTC"),
    _text("cost_center_code", "Who is charged; empty for what is kept, unmapped or excluded"),
    _text("cost_center_name", "Its name"),
    _text("owner_email", "Its owner's address"),
    _text("gl_account", "Its general-ledger account"),
    _text("line_type", "direct, shared, idle, overhead, adjustment or rounding"),
    _text("pool", "The pool that a shared, idle or overhead line is a part of"),
    _text("cluster", "The cluster"),
    _text("namespace", "The namespace"),
    _text("controller_kind", "The workload's kind"),
    _text("controller", "The workload"),
    _text("label_key", "The label that the mapping rule looked at"),
    _text("label_value", "Its value"),
    Column("cpu_core_hours", Kind.MICROS, "core-hours", "CPU allocated"),
    Column("ram_gib_hours", Kind.MICROS, "GiB-hours", "Memory allocated"),
    Column("gpu_hours", Kind.MICROS, "GPU-hours", "GPUs allocated"),
    Column("pv_gib_hours", Kind.MICROS, "GiB-hours", "Persistent volumes"),
    _money("cpu_cost", "CPU at list price"),
    _money("ram_cost", "Memory at list price"),
    _money("gpu_cost", "GPUs at list price"),
    _money("pv_cost", "Persistent volumes at list price"),
    _money("network_cost", "Network at list price"),
    _money("load_balancer_cost", "Load balancers at list price"),
    _money("external_cost", "Costs from outside the cluster at list price"),
    _money("list_cost", "Sum of the eight components"),
    _money("discount", "Taken off by the internal rate card; not negative"),
    _money("markup", "Put on by the internal rate card; not negative"),
    _money("billed_cost", "What is charged, in whole minor units of the currency"),
    _money("effective_cost", "List cost − discount + markup, exact"),
    _text("currency", "Of every amount in the line, ISO 4217"),
    _text("fx_rate", "Exchange rate that was applied; empty where none was needed"),
    _text("share_method", "How the pool was spread: even, proportional or weights"),
    _text("share_driver", "What a proportional share is in proportion to"),
    Column(
        "share_driver_value", Kind.MICROS, "of the driver", "How much of the driver this line has"
    ),
    Column("share_ratio", Kind.RATIO, "", "Part of the pool, of 1"),
    _money("previous_period_cost", "Charged for the same line one period before; empty if unknown"),
    _money("delta", "billed_cost − previous_period_cost"),
    Column("delta_pct", Kind.PERCENT, "%", "The same in percent; empty where the base is 0"),
    Column("efficiency_pct", Kind.PERCENT, "%", "Cost of what was used, of what was allocated"),
    Column("idle_share_pct", Kind.PERCENT, "%", "Part of the idle pool, on lines of idle cost"),
    Column("mapping_rule_id", Kind.COUNT, "", "The rule that found the cost centre"),
    _text("snapshot_id", "The stored windows that the line was read from"),
    _text("notes", "Anything else to know"),
    _money("shared_cost", "Costs that OpenCost itself shared out, at list price"),
)
HEADER_COLUMNS = 8  # the same in every line of a statement


def batches(
    document: StatementDocument, lines: Iterable[Line], size: int = ROWS_PER_BATCH
) -> Iterator[Batch]:
    """The lines by columns, at most `size` rows at a time. Raises LinesDiffer at the end if they are not the document's."""
    found = checked(document, lines)
    head = _header_values(document)
    while part := list(islice(found, size)):
        raw: dict[str, Values] = dict(
            zip(
                Line.__struct_fields__,
                zip(*map(msgspec.structs.astuple, part), strict=True),
                strict=True,
            )
        )
        rows = len(part)
        raw.update({name: (value,) * rows for name, value in head.items()})
        for name, derive in _DERIVED.items():
            raw[name] = derive(raw)
        yield [raw[name] for name in STATEMENT_COLUMNS]


def _header_values(document: StatementDocument) -> dict[str, Any]:
    header = document.header
    return {
        "statement_no": header.statement_no,
        "revision": header.revision,
        "period_start": header.period_start,
        "period_end": header.period_end,
        "cost_center_code": header.cost_center_code,
        "cost_center_name": header.cost_center_name,
        "owner_email": header.owner_email,
        "gl_account": header.gl_account,
        "currency": header.currency,
    }


# Derived values ---------------------------------------------------------------------------------


def rounded(numerator: int, denominator: int) -> int:
    """The quotient to the nearest whole number, halves to even. `denominator` is positive."""
    whole, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return whole + (twice > denominator or (twice == denominator and whole % 2))


def gib_micros(byte_hours: int) -> int:
    """Byte-hours as millionths of GiB-hours, halves up."""
    return (byte_hours * _MICROS + _HALF_GIB) >> _GIB_BITS


def driver_micros(driver: str, value: int) -> int:
    """A driver's value in millionths of core-hours, GiB-hours, or the currency; counts times a million."""
    if driver in BYTE_DRIVERS:
        return gib_micros(value)
    return value if driver else value * _MICROS


def percent_of(part: int, whole: int) -> int:
    """Hundredths of a percent. `whole` is positive or negative, never 0; its sign does not count."""
    return rounded(part * 10_000, abs(whole))


def ratio_of(weight: int, total: int) -> int:
    """The ratio of two whole numbers, of RATIO_ONE."""
    return rounded(weight * RATIO_ONE, total)


Raw = dict[str, Values]


def _ram(raw: Raw) -> Values:
    return [gib_micros(value) for value in raw["ram_byte_hours"]]


def _pv(raw: Raw) -> Values:
    return [gib_micros(value) for value in raw["pv_byte_hours"]]


def _driver_value(raw: Raw) -> Values:
    return [
        None if value is None else driver_micros(driver, value)
        for driver, value in zip(raw["share_driver"], raw["share_driver_value"], strict=True)
    ]


def _ratio(raw: Raw) -> Values:
    return [
        ratio_of(weight, total) if total and weight is not None else None
        for weight, total in zip(raw["share_weight"], raw["share_weight_total"], strict=True)
    ]


def _delta(raw: Raw) -> Values:
    return [
        None if before is None else now - before
        for now, before in zip(raw["billed_cost"], raw["previous_period_cost"], strict=True)
    ]


def _delta_percent(raw: Raw) -> Values:
    return [
        percent_of(delta, before) if before else None
        for delta, before in zip(raw["delta"], raw["previous_period_cost"], strict=True)
    ]


def _efficiency(raw: Raw) -> Values:
    return [None if value is None else rounded(value, 100) for value in raw["efficiency_micros"]]


def _idle_share(raw: Raw) -> Values:
    return [
        rounded(ratio, RATIO_ONE // 10_000) if ratio is not None and line_type == "idle" else None
        for line_type, ratio in zip(raw["line_type"], raw["share_ratio"], strict=True)
    ]


# In the order in which they need each other.
_DERIVED: dict[str, Callable[[Raw], Values]] = {
    "ram_gib_hours": _ram,
    "pv_gib_hours": _pv,
    "share_driver_value": _driver_value,
    "share_ratio": _ratio,
    "delta": _delta,
    "delta_pct": _delta_percent,
    "efficiency_pct": _efficiency,
    "idle_share_pct": _idle_share,
}


# Proof ------------------------------------------------------------------------------------------


class LinesDiffer(Exception):
    """The lines are not those that the document counts and adds up: the file would not be the statement."""


def checked(document: StatementDocument, lines: Iterable[Line]) -> Iterator[Line]:
    """The same lines; raises LinesDiffer after the last one if count or sums are not the document's."""
    count = list_cost = effective = billed = 0
    for line in lines:
        count += 1
        list_cost += line.list_cost
        effective += line.effective_cost
        billed += line.billed_cost
        yield line
    stated = document.lines
    found = (count, list_cost, effective, billed)
    if found != (stated.count, stated.list_cost, stated.effective, stated.billed):
        raise LinesDiffer(
            f"{document.header.statement_no}: (count, list, effective, billed) of the lines is {found}"
        )
