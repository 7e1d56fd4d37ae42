"""Cost layers: which sources have them, a ledger of their days, and narrow daily facts.

Layers overlap with allocations and with each other: a node is an asset, is on the cloud's bill, and is allocated to
workloads. So they stand in tables of their own, and nothing here is ever added to an allocation.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from costinsights.costs.history.models import LedgerRow, SnapshotState
from costinsights.opencost.layer_rows import Layer

LAYER_NAMES = {
    Layer.ASSETS: "Infrastructure (assets)",
    Layer.CLOUD: "Cloud bill",
    Layer.CUSTOM: "Custom costs",
}
LAYER_VALUES = [layer.value for layer in Layer]
LAYERS = [(layer.value, name) for layer, name in LAYER_NAMES.items()]
# What an item is told apart by, in the order of its digest.
ITEM_NAMES = (
    "provider",
    "billing_account",
    "account",
    "account_name",
    "service",
    "category",
    "region",
    "zone",
    "resource_type",
    "resource_name",
    "resource_id",
    "domain",
    "charge_category",
    "cost_source",
    "unit",
)
# The amounts of a fact, in micro-units; null where OpenCost does not know them or the layer has none.
AMOUNT_COLUMNS = (
    "total_cost",
    "list_cost",
    "net_cost",
    "billed_cost",
    "amortized_cost",
    "kubernetes_cost",
    "cpu_cost",
    "ram_cost",
    "gpu_cost",
    "discount_cost",
    "adjustment_cost",
    "other_cost",
    "idle_cost",
)


class SourceState(models.TextChoices):
    """Whether a cluster's OpenCost has a layer."""

    UNKNOWN = "unknown", "Not asked yet"
    PRESENT = "present", "Has it"
    ABSENT = "absent", "Does not have it"


class LayerSource(models.Model):
    """One cluster and layer: does its OpenCost have it, and how does asking for it go.

    An absent layer is no failure; it is asked for again at `ask_again_at`. `paused_until` follows failures, which
    count here alone: a layer never takes its cluster's allocations along.
    """

    cluster = models.ForeignKey(
        "costs.Cluster", models.CASCADE, related_name="layer_sources", db_index=False
    )
    layer = models.CharField(max_length=6, choices=LAYERS)
    state = models.CharField(max_length=7, choices=SourceState, default=SourceState.UNKNOWN)
    reason = models.CharField(max_length=64, blank=True)  # why it is absent; stable, for programs
    message = models.CharField(max_length=500, blank=True)  # the same for a person
    asked_at = models.DateTimeField(null=True)
    ask_again_at = models.DateTimeField(null=True)
    reread_on = models.DateField(null=True)  # the night that was planned last
    failures = models.PositiveIntegerField(default=0)  # in a row
    paused_until = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    error_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["cluster", "layer"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["cluster", "layer"], name="layer_source_once"),
            models.CheckConstraint(condition=Q(layer__in=LAYER_VALUES), name="layer_source_layer"),
            models.CheckConstraint(
                condition=Q(state__in=SourceState.values), name="layer_source_state"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.layer} of {self.cluster_id}"


class LayerWindow(LedgerRow):
    """The ledger of layers: one row per cluster, layer and UTC day. Minutes are of assets; else the whole day."""

    cluster = models.ForeignKey(
        "costs.Cluster", models.CASCADE, related_name="layer_windows", db_index=False
    )
    layer = models.CharField(max_length=6, choices=LAYERS)
    day = models.DateField()

    class Meta:
        ordering: ClassVar[list[str]] = ["cluster", "layer", "day"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["cluster", "layer", "day"], name="layer_window_once"),
            models.CheckConstraint(condition=Q(layer__in=LAYER_VALUES), name="layer_window_layer"),
            models.CheckConstraint(
                condition=Q(state__in=SnapshotState.values), name="layer_window_state"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="layer_window_due"
            ),
            models.Index(
                fields=["cluster"],
                condition=Q(leased_until__isnull=False),
                name="layer_window_leased",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.layer} of {self.cluster_id}, {self.day}"


class LayerRevision(models.Model):
    """What a layer's day held before it was restated: totals only."""

    window = models.ForeignKey(
        LayerWindow, models.CASCADE, related_name="revisions", db_index=False
    )
    revision = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    total = models.BigIntegerField()
    facts_sha256 = models.CharField(max_length=64)
    read_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["window", "revision"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["window", "revision"], name="layer_revision_once"),
        ]

    def __str__(self) -> str:
        return f"{self.window_id} r{self.revision}"


class LayerItem(models.Model):
    """What a layer's cost is about, in FOCUS words; "" where OpenCost names nothing. Labels as they were."""

    cluster = models.ForeignKey("costs.Cluster", models.CASCADE, related_name="+", db_index=False)
    layer = models.CharField(max_length=6, choices=LAYERS)
    sha256 = models.CharField(max_length=64)
    provider = models.TextField(blank=True)
    billing_account = models.TextField(blank=True)
    account = models.TextField(blank=True)
    account_name = models.TextField(blank=True)
    service = models.TextField(blank=True)
    category = models.TextField(blank=True)
    region = models.TextField(blank=True)
    zone = models.TextField(blank=True)
    resource_type = models.TextField(blank=True)
    resource_name = models.TextField(blank=True)
    resource_id = models.TextField(blank=True)
    domain = models.TextField(blank=True)
    charge_category = models.TextField(blank=True)
    cost_source = models.TextField(blank=True)
    unit = models.TextField(blank=True)
    labels = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["cluster", "layer", "sha256"], name="layer_item_once"),
        ]

    def __str__(self) -> str:
        return self.resource_name or self.service or self.domain or self.sha256


class LayerDay(models.Model):
    """What an item cost over one UTC day: whole micro-units, null where OpenCost does not know."""

    pk = models.CompositePrimaryKey("cluster_id", "layer", "day", "item_id")
    cluster = models.ForeignKey("costs.Cluster", models.CASCADE, related_name="+", db_index=False)
    layer = models.CharField(max_length=6, choices=LAYERS)
    day = models.DateField()
    item = models.ForeignKey(
        LayerItem, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    total_cost = models.BigIntegerField(null=True)
    list_cost = models.BigIntegerField(null=True)
    net_cost = models.BigIntegerField(null=True)
    billed_cost = models.BigIntegerField(null=True)
    amortized_cost = models.BigIntegerField(null=True)
    kubernetes_cost = models.BigIntegerField(null=True)
    cpu_cost = models.BigIntegerField(null=True)
    ram_cost = models.BigIntegerField(null=True)
    gpu_cost = models.BigIntegerField(null=True)
    discount_cost = models.BigIntegerField(null=True)
    adjustment_cost = models.BigIntegerField(null=True)
    other_cost = models.BigIntegerField(null=True)
    idle_cost = models.BigIntegerField(null=True)
    quantity = models.BigIntegerField(null=True)  # millionths of the item's unit
    unknown_rows = models.PositiveIntegerField(default=0)  # rows of the answer without a cost

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # Where every part of an asset's cost is known they are its total; a null part makes this null, and passes.
            models.CheckConstraint(
                condition=~Q(layer=Layer.ASSETS.value)
                | Q(
                    total_cost=F("cpu_cost")
                    + F("ram_cost")
                    + F("gpu_cost")
                    + F("discount_cost")
                    + F("adjustment_cost")
                    + F("other_cost")
                ),
                name="layer_day_assets_add_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.total_cost}"
