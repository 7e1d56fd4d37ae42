"""The tables of stored history: a ledger of windows, dimensions, narrow facts and their roll-ups.

Facts are whole numbers only: money in micro-units, usage in millionths of core-hours and in byte-hours.
Whole numbers add up the same in any order, so a roll-up that is changed by a difference never drifts. Facts
and dimensions are the product's own writing (COPY and SQL in `writer`); nothing else changes them.
"""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.expressions import Combinable
from django.utils import timezone

# The eight cost components, in the order of `costinsights.opencost.rows.COMPONENTS`, then their sum.
COST_COLUMNS = (
    "cpu_cost",
    "ram_cost",
    "gpu_cost",
    "pv_cost",
    "network_cost",
    "load_balancer_cost",
    "shared_cost",
    "external_cost",
    "total_cost",
)
# Millionths of core-hours and of GPU-hours; byte-hours.
USAGE_COLUMNS = ("cpu_core_hours", "ram_byte_hours", "gpu_hours", "pv_byte_hours")
# What was used and requested over time, where both are known, and the costs that weigh them.
EFFICIENCY_COLUMNS = (
    "cpu_used",
    "cpu_requested",
    "ram_used",
    "ram_requested",
    "cpu_used_cost",
    "ram_used_cost",
)
# What a fact's total gains when its cluster's idle cost is shared out; in idle facts, what they lose. Their sum
# over a window is zero, so that sharing moves money and never makes any.
IDLE_SHARE_COLUMNS = ("idle_cpu_share", "idle_ram_share", "idle_gpu_share")
MEASURES = (*COST_COLUMNS, *USAGE_COLUMNS, *EFFICIENCY_COLUMNS, *IDLE_SHARE_COLUMNS)


class Grain(models.TextChoices):
    """How long a stored window is."""

    HOUR = "hour", "Hour"
    DAY = "day", "Day"

    @property
    def length(self) -> dt.timedelta:
        return dt.timedelta(hours=1) if self is Grain.HOUR else dt.timedelta(days=1)


class SnapshotState(models.TextChoices):
    """What is stored of a window. A window that is due again keeps the state of what it holds."""

    PENDING = "pending", "Not read yet"
    OK = "ok", "Complete"
    PARTIAL = "partial", "Partial"
    EMPTY = "empty", "Empty"
    FAILED = "failed", "Failed"


class Snapshot(models.Model):
    """The ledger: one row per cluster, grain and window, whatever happened to it.

    `due_at` is when somebody should read it (again); null when nobody need. A worker that reads it holds it
    until `leased_until`; `attempt` counts the takings, so that a worker that lost its lease cannot write.
    """

    cluster = models.ForeignKey(
        "costs.Cluster", models.CASCADE, related_name="snapshots", db_index=False
    )
    grain = models.CharField(max_length=4, choices=Grain)
    window_start = models.DateTimeField()
    state = models.CharField(max_length=8, choices=SnapshotState, default=SnapshotState.PENDING)
    due_at = models.DateTimeField(null=True, default=timezone.now)
    priority = models.SmallIntegerField(default=0)  # the higher the earlier; backfill is below zero
    attempt = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)  # failures since the last success

    # What is stored.
    revision = models.PositiveIntegerField(
        default=0
    )  # 0: nothing; each changed re-reading adds one
    rows = models.PositiveIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    minutes_covered = models.PositiveIntegerField(default=0)
    unknown_rows = models.PositiveIntegerField(default=0)
    reported_difference = models.BigIntegerField(default=0)  # ours minus OpenCost's own totals
    facts_sha256 = models.CharField(max_length=64, blank=True)

    # How it was read.
    opencost_version = models.CharField(max_length=64, blank=True)
    request_sha256 = models.CharField(max_length=64, blank=True)
    response_sha256 = models.CharField(max_length=64, blank=True)
    response_bytes = models.BigIntegerField(default=0)
    warning = models.CharField(max_length=500, blank=True)
    read_at = models.DateTimeField(null=True)
    read_seconds = models.FloatField(null=True)
    write_seconds = models.FloatField(null=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    error_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["cluster", "grain", "window_start"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["cluster", "grain", "window_start"], name="snapshot_once_per_window"
            ),
            models.CheckConstraint(condition=Q(grain__in=Grain.values), name="snapshot_grain"),
            models.CheckConstraint(
                condition=Q(state__in=SnapshotState.values), name="snapshot_state_is_known"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="snapshot_due"),
        ]

    def __str__(self) -> str:
        return f"{self.cluster_id} {self.grain} {self.window_start:%Y-%m-%dT%H}"

    @property
    def window_end(self) -> dt.datetime:
        return self.window_start + Grain(self.grain).length


class SnapshotRevision(models.Model):
    """What a window held before it was restated: totals only, so that every change can be explained."""

    snapshot = models.ForeignKey(Snapshot, models.CASCADE, related_name="revisions", db_index=False)
    revision = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    total = models.BigIntegerField()
    facts_sha256 = models.CharField(max_length=64)
    opencost_version = models.CharField(max_length=64, blank=True)
    read_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["snapshot", "revision"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["snapshot", "revision"], name="snapshot_revision_once"),
        ]

    def __str__(self) -> str:
        return f"{self.snapshot_id} r{self.revision}"


class BackfillState(models.TextChoices):
    """Where the reading of older days stands."""

    NONE = "none", "Not asked for"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"


class IngestState(models.Model):
    """One cluster's place in the work: since when it is stored, its backfill, its breaker."""

    cluster = models.OneToOneField(
        "costs.Cluster", models.CASCADE, primary_key=True, related_name="ingest"
    )
    stored_since = models.DateTimeField()  # the first day that is planned forward
    backfill_state = models.CharField(
        max_length=10, choices=BackfillState, default=BackfillState.NONE
    )
    backfill_from = models.DateTimeField(null=True)  # the oldest day wanted
    backfill_next = models.DateTimeField(null=True)  # the next older day to plan
    backfill_started_at = models.DateTimeField(null=True)
    backfill_ended_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)  # exchanges that failed in a row
    closed_until = models.DateTimeField(null=True)  # the breaker: nobody asks before
    reread_on = models.DateField(null=True)  # the night that was planned last

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(backfill_state__in=BackfillState.values),
                name="ingest_backfill_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"ingest of {self.cluster_id}"


# Dimensions ---------------------------------------------------------------------------------------


class WorkloadGroup(models.Model):
    """Cluster, namespace and controller kind: what the roll-ups are kept by. Names are "" where absent."""

    cluster = models.ForeignKey("costs.Cluster", models.CASCADE, related_name="+", db_index=False)
    row_kind = models.CharField(max_length=9)  # workload, idle, unmounted
    namespace = models.TextField()
    controller_kind = models.TextField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["cluster", "row_kind", "namespace", "controller_kind"],
                name="workload_group_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.controller_kind}"


class Workload(models.Model):
    """A controller of a group; "" for what has none."""

    group = models.ForeignKey(
        WorkloadGroup, models.CASCADE, related_name="workloads", db_index=False
    )
    controller = models.TextField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["group", "controller"], name="workload_once"),
        ]

    def __str__(self) -> str:
        return self.controller


class Node(models.Model):
    """A node of a cluster; "" for what runs on none."""

    cluster = models.ForeignKey("costs.Cluster", models.CASCADE, related_name="+", db_index=False)
    name = models.TextField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["cluster", "name"], name="node_once"),
        ]

    def __str__(self) -> str:
        return self.name


class LabelSet(models.Model):
    """The values of the stored label and annotation keys that a row had, as they were at the time."""

    sha256 = models.CharField(max_length=64, unique=True)
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.labels)


class KeyKind(models.TextChoices):
    """Where a key was seen."""

    LABEL = "label", "Label"
    ANNOTATION = "annotation", "Annotation"


class LabelKey(models.Model):
    """A label or annotation key seen in this tenant's clusters, and whether its values are stored."""

    kind = models.CharField(max_length=10, choices=KeyKind, default=KeyKind.LABEL)
    name = models.TextField()
    is_stored = models.BooleanField(default=False)
    # Of the last closed day that was read: how much of the cost carries the key, in how many values.
    covered_cost = models.BigIntegerField(default=0)
    whole_cost = models.BigIntegerField(default=0)
    values_seen = models.PositiveIntegerField(default=0)
    first_seen_on = models.DateField()
    last_seen_on = models.DateField()
    # Too many values: stored as `__other__` from then on, so that one key cannot fill the database.
    is_over_limit = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["kind", "name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "name"], name="label_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @property
    def coverage(self) -> float | None:
        """The share of the last day's cost that carries the key, 0 to 1; None before a day was read."""
        return self.covered_cost / self.whole_cost if self.whole_cost > 0 else None


# Facts ----------------------------------------------------------------------------------------------


class Measures(models.Model):
    """What every fact and every roll-up adds up. Flags are a bit mask (`facts.Bit`)."""

    cpu_cost = models.BigIntegerField()
    ram_cost = models.BigIntegerField()
    gpu_cost = models.BigIntegerField()
    pv_cost = models.BigIntegerField()
    network_cost = models.BigIntegerField()
    load_balancer_cost = models.BigIntegerField()
    shared_cost = models.BigIntegerField()
    external_cost = models.BigIntegerField()
    total_cost = models.BigIntegerField()
    cpu_core_hours = models.BigIntegerField()
    ram_byte_hours = models.BigIntegerField()
    gpu_hours = models.BigIntegerField()
    pv_byte_hours = models.BigIntegerField()
    cpu_used = models.BigIntegerField()
    cpu_requested = models.BigIntegerField()
    ram_used = models.BigIntegerField()
    ram_requested = models.BigIntegerField()
    cpu_used_cost = models.BigIntegerField()
    ram_used_cost = models.BigIntegerField()
    idle_cpu_share = models.BigIntegerField()
    idle_ram_share = models.BigIntegerField()
    idle_gpu_share = models.BigIntegerField()
    flags = models.SmallIntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.pk}: {self.total_cost}"


def adds_up(name: str) -> models.CheckConstraint:
    """The database refuses a row whose total is not the sum of its components."""
    whole: Combinable = models.F(COST_COLUMNS[0])
    for column in COST_COLUMNS[1:-1]:
        whole = whole + models.F(column)
    return models.CheckConstraint(condition=Q(total_cost=whole), name=name)


class CostDay(Measures):
    """The book of record: a workload's cost on a node with a set of labels, over one UTC day."""

    pk = models.CompositePrimaryKey("cluster_id", "day", "workload_id", "node_id", "label_set_id")
    cluster = models.ForeignKey("costs.Cluster", models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    group = models.ForeignKey(  # the workload's: so that most questions need no look-up
        WorkloadGroup, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    workload = models.ForeignKey(
        Workload, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    node = models.ForeignKey(
        Node, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    label_set = models.ForeignKey(
        LabelSet, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [adds_up("cost_day_adds_up")]


class CostHour(Measures):
    """As CostDay over one UTC hour, kept for the last weeks."""

    pk = models.CompositePrimaryKey("cluster_id", "hour", "workload_id", "node_id", "label_set_id")
    cluster = models.ForeignKey("costs.Cluster", models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    group = models.ForeignKey(  # the workload's: so that most questions need no look-up
        WorkloadGroup, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    workload = models.ForeignKey(
        Workload, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    node = models.ForeignKey(
        Node, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    label_set = models.ForeignKey(
        LabelSet, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [adds_up("cost_hour_adds_up")]


# Roll-ups, kept in the transaction that writes the facts -------------------------------------------


class GroupDay(Measures):
    """Costs of a day by group and labels: what the pages read."""

    pk = models.CompositePrimaryKey("cluster_id", "day", "group_id", "label_set_id")
    cluster = models.ForeignKey("costs.Cluster", models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    group = models.ForeignKey(
        WorkloadGroup, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    label_set = models.ForeignKey(
        LabelSet, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )


class GroupHour(Measures):
    """Costs of an hour by group and labels."""

    pk = models.CompositePrimaryKey("cluster_id", "hour", "group_id", "label_set_id")
    cluster = models.ForeignKey("costs.Cluster", models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    group = models.ForeignKey(
        WorkloadGroup, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    label_set = models.ForeignKey(
        LabelSet, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )


class NodeMonth(Measures):
    """Costs of a calendar month (UTC) by node and group: the answer to long questions about nodes.

    Changed by differences, so it has no flags (always 0): whether one still holds cannot be subtracted.
    """

    pk = models.CompositePrimaryKey("cluster_id", "month", "node_id", "group_id")
    facts = models.PositiveIntegerField()  # how many are in it; at 0 the row goes
    cluster = models.ForeignKey("costs.Cluster", models.CASCADE, related_name="+", db_index=False)
    month = models.DateField()
    node = models.ForeignKey(
        Node, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    group = models.ForeignKey(
        WorkloadGroup, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
