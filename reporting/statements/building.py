"""Statements out of a computed month: one document with its lines for each cost centre and each central bucket."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from reporting.allocation.explaining import driver_text
from reporting.allocation.rounding import RoundedStatement
from reporting.allocation.types import (
    COMPONENTS,
    USAGE,
    AllocatedLine,
    Bucket,
    LineType,
    Pool,
    PoolSource,
    ShareMethod,
)
from reporting.statements.computing import Computed
from reporting.statements.document import (
    SCHEMA,
    AdjustmentBlock,
    Evidence,
    Header,
    Line,
    Lines,
    Method,
    Mover,
    RateUsed,
    ShareOfPool,
    StatementDocument,
    Summary,
    sha256_of_lines,
)
from reporting.statements.earlier import QUANTITIES, Earlier, EarlierLine, Key, Payer

MOVERS = 5
ROUNDING = (
    "Each amount is exact to a millionth of the currency. The month's total is rounded to whole minor units once; "
    "statements and lines are rounded by largest remainder, so that lines add up to statements and statements to "
    "the month."
)
CENTRAL_NAMES = {
    Bucket.UNMAPPED: "Unmapped cost",
    Bucket.RETAINED: "Kept central",
    Bucket.EXCLUDED: "Excluded by policy",
}


@dataclass(frozen=True, slots=True)
class Issue:
    """What all statements of a preparation or a close have in common."""

    prefix: str
    tenant: str
    tenant_name: str
    time_zone: str
    mode: str
    minor_digits: int
    revision: int
    generated_at: dt.datetime
    generated_by: str
    generator: str
    override_reason: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement before it is written."""

    bucket: Bucket
    code: str
    name: str
    document: StatementDocument
    lines: list[Line]


def statements(computed: Computed, issue: Issue, earlier: Earlier) -> Iterator[Draft]:
    """Every statement of the month, cost centres first, in the order of their codes."""
    builder = _Builder(computed, issue, earlier)
    for one in sorted(computed.rounded.statements, key=lambda one: (one.bucket, one.center)):
        yield builder.draft(one)


def number_of(prefix: str, month: dt.date, code: str, revision: int) -> str:
    """`CI-2026-09-CC100-r1`; a preliminary one ends in -p."""
    return f"{prefix}-{month:%Y-%m}-{code}-{f'r{revision}' if revision else 'p'}"


class _Builder:
    def __init__(self, computed: Computed, issue: Issue, earlier: Earlier) -> None:
        self.computed, self.issue, self.earlier = computed, issue, earlier
        self.books = computed.books
        self.method, self.evidence = _method(computed, issue), _evidence(computed, issue)
        self.rates = self._rates_by_cluster()

    def draft(self, rounded: RoundedStatement) -> Draft:
        code = rounded.center or rounded.bucket.value
        payer = (rounded.bucket.value, code)
        lines = [
            self._line(place, line, billed, payer)
            for place, (line, billed) in enumerate(
                zip(rounded.lines, rounded.billed_lines, strict=True), start=1
            )
        ]
        header = self._header(rounded, code)
        shared, idle = self._annexes(rounded)
        document = StatementDocument(
            schema=SCHEMA,
            header=header,
            summary=self._summary(rounded, lines, payer),
            shared=shared,
            idle=idle,
            reconciliation=self.computed.reconciliation,
            adjustments=self._adjustments(rounded),
            method=self.method,
            evidence=self.evidence,
            lines=Lines(
                count=len(lines),
                list_cost=sum(line.list_cost for line in lines),
                effective=rounded.effective,
                billed=rounded.billed,
                sha256=sha256_of_lines(lines),
            ),
        )
        return Draft(rounded.bucket, code, header.cost_center_name, document, lines)

    # Blocks -----------------------------------------------------------------------------------------

    def _header(self, rounded: RoundedStatement, code: str) -> Header:
        issue, books, rules = self.issue, self.books, self.computed.rules
        center = rules.center(code) if rounded.bucket is Bucket.CENTER else None
        names = {one.code: one.name for one in rules.centers}
        name = center.name if center else CENTRAL_NAMES.get(rounded.bucket, code)
        return Header(
            statement_no=number_of(issue.prefix, books.start, code, issue.revision),
            tenant=issue.tenant,
            tenant_name=issue.tenant_name,
            bucket=rounded.bucket.value,
            cost_center_code=code if center else "",
            cost_center_name=name,
            cost_center_path=[names[above] for above in rules.path(code)] if center else [],
            owner_name=center.owner_name if center else "",
            owner_email=center.owner_email if center else "",
            gl_account=center.gl_account if center else "",
            period_start=books.start.isoformat(),
            period_end=books.end.isoformat(),
            time_zone=issue.time_zone,
            currency=books.currency,
            minor_digits=issue.minor_digits,
            mode=issue.mode,
            revision=issue.revision,
            generated_at=f"{issue.generated_at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
            generated_by=issue.generated_by,
            complete_micros=books.complete_micros,
            sample=books.is_sample,
        )

    def _summary(self, rounded: RoundedStatement, lines: Sequence[Line], payer: Payer) -> Summary:
        billed: dict[str, int] = {}
        for line in lines:
            billed[line.line_type] = billed.get(line.line_type, 0) + line.billed_cost
        own = rounded.lines
        return Summary(
            billed=rounded.billed,
            effective=rounded.effective,
            list_cost=sum(line.list_cost for line in own),
            discount=sum(line.discount for line in own if line.line_type != LineType.ADJUSTMENT),
            markup=sum(line.markup for line in own if line.line_type != LineType.ADJUSTMENT),
            rounding=rounded.rounding,
            direct=billed.get(LineType.DIRECT, 0),
            shared=billed.get(LineType.SHARED, 0),
            idle=billed.get(LineType.IDLE, 0),
            overhead=billed.get(LineType.OVERHEAD, 0),
            adjustments=billed.get(LineType.ADJUSTMENT, 0),
            previous=self.earlier.total(payer),
            budget=None,
            efficiency_pct=_percent(_efficiency(_usage_of(own))),
            months=self.earlier.bars(payer, self.books.start, rounded.billed),
            movers=self._movers(lines, payer),
        )

    def _movers(self, lines: Sequence[Line], payer: Payer) -> list[Mover]:
        """The workloads that changed most, and how much of that is quantity: the rest is price."""
        if self.earlier.totals is None:
            return []
        current: dict[Key, EarlierLine] = {}
        for line in lines:
            if line.line_type == LineType.DIRECT:
                held = current.setdefault(_key(line), EarlierLine())
                held.billed += line.billed_cost
                for place, (quantity, cost) in enumerate(QUANTITIES):
                    held.quantities[place] += getattr(line, quantity)
                    held.costs[place] += getattr(line, cost)
        before = self.earlier.lines.get(payer, {})
        keys = [key for key in before if key[0] == LineType.DIRECT and key not in current]
        movers = [
            _mover(key, current.get(key, EarlierLine()), before.get(key, EarlierLine()))
            for key in [*current, *keys]
        ]
        movers.sort(key=lambda mover: (-abs(mover.current - mover.previous), mover.name))
        return [mover for mover in movers if mover.current != mover.previous][:MOVERS]

    def _annexes(self, rounded: RoundedStatement) -> tuple[list[ShareOfPool], list[ShareOfPool]]:
        """What the payer got of each pool: shared pools and overhead, and idle."""
        shared: list[ShareOfPool] = []
        idle: list[ShareOfPool] = []
        for key, pool in self.computed.pools.items():
            for share in pool.shares:
                if share.bucket is rounded.bucket and share.center == rounded.center:
                    block = idle if pool.source is PoolSource.IDLE else shared
                    block.append(
                        self._share(key, pool, share.driver_value, share.weight, sum(share.costs))
                    )
        return shared, idle

    def _share(
        self, key: str, pool: Pool, driver_value: int, weight: int, amount: int
    ) -> ShareOfPool:
        return ShareOfPool(
            pool=self.computed.labels[key],
            name=pool.name,
            source=pool.source.value,
            cluster=pool.cluster,
            first_day=pool.stretch.start.isoformat(),
            last_day=(pool.stretch.end - dt.timedelta(days=1)).isoformat(),
            pool_total=sum(pool.costs),
            method=pool.method.value,
            driver=pool.driver.value if pool.driver else "",
            used_fallback=pool.used_fallback,
            driver_total=sum(one.driver_value for one in pool.shares),
            driver_value=driver_value,
            weight=weight,
            weight_total=pool.weight_total,
            amount=amount,
        )

    def _adjustments(self, rounded: RoundedStatement) -> list[AdjustmentBlock]:
        return [
            AdjustmentBlock(
                period=str(row.source),
                statement_no=number_of(
                    self.issue.prefix, row.source.month, row.code, row.source_revision
                ),
                cluster=row.cluster,
                namespace=row.namespace,
                controller_kind=row.controller_kind,
                controller=row.controller,
                amount=row.amount,
                reason=row.reason,
            )
            for row in self.computed.adjustments
            if row.bucket == rounded.bucket and row.code == (rounded.center or rounded.bucket.value)
        ]

    # Lines ------------------------------------------------------------------------------------------

    def _line(self, position: int, line: AllocatedLine, billed: int, payer: Payer) -> Line:
        costs = dict(zip(COMPONENTS, line.costs, strict=True))
        usage = dict(zip(USAGE, line.usage, strict=True))
        pool = self.computed.pools.get(line.pool)
        is_adjustment = line.line_type is LineType.ADJUSTMENT
        share: dict[str, Any] = {
            "share_method": pool.method.value if pool else "",
            "share_driver": pool.driver.value if pool and pool.driver else "",
            "share_driver_value": line.driver_value if pool else None,
            "share_weight": line.weight if pool else None,
            "share_weight_total": line.weight_total if pool else None,
        }
        key: Key = (
            line.line_type.value,
            self.computed.labels.get(line.pool, ""),
            line.cluster,
            line.namespace,
            line.controller_kind,
            line.controller,
        )
        before = self.earlier.line(payer, key)
        return Line(
            position=position,
            line_type=line.line_type.value,
            pool=key[1],
            cluster=line.cluster,
            namespace=line.namespace,
            controller_kind=line.controller_kind,
            controller=line.controller,
            label_key=line.label_key,
            label_value=line.label_value,
            cpu_core_hours=usage["cpu_core_hours"],
            ram_byte_hours=usage["ram_byte_hours"],
            gpu_hours=usage["gpu_hours"],
            pv_byte_hours=usage["pv_byte_hours"],
            cpu_cost=costs["cpu"],
            ram_cost=costs["ram"],
            gpu_cost=costs["gpu"],
            pv_cost=costs["pv"],
            network_cost=costs["network"],
            load_balancer_cost=costs["load_balancer"],
            shared_cost=costs["shared"],
            external_cost=costs["external"],
            list_cost=line.list_cost,
            discount=0 if is_adjustment else line.discount,
            markup=0 if is_adjustment else line.markup,
            effective_cost=line.effective_cost,
            billed_cost=billed,
            fx_rate=self.rates.get(line.cluster, ""),
            **share,
            previous_period_cost=None if before is None else before.billed,
            efficiency_micros=_efficiency(line.usage),
            mapping_rule_id=line.mapping_rule or None,
            snapshot_id=line.snapshot,
            notes=_note(line, pool),
        )

    def _rates_by_cluster(self) -> dict[str, str]:
        used = self.books.rates_used()
        return {
            cluster.slug: "; ".join(str(rate) for rate in used if rate.currency == cluster.currency)
            for cluster in self.books.clusters
            if cluster.currency != self.books.currency
        }


def _key(line: Line) -> Key:
    return (
        line.line_type,
        line.pool,
        line.cluster,
        line.namespace,
        line.controller_kind,
        line.controller,
    )


def _mover(key: Key, current: EarlierLine, before: EarlierLine) -> Mover:
    """Quantity: what more or less was used, at the old price. Where nothing was used before, all is quantity."""
    quantity = 0
    for new, new_cost, old, old_cost in zip(
        current.quantities, current.costs, before.quantities, before.costs, strict=True
    ):
        quantity += round(Fraction((new - old) * old_cost, old)) if old else new_cost
    delta = current.billed - before.billed
    name = " / ".join(part for part in key[2:] if part)
    return Mover(
        name=name,
        previous=before.billed,
        current=current.billed,
        quantity_effect=quantity,
        price_effect=delta - quantity,
    )


def _usage_of(lines: Sequence[AllocatedLine]) -> list[int]:
    return [sum(values) for values in zip(*(line.usage for line in lines), strict=True)]


def _efficiency(usage: Sequence[int]) -> int | None:
    """Used over requested, weighed by cost, in millionths; None where nothing was requested or used."""
    if not usage:
        return None
    found = dict(zip(USAGE, usage, strict=True))
    weighted = []
    for name in ("cpu", "ram"):
        used, requested = found[f"{name}_used"], found[f"{name}_requested"]
        cost = found[f"{name}_used_cost"]
        if cost > 0 and (requested > 0 or used > 0):
            # Use without any request counts as 1, as OpenCost does.
            weighted.append((Fraction(used, requested) if requested > 0 else Fraction(1), cost))
    whole = sum(cost for _, cost in weighted)
    if not whole:
        return None
    return round(sum(ratio * cost for ratio, cost in weighted) / whole * 1_000_000)


def _percent(micros: int | None) -> str | None:
    return None if micros is None else f"{Decimal(micros).scaleb(-4):.2f}"


def _note(line: AllocatedLine, pool: Pool | None) -> str:
    if pool is None:
        return ""
    if pool.used_fallback:
        return "Nobody had any of the driver: the rule's fall-back was taken."
    if pool.method is ShareMethod.PROPORTIONAL and pool.driver is not None:
        return f"{driver_text(pool.driver, line.driver_value)} of the driver"
    return ""


def _method(computed: Computed, issue: Issue) -> Method:
    rules = computed.rules.plain()
    return Method(
        mapping_rules=rules["mapping"],
        share_rules=rules["shares"],
        rate_card=rules["rates"],
        rounding=ROUNDING,
        exchange_rates=[
            RateUsed(
                currency=rate.currency,
                to_currency=rate.to_currency,
                rate=rate.text,
                valid_from=str(rate.valid_from or ""),
                source=rate.source,
            )
            for rate in computed.books.rates_used()
        ],
        opencost_versions=sorted(
            {
                window.opencost_version
                for window in computed.books.windows
                if window.opencost_version
            }
        ),
        generator=issue.generator,
        rules_sha256=computed.rules.sha256,
    )


def _evidence(computed: Computed, issue: Issue) -> Evidence:
    books = computed.books
    return Evidence(
        clusters={cluster.slug: cluster.name for cluster in books.clusters},
        snapshots=len(books.windows),
        snapshots_sha256=books.windows_sha256,
        facts=computed.facts,
        missing_days=list(books.missing),
        unknown_rows=books.unknown_rows,
        data_through=books.data_through,
        override_reason=issue.override_reason,
    )
