"""The tables of stored history: a ledger of windows, the names they are about, facts and roll-ups."""

from costinsights.costs.history.models.costs import (
    COST_COLUMNS,
    EFFICIENCY_COLUMNS,
    IDLE_SHARE_COLUMNS,
    MEASURES,
    USAGE_COLUMNS,
    CostDay,
    CostHour,
    GroupDay,
    GroupHour,
    Measures,
    NodeMonth,
)
from costinsights.costs.history.models.names import (
    KeyKind,
    LabelKey,
    LabelSet,
    Node,
    Workload,
    WorkloadGroup,
)
from costinsights.costs.history.models.windows import (
    BackfillState,
    Grain,
    IngestState,
    LedgerRow,
    Snapshot,
    SnapshotRevision,
    SnapshotState,
)

__all__ = [
    "COST_COLUMNS",
    "EFFICIENCY_COLUMNS",
    "IDLE_SHARE_COLUMNS",
    "MEASURES",
    "USAGE_COLUMNS",
    "BackfillState",
    "CostDay",
    "CostHour",
    "Grain",
    "GroupDay",
    "GroupHour",
    "IngestState",
    "KeyKind",
    "LabelKey",
    "LabelSet",
    "LedgerRow",
    "Measures",
    "Node",
    "NodeMonth",
    "Snapshot",
    "SnapshotRevision",
    "SnapshotState",
    "Workload",
    "WorkloadGroup",
]
