"""The ledger of stored windows, and where each cluster stands in the work."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


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


class LedgerRow(models.Model):
    """What a ledger says of something that is read from OpenCost: when it is due, who has it, what is stored of it.

    `due_at` is when somebody should read it (again); null when nobody need. A worker that reads it holds it
    until `leased_until`; `attempt` counts the takings, so that a worker that lost its lease cannot write.
    `total` is in micro-units and of what is known.
    """

    state = models.CharField(max_length=8, choices=SnapshotState, default=SnapshotState.PENDING)
    due_at = models.DateTimeField(null=True, default=timezone.now)
    priority = models.SmallIntegerField(default=0)  # the higher the earlier; backfill is below zero
    attempt = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)  # failures since the last success

    # What is stored. Revision 0: nothing; each changed re-reading adds one.
    revision = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    minutes_covered = models.PositiveIntegerField(default=0)
    unknown_rows = models.PositiveIntegerField(default=0)  # whose cost OpenCost did not know
    facts_sha256 = models.CharField(max_length=64, blank=True)

    # How it was read.
    opencost_version = models.CharField(max_length=64, blank=True)
    response_sha256 = models.CharField(max_length=64, blank=True)
    response_bytes = models.BigIntegerField(default=0)
    warning = models.CharField(max_length=500, blank=True)
    read_at = models.DateTimeField(null=True)
    read_seconds = models.FloatField(null=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    error_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def put_off(self, *, until: dt.datetime, now: dt.datetime, code: str, message: str) -> None:
        """A reading failed: let go of it and be due again then. What is stored stays as it was."""
        self.tries += 1
        self.due_at, self.leased_until = until, None
        self.error_code, self.error_message, self.error_at = code[:64], message[:500], now
        if self.revision == 0:
            self.state = SnapshotState.FAILED
        self.save()

    def settle(self, *, read_at: dt.datetime, read_seconds: float, warning: str) -> None:
        """A reading came to an end: nobody has it and nobody need. Not saved yet."""
        self.due_at = self.leased_until = self.error_at = None
        self.tries = 0
        self.error_code = self.error_message = ""
        self.read_at, self.read_seconds = read_at, read_seconds
        self.warning = warning[:500]


class Snapshot(LedgerRow):
    """The ledger of allocations: one row per cluster, grain and window, whatever happened to it."""

    cluster = models.ForeignKey(
        "costs.Cluster", models.CASCADE, related_name="snapshots", db_index=False
    )
    grain = models.CharField(max_length=4, choices=Grain)
    window_start = models.DateTimeField()
    reported_difference = models.BigIntegerField(default=0)  # ours minus OpenCost's own totals
    request_sha256 = models.CharField(max_length=64, blank=True)
    write_seconds = models.FloatField(null=True)

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
    slow_since = models.DateTimeField(null=True)  # read in the slow lane; null: in the quick one
    hung_at = models.DateTimeField(null=True)  # it hung last time: asked for little first
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
