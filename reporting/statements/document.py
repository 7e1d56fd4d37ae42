"""A statement as it is frozen: blocks of plain values, encoded one way only.

Amounts are whole micro-units (10^-6 of the currency); `billed` amounts are whole minor units (cents) expressed in
micro-units. The lines themselves are rows of their own table; the document holds their count, their total and the
SHA-256 of their canonical form, so that document and lines prove each other. Field names follow
`STATEMENT_COLUMNS`, the stable columns of the CSV.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

SCHEMA = "costinsights.statement/1"

# The columns of a statement's CSV, in their order. They only ever grow at the end.
STATEMENT_COLUMNS = (
    "statement_no",
    "revision",
    "period_start",
    "period_end",
    "cost_center_code",
    "cost_center_name",
    "owner_email",
    "gl_account",
    "line_type",
    "pool",
    "cluster",
    "namespace",
    "controller_kind",
    "controller",
    "label_key",
    "label_value",
    "cpu_core_hours",
    "ram_gib_hours",
    "gpu_hours",
    "pv_gib_hours",
    "cpu_cost",
    "ram_cost",
    "gpu_cost",
    "pv_cost",
    "network_cost",
    "load_balancer_cost",
    "external_cost",
    "list_cost",
    "discount",
    "markup",
    "billed_cost",
    "effective_cost",
    "currency",
    "fx_rate",
    "share_method",
    "share_driver",
    "share_driver_value",
    "share_ratio",
    "previous_period_cost",
    "delta",
    "delta_pct",
    "efficiency_pct",
    "idle_share_pct",
    "mapping_rule_id",
    "snapshot_id",
    "notes",
    "shared_cost",
)


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every block."""


class Header(Struct, frozen=True):
    """Block 1. `status` is what it is when it is frozen; the sign-off lives beside the document."""

    statement_no: str
    tenant: str
    tenant_name: str
    bucket: str  # Bucket
    cost_center_code: str
    cost_center_name: str
    cost_center_path: list[str]  # names from the top
    owner_name: str
    owner_email: str
    gl_account: str
    period_start: str  # ISO date, UTC
    period_end: str  # exclusive
    time_zone: str  # the workspace's; days are UTC
    currency: str
    minor_digits: int
    mode: str  # showback, chargeback
    revision: int  # 0: preliminary
    generated_at: str
    generated_by: str
    complete_micros: int  # share of the days stored, of 1,000,000
    sample: bool = False


class MonthTotal(Struct, frozen=True):
    """One bar of the chart; `billed` None where no statement is known."""

    month: str  # 2026-09
    billed: int | None


class Mover(Struct, frozen=True):
    """A workload's change against the month before, split into quantity and price."""

    name: str
    previous: int
    current: int
    quantity_effect: int
    price_effect: int


class Summary(Struct, frozen=True):
    """Block 2: effective and billed amounts."""

    billed: int
    effective: int
    list_cost: int
    discount: int
    markup: int
    rounding: int  # billed − effective
    direct: int
    shared: int
    idle: int
    overhead: int
    adjustments: int
    previous: int | None
    budget: int | None
    efficiency_pct: str | None
    months: list[MonthTotal]
    movers: list[Mover]


class ShareOfPool(Struct, frozen=True):
    """One row of the annexes: what this cost centre got of a pool, and why."""

    pool: str
    name: str
    source: str
    cluster: str
    first_day: str
    last_day: str
    pool_total: int
    method: str
    driver: str
    used_fallback: bool
    driver_total: int
    driver_value: int
    weight: int
    weight_total: int
    amount: int


class ReconciliationLine(Struct, frozen=True):
    """A letter, words and an amount."""

    letter: str
    label: str
    amount: int


class Reconciliation(Struct, frozen=True):
    """Block 6, of the whole period: the difference is 0 or the period does not close."""

    lines: list[ReconciliationLine]
    by_cluster: dict[str, int]
    excluded: dict[str, int]
    retained: int
    unmapped: int
    difference: int


class AdjustmentBlock(Struct, frozen=True):
    """Block 7: a change of an earlier period that is charged here."""

    period: str
    statement_no: str
    cluster: str
    namespace: str
    controller_kind: str
    controller: str
    amount: int
    reason: str


class RateUsed(Struct, frozen=True):
    """An exchange rate that was applied."""

    currency: str
    to_currency: str
    rate: str
    valid_from: str
    source: str


class Method(Struct, frozen=True):
    """Block 8: the rules as they were, in words and in full."""

    mapping_rules: list[dict[str, Any]]
    share_rules: list[dict[str, Any]]
    rate_card: list[dict[str, Any]]
    rounding: str
    exchange_rates: list[RateUsed]
    opencost_versions: list[str]
    generator: str
    rules_sha256: str


class Evidence(Struct, frozen=True):
    """Block 9: what the numbers were made from."""

    clusters: dict[str, str]  # slug: name
    snapshots: int
    snapshots_sha256: str  # over cluster, day, revision and facts hash of each window
    facts: int
    missing_days: list[str]  # `cluster 2026-09-14`
    unknown_rows: int
    data_through: str
    override_reason: str


class Lines(Struct, frozen=True):
    """What the lines add up to, and the hash of their canonical form."""

    count: int
    list_cost: int
    effective: int
    billed: int
    sha256: str


class StatementDocument(Struct, frozen=True):
    """A whole statement."""

    schema: str
    header: Header
    summary: Summary
    shared: list[ShareOfPool]
    idle: list[ShareOfPool]
    reconciliation: Reconciliation
    adjustments: list[AdjustmentBlock]
    method: Method
    evidence: Evidence
    lines: Lines


class Line(Struct, frozen=True, array_like=True):
    """A line as it is frozen. `billed_cost` is whole minor units; `effective_cost` is exact."""

    position: int
    line_type: str
    pool: str
    cluster: str
    namespace: str
    controller_kind: str
    controller: str
    label_key: str
    label_value: str
    cpu_core_hours: int  # millionths
    ram_byte_hours: int
    gpu_hours: int  # millionths
    pv_byte_hours: int
    cpu_cost: int
    ram_cost: int
    gpu_cost: int
    pv_cost: int
    network_cost: int
    load_balancer_cost: int
    shared_cost: int
    external_cost: int
    list_cost: int
    discount: int
    markup: int
    effective_cost: int
    billed_cost: int
    fx_rate: str
    share_method: str
    share_driver: str
    share_driver_value: int | None
    share_weight: int | None
    share_weight_total: int | None
    previous_period_cost: int | None
    efficiency_micros: int | None
    mapping_rule_id: int | None
    snapshot_id: str
    notes: str


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(StatementDocument)


def canonical(value: Any) -> bytes:
    """The one encoding: UTF-8, keys sorted, no spaces."""
    return _encoder.encode(value)


def decode(text: str | bytes) -> StatementDocument:
    """Raises msgspec.ValidationError for anything but a document of this schema."""
    return _decoder.decode(text)


def sha256_of(document: StatementDocument) -> str:
    return hashlib.sha256(canonical(document)).hexdigest()


def sha256_of_lines(lines: Iterable[Line]) -> str:
    """Over each line's canonical form and a line feed, in the order of their positions."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(canonical(line))
        digest.update(b"\n")
    return digest.hexdigest()
