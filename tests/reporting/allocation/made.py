"""Facts, rules and cost centres in one line each."""

import datetime as dt

from costinsights.opencost.filters import parse_filter
from reporting.allocation.engine import allocate
from reporting.allocation.types import (
    COMPONENTS,
    USAGE,
    AllocatedLine,
    Bucket,
    Center,
    CostFact,
    Costs,
    FactKind,
    LineType,
    MappingRule,
    PoolSource,
    RateLine,
    ShareMethod,
    ShareRule,
    Stretch,
    StretchAllocation,
)

SEPTEMBER = Stretch(dt.date(2026, 9, 1), dt.date(2026, 10, 1))
UNIT = 1_000_000
CENTERS = (
    Center("CC100", "Shop", ("ACME", "SALES")),
    Center("CC200", "Search", ("ACME", "SALES")),
    Center("CC300", "Data", ("ACME", "TECH")),
)
BY_TEAM = tuple(
    (f'label[team]:"{team}"', code)
    for team, code in (("shop", "CC100"), ("search", "CC200"), ("data", "CC300"))
)


def costs(**components: int) -> Costs:
    """Micro-units by component: costs(cpu=5, ram=3)."""
    return tuple(components.get(component, 0) for component in COMPONENTS)


def workload(
    team: str = "",
    *,
    cluster: str = "prod",
    namespace: str = "",
    cpu: int = 0,
    ram: int = 0,
    snapshot: str = "",
    **usage: int,
) -> CostFact:
    """A deployment; its namespace is called as its team unless said otherwise."""
    return CostFact(
        kind=FactKind.WORKLOAD,
        cluster=cluster,
        namespace=namespace or team,
        controller_kind="deployment",
        controller="web",
        labels={"team": team} if team else {},
        costs=costs(cpu=cpu, ram=ram),
        usage=tuple(usage.get(name, 0) for name in USAGE),
        snapshot=snapshot,
    )


def central(kind: FactKind, amount: int, *, cluster: str = "prod", snapshot: str = "") -> CostFact:
    """Idle, unmounted or overhead cost, as CPU."""
    return CostFact(kind=kind, cluster=cluster, costs=costs(cpu=amount), snapshot=snapshot)


def idle(amount: int, *, cluster: str = "prod") -> CostFact:
    return central(FactKind.IDLE, amount, cluster=cluster)


def rules(*pairs: tuple[str, str]) -> list[MappingRule]:
    """A rule per (filter, code), numbered from 1; an empty filter is met by everything."""
    return [
        MappingRule(number, code, parse_filter(text) if text else None, ((code, 1_000_000),))
        for number, (text, code) in enumerate(pairs, start=1)
    ]


def share(
    source: PoolSource = PoolSource.IDLE,
    method: ShareMethod = ShareMethod.PROPORTIONAL,
    where: str = "",
    **fields: object,
) -> ShareRule:
    """A share rule with number 1 unless said otherwise."""
    named = {"id": 1, "name": source.value, **fields}
    condition = parse_filter(where) if where else None
    return ShareRule(source=source, method=method, condition=condition, **named)  # type: ignore[arg-type]  # a short cut


def allocated(
    *facts: CostFact,
    shares: tuple[ShareRule, ...] = (),
    rates: tuple[RateLine, ...] = (),
    mapping: list[MappingRule] | None = None,
    centers: tuple[Center, ...] = CENTERS,
) -> StretchAllocation:
    """September, mapped by team unless said otherwise."""
    asked = rules(*BY_TEAM) if mapping is None else mapping
    return allocate(SEPTEMBER, facts, centers=centers, mapping=asked, shares=shares, rates=rates)


def amounts(allocation: StretchAllocation, line_type: LineType) -> dict[str, int]:
    """List cost of one type of line by cost centre, or by bucket outside of them."""
    found: dict[str, int] = {}
    for line in allocation.lines:
        if line.line_type is line_type:
            payer = line.center or line.bucket.value
            found[payer] = found.get(payer, 0) + line.list_cost
    return found


def only(lines: list[AllocatedLine], bucket: Bucket) -> AllocatedLine:
    """The one line of a bucket."""
    (line,) = [line for line in lines if line.bucket is bucket]
    return line
