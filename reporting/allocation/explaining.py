"""Why is this share what it is? The pool, its driver, the ratio, and the rows that the pool came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from costinsights.core.money import amount_text
from reporting.allocation.rates import half_even
from reporting.allocation.types import (
    AllocatedLine,
    Driver,
    Pool,
    PoolSource,
    ShareMethod,
)

_BYTES = {Driver.RAM_BYTE_HOURS, Driver.RAM_REQUESTED, Driver.RAM_USED}
_GIB = 2**30
DRIVER_WORDS = {
    Driver.COST: "direct cost",
    Driver.CPU_COST: "direct CPU cost",
    Driver.RAM_COST: "direct memory cost",
    Driver.CPU_CORE_HOURS: "core-hours",
    Driver.RAM_BYTE_HOURS: "GiB-hours of memory",
    Driver.CPU_REQUESTED: "core-hours requested",
    Driver.RAM_REQUESTED: "GiB-hours of memory requested",
    Driver.CPU_USED: "core-hours used",
    Driver.RAM_USED: "GiB-hours of memory used",
}
SOURCE_WORDS = {
    PoolSource.IDLE: "idle cost",
    PoolSource.UNMOUNTED: "volumes and load balancers without a workload",
    PoolSource.OVERHEAD: "overhead beyond the allocations",
    PoolSource.FILTER: "workloads that a filter takes",
    PoolSource.FIXED: "a fixed amount",
}
METHOD_WORDS = {
    ShareMethod.EVEN: "the same for each",
    ShareMethod.PROPORTIONAL: "in proportion to",
    ShareMethod.WEIGHTS: "by fixed weights",
    ShareMethod.RETAIN: "kept central",
    ShareMethod.EXCLUDE: "excluded by policy",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A share and everything it follows from. Amounts are micro-units, at list cost; `weight` of
    `weight_total` is the ratio exactly, `ratio` the same as text.

    `driver_value` and `driver_total` are in the driver's own unit (`driver_text` writes them) and None where
    no driver decided. `amount` may differ from pool total times ratio by less than a micro-unit per component.
    """

    pool: str
    name: str
    source: PoolSource
    cluster: str
    method: ShareMethod
    used_fallback: bool
    driver: Driver | None
    driver_value: int | None
    driver_total: int | None
    weight: int
    weight_total: int
    ratio: str
    pool_total: int
    amount: int
    sources: Sequence[tuple[str, str, str, int]]
    text: str


def explain(line: AllocatedLine, pools: Mapping[str, Pool]) -> Explanation | None:
    """Why the line is as large as it is; None for a line that is no share of a pool.

    `pools` by their keys. Raises KeyError for a line of another period's pool.
    """
    if not line.pool:
        return None
    pool = pools[line.pool]
    total = sum(pool.costs)
    decided = pool.driver is not None and not pool.used_fallback
    return Explanation(
        pool=pool.key,
        name=pool.name,
        source=pool.source,
        cluster=pool.cluster,
        method=pool.method,
        used_fallback=pool.used_fallback,
        driver=pool.driver,
        driver_value=line.driver_value if decided else None,
        driver_total=pool.weight_total if decided else None,
        weight=line.weight,
        weight_total=pool.weight_total,
        ratio=ratio_text(line.weight, pool.weight_total, total),
        pool_total=total,
        amount=line.list_cost,
        sources=pool.sources,
        text=" ".join(_sentences(line, pool, total)),
    )


def ratio_text(weight: int, weight_total: int, amount: int) -> str:
    """weight / weight_total with enough decimals that the share of `amount` follows to the micro-unit.

    At least six. The fraction of the two whole numbers is exact, this is for reading and for checking by hand.
    """
    digits = max(6, len(str(abs(amount))) + 1)
    scaled = half_even(weight * 10**digits, weight_total)
    whole, rest = divmod(scaled, 10**digits)
    return f"{whole}.{rest:0{digits}d}"


def driver_text(driver: Driver, value: int) -> str:
    """A driver's value in the unit that people read: money, core-hours, GiB-hours."""
    if driver in _BYTES:
        thousandths = half_even(value * 1_000, _GIB)
        sign = "-" if thousandths < 0 else ""
        whole, rest = divmod(abs(thousandths), 1_000)
        return f"{sign}{whole}.{rest:03d}"
    return amount_text(value)  # money and core-hours alike are millionths


def _sentences(line: AllocatedLine, pool: Pool, total: int) -> list[str]:
    where = f" of {pool.cluster}" if pool.cluster else ""
    said = [f"{pool.name}: {SOURCE_WORDS[pool.source]}{where}, {amount_text(total)}."]
    if pool.used_fallback:
        said.append(f"{_missing_base(pool)}, so it is {_fallback_words(pool)}.")
    if pool.method is ShareMethod.PROPORTIONAL and pool.driver is not None:
        own, every = (driver_text(pool.driver, it) for it in (line.driver_value, pool.weight_total))
        said.append(f"Spread in proportion to {DRIVER_WORDS[pool.driver]}: {own} of {every}.")
        below_zero = [share.center for share in pool.shares if share.driver_value < 0]
        if below_zero:
            said.append(f"Below zero and counted as zero: {', '.join(below_zero)}.")
    elif not pool.used_fallback:
        said.append(f"{METHOD_WORDS[pool.method].capitalize()}.")
    if pool.method not in {ShareMethod.RETAIN, ShareMethod.EXCLUDE}:
        ratio = ratio_text(line.weight, pool.weight_total, total)
        said.append(f"The ratio is {line.weight} of {pool.weight_total}, {ratio}.")
        if not line.center:
            said.append("The weight's target has no cost centre, so its part is kept central.")
    said.append(f"That makes {amount_text(line.list_cost)}.")
    return said


def _fallback_words(pool: Pool) -> str:
    return "spread evenly" if pool.method is ShareMethod.EVEN else "kept central"


def _missing_base(pool: Pool) -> str:
    if pool.driver is not None:
        return f"Nobody has any {DRIVER_WORDS[pool.driver]}"
    return "Nobody can take a part by the rule"
