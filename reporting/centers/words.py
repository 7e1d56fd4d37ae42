"""What a rule does, as a sentence."""

from decimal import Decimal

from costinsights.core.money import decimal_from_micros
from reporting.allocation.types import Driver, Fallback, PoolSource, ShareMethod
from reporting.centers.checks import percent_text
from reporting.models import MappingRule, ShareRule

SOURCE_NAMES = {
    PoolSource.IDLE: "Idle cost",
    PoolSource.UNMOUNTED: "Unmounted volumes",
    PoolSource.OVERHEAD: "Overhead",
    PoolSource.FILTER: "Costs that match a filter",
    PoolSource.FIXED: "A fixed amount a month",
}
METHOD_NAMES = {
    ShareMethod.PROPORTIONAL: "In proportion to use",
    ShareMethod.EVEN: "Evenly",
    ShareMethod.WEIGHTS: "By fixed weights",
    ShareMethod.RETAIN: "Kept central",
    ShareMethod.EXCLUDE: "Left out of what is recovered",
}
DRIVER_NAMES = {
    Driver.COST: "direct cost",
    Driver.CPU_COST: "CPU cost",
    Driver.RAM_COST: "memory cost",
    Driver.CPU_CORE_HOURS: "CPU core-hours",
    Driver.RAM_BYTE_HOURS: "memory byte-hours",
    Driver.CPU_REQUESTED: "requested CPU",
    Driver.RAM_REQUESTED: "requested memory",
    Driver.CPU_USED: "used CPU",
    Driver.RAM_USED: "used memory",
}
FALLBACK_NAMES = {Fallback.EVEN: "Spread it evenly", Fallback.RETAIN: "Keep it central"}
_MOST_NAMED = 4


def listed(names: list[str]) -> str:
    """`A, B and 3 more`; never a list that nobody reads."""
    if len(names) > _MOST_NAMED:
        return f"{', '.join(names[: _MOST_NAMED - 1])} and {len(names) - _MOST_NAMED + 1} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def mapping_sentence(rule: MappingRule) -> str:
    """`What matches namespace:"shop" goes to SHOP.`"""
    what = f"What matches {rule.filter}" if rule.filter else "Everything that no rule above took"
    targets = list(rule.targets.all())
    if len(targets) == 1:
        return f"{what} goes to {targets[0].center.code}."
    parts = [f"{percent_text(one.weight)}% {one.center.code}" for one in targets]
    return f"{what} is split: {listed(parts)}."


def share_sentence(rule: ShareRule) -> str:
    """The whole rule, its fall-back included."""
    what = _pool(rule)
    method = ShareMethod(rule.method)
    if method is ShareMethod.RETAIN:
        return f"{what} stays central and is shown as a line of its own."
    if method is ShareMethod.EXCLUDE:
        return f"{what} is left out of what is recovered and named in the reconciliation."
    targets = list(rule.targets.all())
    if method is ShareMethod.WEIGHTS:
        whole = sum(one.weight for one in targets)
        parts = [f"{one.center.code} {_share(one.weight, whole)}%" for one in targets]
        return f"{what} is spread by fixed weights: {listed(parts)}."
    among = (
        f"among {listed([one.center.code for one in targets])}"
        if targets
        else "among the cost centres that have direct cost"
    )
    each = ", each cluster’s by itself" if rule.by_cluster else ""
    if method is ShareMethod.EVEN:
        return f"{what} is spread evenly {among}{each}."
    otherwise = "it is spread evenly" if rule.fallback == Fallback.EVEN else "it stays central"
    driver = DRIVER_NAMES[Driver(rule.driver)]
    return f"{what} is spread in proportion to {driver} {among}{each}; where nobody has any, {otherwise}."


def _pool(rule: ShareRule) -> str:
    source = PoolSource(rule.source)
    if source is PoolSource.FILTER:
        return f"What matches {rule.filter}"
    if source is PoolSource.FIXED:
        amount = decimal_from_micros(rule.fixed_amount)
        return f"A fixed {amount.quantize(Decimal('0.01')):,} {rule.fixed_currency} a month"
    name = (
        "The cost of unmounted volumes" if source is PoolSource.UNMOUNTED else SOURCE_NAMES[source]
    )
    return f"{name} of {rule.filter}" if rule.filter else name


def _share(weight: int, whole: int) -> str:
    return f"{(Decimal(100 * weight) / whole).quantize(Decimal('0.1')).normalize():f}"
