"""An OpenCost for tests: answers like the client, from rows it was given, without a network.

Verified: tests/contract holds it and the real client against the same assertions.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from costinsights.core.periods import ChargePeriod
from costinsights.opencost.client import FINEST_GRAIN
from costinsights.opencost.errors import LayerAbsent
from costinsights.opencost.filters import Filter
from costinsights.opencost.layer_rows import Layer, LayerAnswer, LayerCost
from costinsights.opencost.rows import (
    COMPONENTS,
    AllocatedCost,
    AllocationAnswer,
    ClusterInfo,
    InstallInfo,
    RowKind,
)

_OUR_NAME = {"controllerKind": "controller_kind"}
_NAMES = ("cluster", "node", "namespace", "controller_kind", "controller", "pod", "container")
_HOURS = ("cpu_core_hours", "ram_byte_hours", "gpu_hours", "pv_byte_hours")


class FakeOpenCost:
    """Set `error` to make every question fail. `asked` keeps the periods that were asked for."""

    def __init__(
        self,
        *rows: AllocatedCost,
        version: str = "1.120.1",
        cluster: ClusterInfo | None = None,
        prometheus: bool = True,
        error: Exception | None = None,
    ) -> None:
        self.rows = list(rows)
        self.version = version
        self.cluster = cluster
        self.prometheus = prometheus
        self.error = error
        self.asked: list[ChargePeriod] = []
        self.layers: dict[Layer, list[LayerCost]] = {}  # none unless a test gives it some

    def install_info(self) -> InstallInfo:
        self._fail()
        return InstallInfo(self.version)

    def cluster_info(self) -> ClusterInfo | None:
        self._fail()
        return self.cluster

    def reads_prometheus(self) -> bool:
        self._fail()
        return self.prometheus

    def allocations(
        self,
        period: ChargePeriod,
        *,
        include_idle: bool = True,
        scope: Filter | None = None,
        aggregate: Sequence[str] = FINEST_GRAIN,
    ) -> AllocationAnswer:
        if not period.is_aligned:
            raise ValueError(f"OpenCost is asked for full hours only, not {period}")
        self.asked.append(period)
        self._fail()
        rows = [
            row
            for row in self.rows
            if row.window == period
            and (include_idle or row.kind is not RowKind.IDLE)
            and (scope is None or scope.matches(row))
        ]
        rows = _grouped(rows, [_OUR_NAME.get(name, name) for name in aggregate])
        digest = hashlib.sha256(repr(rows).encode()).hexdigest()
        return AllocationAnswer(rows, "new", "", digest, len(repr(rows)))

    def layer_costs(self, layer: Layer, period: ChargePeriod) -> LayerAnswer:
        self.asked.append(period)
        self._fail()
        if layer not in self.layers:
            raise LayerAbsent("This OpenCost has no such route.", reason="not_there")
        rows = self.layers[layer]
        return LayerAnswer(layer, rows, hashlib.sha256(repr(rows).encode()).hexdigest(), 0)

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


def _grouped(rows: list[AllocatedCost], names: list[str]) -> list[AllocatedCost]:
    """One row per distinct value of `names`; all idle cost is one row, as OpenCost merges it."""
    groups: dict[tuple[str, ...], list[AllocatedCost]] = {}
    for row in rows:
        idle = row.kind is RowKind.IDLE
        key = ("idle",) if idle else (row.kind, *(getattr(row, name) for name in names))
        groups.setdefault(key, []).append(row)
    return [members[0] if len(members) == 1 else _merged(members) for members in groups.values()]


def _merged(members: list[AllocatedCost]) -> AllocatedCost:
    """Sums of the numbers; of the names only what all members share."""
    first = members[0]
    fields: dict[str, Any] = {
        name: getattr(first, name)
        if all(getattr(member, name) == getattr(first, name) for member in members)
        else ""
        for name in _NAMES
    }
    fields |= {name: sum(getattr(member, name) for member in members) for name in _HOURS}
    fields |= {
        f"{part}_cost": sum(member.cost_of(part) for member in members) for part in COMPONENTS
    }
    merged = AllocatedCost(
        kind=first.kind,
        window=first.window,
        start=min(member.start for member in members),
        end=max(member.end for member in members),
        minutes=max(member.minutes for member in members),
        **fields,
    )
    return AllocatedCost(
        **{name: getattr(merged, name) for name in merged.__struct_fields__}
        | {"reported_total": merged.total}
    )
