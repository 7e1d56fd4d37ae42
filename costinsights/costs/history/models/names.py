"""What stored costs are about: names that facts point to, and the label keys that were seen."""

from typing import ClassVar

from django.db import models


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
