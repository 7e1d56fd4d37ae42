"""The pools of a month as they are kept: so that a share can say years later where it came from."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec

from reporting.allocation.explaining import Explanation, explain
from reporting.allocation.types import (
    COMPONENTS,
    AllocatedLine,
    Bucket,
    Driver,
    LineType,
    Pool,
    PoolShare,
    PoolSource,
    ShareMethod,
    Stretch,
)
from reporting.models import Period, PeriodClose, PeriodPools, Statement, StatementLine
from reporting.statements.computing import Computed
from reporting.statements.document import StatementDocument, decode


class KeptPool(msgspec.Struct, frozen=True, kw_only=True):
    """A pool by its label: what was in it, who got what. Amounts are micro-units at list cost."""

    pool: str
    rule: int
    name: str
    source: str
    cluster: str
    first_day: dt.date
    end: dt.date  # exclusive
    method: str
    driver: str
    used_fallback: bool
    costs: list[int]
    weight_total: int
    shares: list[tuple[str, str, int, int, int]]  # bucket, centre, driver value, weight, amount
    sources: list[tuple[str, str, str, int]]  # cluster, namespace, controller, cost


class LineExplained(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line is there and as large as it is. `share` is None for a line that is no share of a pool."""

    position: int
    line_type: str
    text: str
    rule: dict[str, Any] | None
    share: Explanation | None
    others: Sequence[tuple[str, str, int, int, int]]


def pools_of(computed: Computed) -> list[Any]:
    """Every pool of a computed month, ready to be kept as JSON."""
    return [
        msgspec.to_builtins(_kept(computed.labels[key], pool))
        for key, pool in computed.pools.items()
    ]


def explain_line(statement: Statement, row: StatementLine) -> LineExplained:
    """From what is kept with the statement, never from the rules and costs of now."""
    document = decode(statement.document)
    kept = _kept_pool(statement, row.pool) if row.pool else None
    share = _explained(row, kept) if kept else None
    return LineExplained(
        position=row.position,
        line_type=row.line_type,
        text=share.text if share else _words(document, row),
        rule=_rule_of(document, row, kept),
        share=share,
        others=kept.shares if kept else [],
    )


def _kept(label: str, pool: Pool) -> KeptPool:
    return KeptPool(
        pool=label,
        rule=pool.rule,
        name=pool.name,
        source=pool.source.value,
        cluster=pool.cluster,
        first_day=pool.stretch.start,
        end=pool.stretch.end,
        method=pool.method.value,
        driver=pool.driver.value if pool.driver else "",
        used_fallback=pool.used_fallback,
        costs=list(pool.costs),
        weight_total=pool.weight_total,
        shares=[
            (one.bucket.value, one.center, one.driver_value, one.weight, sum(one.costs))
            for one in pool.shares
        ],
        sources=sorted(pool.sources, key=lambda source: -abs(source[3])),
    )


def _kept_pool(statement: Statement, label: str) -> KeptPool | None:
    found = _all_kept(statement.period, statement.revision)
    one = next((pool for pool in found if pool["pool"] == label), None)
    return None if one is None else msgspec.convert(one, KeptPool)


def _all_kept(period: Period, revision: int) -> list[Any]:
    if revision:
        made = PeriodClose.objects.filter(period=period, revision=revision).first()
        return list(msgspec.json.decode(made.document).get("pools", [])) if made else []
    kept = PeriodPools.objects.filter(period=period).first()
    return list(kept.pools) if kept else []


def _explained(row: StatementLine, kept: KeptPool) -> Explanation | None:
    pool = Pool(
        key=kept.pool,
        rule=kept.rule,
        name=kept.name,
        source=PoolSource(kept.source),
        method=ShareMethod(kept.method),
        driver=Driver(kept.driver) if kept.driver else None,
        used_fallback=kept.used_fallback,
        stretch=Stretch(kept.first_day, kept.end),
        cluster=kept.cluster,
        costs=tuple(kept.costs),
        weight_total=kept.weight_total,
        shares=[
            PoolShare(Bucket(bucket), center, value, weight, ())
            for bucket, center, value, weight, _ in kept.shares
        ],
        sources=kept.sources,
    )
    bucket = Bucket(row.statement.bucket)
    line = AllocatedLine(
        bucket=bucket,
        line_type=LineType(row.line_type),
        center=row.statement.code if bucket is Bucket.CENTER else "",
        costs=tuple(getattr(row, f"{component}_cost") for component in COMPONENTS),
        pool=kept.pool,
        driver_value=int(row.share_driver_value or 0),
        weight=int(row.share_weight or 0),
        weight_total=int(row.share_weight_total or 0),
    )
    return explain(line, {kept.pool: pool})


def _rule_of(
    document: StatementDocument, row: StatementLine, kept: KeptPool | None
) -> dict[str, Any] | None:
    """The rule that put the line here, as it was then."""
    rules, wanted = (
        (document.method.share_rules, kept.rule)
        if kept
        else (document.method.mapping_rules, row.mapping_rule_id)
    )
    return next((rule for rule in rules if rule["id"] == wanted), None)


def _words(document: StatementDocument, row: StatementLine) -> str:
    """A sentence for a line that is no share of a pool."""
    if row.line_type == LineType.ADJUSTMENT:
        return f"A change of an earlier month that is charged in this one. {row.notes}".strip()
    if row.line_type == LineType.DIRECT and row.statement.bucket == Bucket.UNMAPPED:
        return "No mapping rule took it, so no cost centre pays for it."
    rule = _rule_of(document, row, None)
    if rule is None:
        return "It is what the workload itself cost."
    parts = len(rule.get("targets") or [])
    split = (
        f" The rule splits what it takes over {parts} cost centres; this is one part."
        if parts > 1
        else ""
    )
    words = rule["filter"] or "everything"
    return f"The mapping rule “{rule['name']}” ({words}) took what the workload itself cost.{split}"
