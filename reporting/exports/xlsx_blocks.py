"""The blocks of a statement as tables of values: what the workbook's sheets hold besides the lines."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from reporting.exports.columns import driver_micros, percent_of
from reporting.exports.words import (
    EVENTS_TO_SIGN,
    driver_unit,
    driver_words,
    method_words,
    mode_words,
    rule_words,
    source_words,
)
from reporting.statements.document import ShareOfPool, StatementDocument, sha256_of

Row = Sequence[Any]


@dataclass(slots=True)
class Table:
    """Rows below a head. `forms` are names of the workbook's formats, one per column; `total` is one of the rows."""

    head: Row
    forms: Sequence[str]
    rows: list[Row]
    total: Row | None = None


@dataclass(slots=True)
class Block:
    """A sheet. `chart` is (first row, last row, column) of the values it shows."""

    name: str
    title: str
    widths: Sequence[float]
    tables: list[Table] = field(default_factory=list)
    chart: tuple[int, int, int] | None = None


def money(micros: int | None) -> float | None:
    return None if micros is None else float(Decimal(micros).scaleb(-6))


def blocks_of(document: StatementDocument) -> list[Block]:
    """Summary first; the lines come between it and the others."""
    return [
        _summary(document),
        _shares("Shared", "Shared cost", document.shared),
        _shares("Idle", "Idle cost", document.idle),
        _reconciliation(document),
        _adjustments(document),
        _method(document),
        _evidence(document),
        _sign_off(document),
    ]


_PAIR = ("text", "wrap")


def _summary(document: StatementDocument) -> Block:
    header, summary = document.header, document.summary
    about: list[Row] = [
        ("Statement", header.statement_no),
        ("SHA-256", sha256_of(document)),
        ("Workspace", header.tenant_name),
        ("Cost centre", f"{header.cost_center_code} {header.cost_center_name}".strip()),
        ("Within", " › ".join(header.cost_center_path)),
        ("Owner", f"{header.owner_name} {header.owner_email}".strip()),
        ("General-ledger account", header.gl_account),
        ("Period", f"{header.period_start} to {header.period_end} (end excluded), days in UTC"),
        ("Time zone", header.time_zone),
        ("Currency", header.currency),
        ("Kind", mode_words(header)),
        ("Revision", str(header.revision) if header.revision else "preliminary"),
        ("Made", f"{header.generated_at} by {header.generated_by}"),
        ("Data complete", f"{percent_of(header.complete_micros, 1_000_000) / 100:.2f} %"),
    ]
    if header.sample:
        about.insert(0, ("Sample data", "Made up, not of a real cluster"))
    total: Row = ("Billed", money(summary.billed))
    parts: list[Row] = [
        ("Direct", money(summary.direct)),
        ("Shared", money(summary.shared)),
        ("Idle", money(summary.idle)),
        ("Overhead", money(summary.overhead)),
        ("Adjustments of earlier periods", money(summary.adjustments)),
        total,
        ("List cost", money(summary.list_cost)),
        ("− Discount", money(summary.discount)),
        ("+ Markup", money(summary.markup)),
        ("Effective cost", money(summary.effective)),
        ("Rounding (billed − effective)", money(summary.rounding)),
        ("Period before", money(summary.previous)),
        ("Budget", money(summary.budget)),
    ]
    months: list[Row] = [(month.month, money(month.billed)) for month in summary.months]
    movers: list[Row] = [
        (
            mover.name,
            *map(money, (mover.previous, mover.current, mover.current - mover.previous)),
            *map(money, (mover.quantity_effect, mover.price_effect)),
        )
        for mover in summary.movers
    ]
    tables = [
        Table(
            (), ("text", "text"), about
        ),  # not wrapped: it goes on over the empty cells beside it
        Table((f"Amounts in {header.currency}", "Amount"), ("text", "money"), parts, total),
        Table(("Month", "Billed"), ("text", "money"), months),
        Table(
            ("What moved most", "Before", "Now", "Change", "By quantity", "By price"),
            ("wrap", *("money",) * 5),
            movers,
        ),
    ]
    first = 2 + len(about) + 1 + 1 + len(parts) + 1 + 1  # below two tables, their heads and gaps
    chart = (first, first + len(months) - 1, 1) if months else None
    return Block("Summary", "Statement", (34, 20, 16, 16, 16, 16), tables, chart)


def _shares(name: str, title: str, shares: list[ShareOfPool]) -> Block:
    rows: list[Row] = [
        (
            share.name,
            source_words(share.source),
            share.cluster or "all",
            share.first_day,
            share.last_day,
            method_words(share.method, fallback=share.used_fallback),
            driver_words(share.driver),
            money(driver_micros(share.driver, share.driver_value)),
            money(driver_micros(share.driver, share.driver_total)),
            driver_unit(share.driver),
            share.weight / share.weight_total if share.weight_total else None,
            money(share.pool_total),
            money(share.amount),
        )
        for share in shares
    ]
    total: Row = ("Together", *(None,) * 11, money(sum(share.amount for share in shares)))
    head = (
        *("Pool", "Source", "Cluster", "First day", "Last day", "Spread", "In proportion to"),
        *("Driver here", "Driver in all", "Unit", "Ratio", "Pool", "Amount"),
    )
    forms = (
        "wrap",
        *("text",) * 4,
        "wrap",
        "wrap",
        "hours",
        "hours",
        "text",
        "ratio",
        "exact",
        "exact",
    )
    widths = (30, 14, 14, 11, 11, 18, 18, 16, 16, 11, 11, 18, 18)
    return Block(name, title, widths, [Table(head, forms, [*rows, total], total)])


def _reconciliation(document: StatementDocument) -> Block:
    block = document.reconciliation
    lines: list[Row] = [(line.letter, line.label, money(line.amount)) for line in block.lines]
    verdict = "The difference is exactly 0." if not block.difference else "There is a difference."
    clusters: list[Row] = [
        ("", name, money(cost)) for name, cost in sorted(block.by_cluster.items())
    ]
    excluded: list[Row] = [("", name, money(cost)) for name, cost in sorted(block.excluded.items())]
    forms = ("text", "wrap", "exact")
    tables = [
        Table(("", "Whole period, all cost centres", document.header.currency), forms, lines),
        Table((), forms, [("", verdict, money(block.difference))]),
        Table(("", "Cost by cluster", document.header.currency), forms, clusters),
        Table(("", "Excluded by policy", document.header.currency), forms, excluded),
    ]
    return Block("Reconciliation", "Reconciliation of the period", (5, 60, 22), tables)


def _adjustments(document: StatementDocument) -> Block:
    rows: list[Row] = [
        (
            *(each.period, each.statement_no, each.cluster, each.namespace),
            *(each.controller_kind, each.controller, money(each.amount), each.reason),
        )
        for each in document.adjustments
    ]
    rows = rows or [("None", *(None,) * 7)]
    head = ("Period", "Statement", "Cluster", "Namespace", "Kind", "Workload", "Amount", "Reason")
    forms = (*("text",) * 6, "exact", "wrap")
    widths = (10, 24, 14, 22, 14, 26, 18, 60)
    return Block("Adjustments", "Changes of earlier periods", widths, [Table(head, forms, rows)])


def _method(document: StatementDocument) -> Block:
    method = document.method
    rules: list[Row] = [
        (kind, number, rule_words(rule))
        for kind, found in (
            ("Mapping rule", method.mapping_rules),
            ("Share rule", method.share_rules),
            ("Rate", method.rate_card),
        )
        for number, rule in enumerate(found, 1)
    ]
    rules += [
        (
            "Exchange rate",
            None,
            f"1 {rate.currency} = {rate.rate} {rate.to_currency} from {rate.valid_from} ({rate.source})",
        )
        for rate in method.exchange_rates
    ]
    rules += [
        ("Rounding", None, method.rounding),
        ("OpenCost", None, ", ".join(method.opencost_versions)),
        ("Cost Insights", None, method.generator),
        ("SHA-256 of the rules", None, method.rules_sha256),
    ]
    table = Table(("What", "No.", "In words"), ("text", "count", "wrap"), rules)
    return Block("Method", "Method", (24, 6, 110), [table])


def _evidence(document: StatementDocument) -> Block:
    evidence, lines = document.evidence, document.lines
    rows: list[Row] = [
        *(("Cluster", f"{slug}: {name}") for slug, name in sorted(evidence.clusters.items())),
        ("Stored windows", evidence.snapshots),
        ("SHA-256 of the windows", evidence.snapshots_sha256),
        ("Facts read", evidence.facts),
        ("Facts with an unknown cost", evidence.unknown_rows),
        ("Data through", evidence.data_through),
        *(("Missing day", day) for day in evidence.missing_days),
        ("Closed although incomplete", evidence.override_reason or "no"),
        ("Lines", lines.count),
        ("SHA-256 of the lines", lines.sha256),
        ("SHA-256 of the statement", sha256_of(document)),
    ]
    return Block("Evidence", "Evidence", (30, 80), [Table(("What", "Value"), _PAIR, rows)])


def _sign_off(document: StatementDocument) -> Block:
    rows: list[Row] = [(event, "", "", "") for event in EVENTS_TO_SIGN]
    table = Table(("Step", "Name", "Date", "Signature"), ("text",) * 4, rows)
    number = document.header.statement_no
    return Block("Sign-off", f"Sign-off of {number}", (36, 34, 16, 40), [table])
