"""Narrow facts and their roll-ups: whole numbers only.

Money in micro-units, usage in millionths of core-hours and in byte-hours. Whole numbers add up the same in any
order, so a roll-up that is changed by a difference never drifts. `writer` writes these tables by COPY and SQL;
nothing else changes them.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.expressions import Combinable

from costinsights.costs.history.models.names import LabelSet, Node, Workload, WorkloadGroup

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
