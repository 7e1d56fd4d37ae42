"""Statements made up from a seed: consistent as a closed one is, with everything that may stand in one."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec

from costinsights.core.money import split
from reporting.statements.document import (
    SCHEMA,
    AdjustmentBlock,
    Evidence,
    Header,
    Line,
    Lines,
    Method,
    MonthTotal,
    Mover,
    RateUsed,
    Reconciliation,
    ReconciliationLine,
    ShareOfPool,
    StatementDocument,
    Summary,
    sha256_of_lines,
)

CENT = 10_000
TYPES = ("direct",) * 12 + ("shared", "idle", "overhead", "adjustment")
KINDS = ("deployment", "statefulset", "daemonset", "job", "cronjob")
COMPONENTS = ("cpu", "ram", "gpu", "pv", "network", "load_balancer", "shared", "external")
HOSTILE = (
    "=cmd|'/c calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\tx",
    "\r\nx",
    "＝1+1",
    'quote " and , comma; semicolon',
    "two\nlines",
    "שלום עולם",
    "\u202eevil\u202c",
    "مرحبا",
    "价格",
    "x" * 300,
    '#import "@preview/x:1.0.0"; #read("/etc/passwd")',
    "$ sum_(i=1)^n $ *bold* _it_ `raw` <label> @ref \\ #",
    "{{ x }} <script>alert(1)</script>",
    "emoji 🚀👩‍👩‍👧",
    "\x01\x08 control",
    "http://example.com/x",
    "1e5",
    "0012",
    " leading",
    "",
)


def blank_line(position: int, **values: Any) -> Line:
    """A line without costs; every number 0, every text empty, everything that may be unknown unknown."""
    texts = dict.fromkeys(
        (
            "pool",
            "cluster",
            "namespace",
            "controller_kind",
            "controller",
            "label_key",
            "label_value",
        ),
        "",
    )
    numbers = dict.fromkeys(
        (
            *("cpu_core_hours", "ram_byte_hours", "gpu_hours", "pv_byte_hours"),
            *(f"{name}_cost" for name in COMPONENTS),
            *("list_cost", "discount", "markup", "effective_cost", "billed_cost"),
        ),
        0,
    )
    unknown = dict.fromkeys(
        (
            *("share_driver_value", "share_weight", "share_weight_total"),
            *("previous_period_cost", "efficiency_micros", "mapping_rule_id"),
        )
    )
    rest = dict.fromkeys(("fx_rate", "share_method", "share_driver", "snapshot_id", "notes"), "")
    return Line(
        **{
            "position": position,
            "line_type": "direct",
            **texts,
            **numbers,
            **unknown,
            **rest,
            **values,
        }
    )


def line(chance: Random, position: int, *, hostile: bool = False) -> Line:
    """One line with cost, of any type but rounding."""
    kind = chance.choice(TYPES)
    costs = {
        f"{name}_cost": chance.choice((0, chance.randrange(1, 9_000_000_000)))
        if name not in ("shared", "external")
        else chance.choice((0, 0, 0, chance.randrange(1, 5_000_000)))
        for name in COMPONENTS
    }
    costs["cpu_cost"] = chance.randrange(1, 99_000_000_000)
    if kind == "adjustment":
        costs = {name: -value if chance.random() < 0.5 else value for name, value in costs.items()}
    list_cost = sum(costs.values())
    change = chance.choice((0, 0, abs(list_cost) // 20))
    discount, markup = (change, 0) if chance.random() < 0.5 else (0, change)
    effective = list_cost - discount + markup
    values: dict[str, Any] = {
        "line_type": kind,
        **costs,
        "list_cost": list_cost,
        "discount": discount,
        "markup": markup,
        "effective_cost": effective,
        "billed_cost": effective // CENT * CENT,
        "snapshot_id": f"w{chance.randrange(999)}",
        "cluster": chance.choice(("prod", "staging", "batch")),
        "previous_period_cost": chance.choice((None, 0, effective // CENT * CENT, 120_000_000)),
    }
    if kind in ("direct", "adjustment"):
        values |= {
            "namespace": f"team-{chance.randrange(30):02}",
            "controller_kind": chance.choice(KINDS),
            "controller": f"service-{chance.randrange(400):03}",
            "label_key": chance.choice(("", "team")),
            "label_value": chance.choice(("", "platform")),
            "mapping_rule_id": chance.choice((None, 3, 17)),
            "efficiency_micros": chance.choice((None, chance.randrange(1_400_000))),
        }
    if kind == "direct":
        values |= {
            "cpu_core_hours": chance.randrange(1, 700_000_000),
            "ram_byte_hours": chance.randrange(10**12),
            "gpu_hours": chance.choice((0, 0, 0, chance.randrange(9_000_000))),
            "pv_byte_hours": chance.choice((0, chance.randrange(10**13))),
        }
    if kind in ("shared", "idle", "overhead"):
        values |= {
            "pool": f"{kind} {values['cluster']}",
            "share_method": "proportional",
            "share_driver": chance.choice(("cost", "ram_requested", "cpu_core_hours")),
            "share_driver_value": chance.randrange(1, 10**12),
            "share_weight": chance.randrange(1, 500),
            "share_weight_total": 500,
        }
    if hostile:
        for name in ("namespace", "controller", "label_value", "notes", "pool"):
            values[name] = chance.choice(HOSTILE)
    return blank_line(position, **values)


def lines_of(chance: Random, count: int, *, hostile: bool = False) -> list[Line]:
    """`count` lines that bill, in whole cents, what they cost together."""
    found = [line(chance, position, hostile=hostile) for position in range(1, count + 1)]
    if not found:
        return found
    missing = sum(each.effective_cost for each in found) - sum(each.billed_cost for each in found)
    cents = missing // CENT
    return [
        msgspec.structs.replace(each, billed_cost=each.billed_cost + part * CENT)
        for each, part in zip(found, split(cents, [1] * count), strict=True)
    ]


def statement(
    seed: int, count: int = 40, *, hostile: bool = False, revision: int = 1, months: int = 13
) -> tuple[StatementDocument, list[Line]]:
    """A document and its lines."""
    chance = Random(seed)
    found = lines_of(chance, count, hostile=hostile)
    return document_of(
        chance, found, seed=seed, hostile=hostile, revision=revision, months=months
    ), found


def document_of(
    chance: Random,
    found: list[Line],
    *,
    seed: int = 0,
    hostile: bool = False,
    revision: int = 1,
    months: int = 13,
) -> StatementDocument:
    """The document that these lines belong to."""

    def text(plain: str) -> str:
        return chance.choice(HOSTILE) if hostile else plain

    def of(*kinds: str) -> int:
        return sum(each.billed_cost for each in found if each.line_type in kinds)

    billed = sum(each.billed_cost for each in found)
    effective = sum(each.effective_cost for each in found)
    code = f"CC{100 + seed % 900}"
    header = Header(
        statement_no=f"CI-2026-09-{code}-r{revision}",
        tenant="acme",
        tenant_name=text("Acme Industries"),
        bucket="center",
        cost_center_code=code,
        cost_center_name=text("Payments platform"),
        cost_center_path=[text("Acme"), text("Engineering"), text("Payments platform")],
        owner_name=text("Riley Novak"),
        owner_email="riley@acme.example",
        gl_account=text("6420-01"),
        period_start="2026-09-01",
        period_end="2026-10-01",
        time_zone="Europe/Berlin",
        currency="EUR",
        minor_digits=2,
        mode="chargeback",
        revision=revision,
        generated_at="2026-10-03T06:15:00Z",
        generated_by=text("robin@acme.example"),
        complete_micros=1_000_000,
    )
    previous = billed * 9 // 10 // CENT * CENT
    history = [
        MonthTotal(month=f"{2025 + (8 + n) // 12}-{(8 + n) % 12 + 1:02}", billed=value)
        for n, value in enumerate(
            [None, *(billed * (60 + 3 * n) // 100 for n in range(11)), billed][-months:],
            start=13 - months,
        )
    ]
    summary = Summary(
        billed=billed,
        effective=effective,
        list_cost=sum(each.list_cost for each in found),
        discount=sum(each.discount for each in found),
        markup=sum(each.markup for each in found),
        rounding=billed - effective,
        direct=of("direct"),
        shared=of("shared"),
        idle=of("idle"),
        overhead=of("overhead"),
        adjustments=of("adjustment"),
        previous=previous if found else None,
        budget=billed * 11 // 10 if found else None,
        efficiency_pct="61.40" if found else None,
        months=history if found else [],
        movers=[
            Mover(
                name=text(f"prod / team-{n:02} / service-{n * 7:03}"),
                previous=(n + 1) * 31_000_000,
                current=(n + 2) * 42_000_000,
                quantity_effect=9_000_000 * n,
                price_effect=(n + 2) * 42_000_000 - (n + 1) * 31_000_000 - 9_000_000 * n,
            )
            for n in range(min(5, len(found)))
        ],
    )
    return StatementDocument(
        schema=SCHEMA,
        header=header,
        summary=summary,
        shared=[_share(each, text) for each in _first_of(found, "shared")],
        idle=[_share(each, text) for each in _first_of(found, "idle")],
        reconciliation=_reconciliation(chance, text),
        adjustments=[
            AdjustmentBlock(
                period="2026-08",
                statement_no=f"CI-2026-08-{code}-r1",
                cluster=each.cluster,
                namespace=each.namespace,
                controller_kind=each.controller_kind,
                controller=each.controller,
                amount=each.billed_cost,
                reason=text("OpenCost restated 14 August"),
            )
            for each in _first_of(found, "adjustment")
        ],
        method=_method(text),
        evidence=Evidence(
            clusters={"prod": text("Production"), "staging": "Staging", "batch": "Batch"},
            snapshots=90,
            snapshots_sha256="7d" * 32,
            facts=12_345,
            missing_days=["batch 2026-09-14"],
            unknown_rows=2,
            data_through="2026-10-01T00:00:00Z",
            override_reason=text(""),
        ),
        lines=Lines(
            count=len(found),
            list_cost=summary.list_cost,
            effective=effective,
            billed=billed,
            sha256=sha256_of_lines(found),
        ),
    )


def _first_of(found: list[Line], line_type: str, most: int = 6) -> Iterator[Line]:
    return (
        each
        for each, _ in zip(
            (e for e in found if e.line_type == line_type), range(most), strict=False
        )
    )


def _share(each: Line, text: Any) -> ShareOfPool:
    return ShareOfPool(
        pool=each.pool,
        name=text("Monitoring and ingress"),
        source="filter" if each.line_type == "shared" else "idle",
        cluster=each.cluster,
        first_day="2026-09-01",
        last_day="2026-09-30",
        pool_total=each.effective_cost * 4,
        method=each.share_method,
        driver=each.share_driver,
        used_fallback=False,
        driver_total=(each.share_driver_value or 0) * 4,
        driver_value=each.share_driver_value or 0,
        weight=1,
        weight_total=4,
        amount=each.effective_cost,
    )


def _reconciliation(chance: Random, text: Any) -> Reconciliation:
    total = chance.randrange(10**9, 10**11) // CENT * CENT
    excluded, shared, retained = total // 100, total // 7, total // 20
    recovered = total - excluded
    direct = recovered - shared - retained
    amounts = (
        ("A", "Cluster cost from OpenCost", total),
        ("B", "Excluded by policy", -excluded),
        ("C", "To be recovered", recovered),
        ("D", "Direct, shared and idle", direct + shared),
        ("E", "Retained", retained),
        ("F", "D + E", recovered),
        ("G", "Rounding", 0),
        ("H", "Difference C − F − G", 0),
    )
    return Reconciliation(
        lines=[ReconciliationLine(letter=a, label=text(b), amount=c) for a, b, c in amounts],
        by_cluster={"prod": total - total // 3, "staging": total // 3},
        excluded={text("Sandbox"): excluded},
        retained=retained,
        unmapped=0,
        difference=0,
    )


def _method(text: Any) -> Method:
    return Method(
        mapping_rules=[
            {
                "position": 1,
                "name": text("Payments"),
                "when": 'label[team]:"payments"',
                "to": "CC100 100 %",
            }
        ],
        share_rules=[{"position": 1, "name": text("Idle by cost"), "method": "proportional"}],
        rate_card=[{"component": "cpu", "percent": "-5.000000", "center": ""}],
        rounding="Whole minor units per line by largest remainder.",
        exchange_rates=[
            RateUsed(
                currency="USD",
                to_currency="EUR",
                rate="0.921500",
                valid_from="2026-09-01",
                source=text("ECB"),
            )
        ],
        opencost_versions=["1.119.2"],
        generator="0.1.0",
        rules_sha256="ab" * 32,
    )


def changed(document: StatementDocument, block: str, **values: Any) -> StatementDocument:
    """The document with other values in one of its blocks."""
    part = msgspec.structs.replace(getattr(document, block), **values)
    return msgspec.structs.replace(document, **{block: part})
