"""Sharing idle cost over the workloads of its cluster. Pure and exact."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from costinsights.core.money import split
from costinsights.opencost.filters import Filter
from costinsights.opencost.schema import AllocatedCost, RowKind

Amounts = tuple[int, ...]
IDLE = "__idle__"


class _IdlePairs(dict[str, str]):
    """Labels of a row that is idle: whatever is asked for, it is idle rather than missing."""

    def get(self, key: str, default: Any = None) -> Any:
        return IDLE


_NAMES = dict.fromkeys(("namespace", "controller_kind", "controller", "pod", "container"), IDLE)
_PAIRS = _IdlePairs()


def row_test(condition: Filter | None) -> Callable[[AllocatedCost], bool]:
    """Whether a row passes the filter, where idle cost has the name `__idle__` in every field it lacks.

    Otherwise `namespace:"__unallocated__"` would find the idle row too, and going down into the
    unallocated line would add the idle cost to it.
    """
    if condition is None:
        return lambda row: True
    matches = condition.matches

    def passes(row: AllocatedCost) -> bool:
        if row.kind == RowKind.IDLE:
            row = msgspec.structs.replace(
                row,
                **_NAMES,
                node=row.node or IDLE,
                services=(IDLE,),
                labels=_PAIRS,
                annotations=_PAIRS,
            )
        return matches(row)

    return passes


def amounts_of(row: AllocatedCost) -> Amounts:
    """A row's eight components in the order of COMPONENTS, in micro-units."""
    return (
        row.cpu_cost,
        row.ram_cost,
        row.gpu_cost,
        row.pv_cost,
        row.network_cost,
        row.load_balancer_cost,
        row.shared_cost,
        row.external_cost,
    )


def share_idle(rows: Sequence[AllocatedCost]) -> dict[int, Amounts]:
    """The amounts to show for those of one cluster's rows that sharing changes, by row position.

    Each component of the idle cost is split over all workloads in proportion to what they cost in that
    component, by largest remainder, so nothing is lost or made. It happens over the finest rows and before
    any filter: a namespace carries the same share however it was reached. A component in which no workload
    costs anything stays with its idle row.
    """
    idle = [index for index, row in enumerate(rows) if row.kind == RowKind.IDLE]
    if not idle:
        return {}
    workloads = [index for index, row in enumerate(rows) if row.kind == RowKind.WORKLOAD]
    before = [amounts_of(rows[index]) for index in workloads]
    left = {index: list(amounts_of(rows[index])) for index in idle}
    changed: dict[int, list[int]] = {}
    for component in range(len(left[idle[0]])):
        amount = sum(amounts[component] for amounts in left.values())
        weights = [max(0, amounts[component]) for amounts in before]
        if not amount or not any(weights):
            continue
        parts = split(amount, weights)
        for index, own, part in zip(workloads, before, parts, strict=True):
            if part:
                changed.setdefault(index, list(own))[component] += part
        for amounts in left.values():
            amounts[component] = 0
    return {index: tuple(amounts) for index, amounts in {**changed, **left}.items()}
