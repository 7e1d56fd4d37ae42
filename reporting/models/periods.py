"""Periods, closes and statements. What is closed is never changed: the database refuses it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from costinsights.accounts.models import User
from reporting.allocation.types import Bucket
from reporting.models.centers import CostCenter


class PeriodState(models.TextChoices):
    """Where a month stands."""

    OPEN = "open", "Open"
    PRELIMINARY = "preliminary", "Preliminary"
    CLOSED = "closed", "Closed"


class WorkState(models.TextChoices):
    """What the job of a period is doing."""

    IDLE = "idle", "Nothing"
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Period(models.Model):
    """A calendar month (UTC days). `revision` is that of its last close, 0 before the first."""

    month = models.DateField(unique=True)  # its first day
    state = models.CharField(max_length=11, choices=PeriodState, default=PeriodState.OPEN)
    revision = models.PositiveIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)  # set by the first preparation

    # The preparation or close at work, or the last one.
    work_state = models.CharField(max_length=9, choices=WorkState, default=WorkState.IDLE)
    work_kind = models.CharField(max_length=8, blank=True)  # prepare, close
    work_done = models.PositiveIntegerField(default=0)
    work_whole = models.PositiveIntegerField(default=0)
    work_message = models.CharField(max_length=1_000, blank=True)
    work_started_at = models.DateTimeField(null=True)
    work_ended_at = models.DateTimeField(null=True)

    prepared_at = models.DateTimeField(null=True)
    prepared_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    prepared_sha256 = models.CharField(max_length=64, blank=True)  # of the lines of every statement
    reopen_reason = models.CharField(max_length=500, blank=True)
    # The reconciliation of what is prepared or closed, as of StatementDocument.
    reconciliation = models.JSONField(null=True)
    complete_micros = models.PositiveIntegerField(default=0)
    # Late data: what changed in stored history since the last close, as a whole.
    late_checked_at = models.DateTimeField(null=True)
    late_amount = models.BigIntegerField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-month"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(state__in=PeriodState.values), name="period_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(work_state__in=WorkState.values), name="period_work_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class PeriodPools(models.Model):
    """What the pools of a month's preliminary statements are made of; a close holds its own."""

    period = models.OneToOneField(
        Period, models.CASCADE, primary_key=True, related_name="preliminary_pools"
    )
    pools = models.JSONField()  # as of reporting.statements.pools

    def __str__(self) -> str:
        return f"pools of {self.period_id}"


class PeriodClose(models.Model):
    """One closing of a month: the chain's link. `sha256` covers the document, which names every statement's hash."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="closes", db_index=False)
    revision = models.PositiveIntegerField()
    number = models.PositiveIntegerField(unique=True)  # 1, 2, 3 … without gaps
    prev_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64, unique=True)
    document = models.TextField()  # canonical JSON
    reason = models.CharField(max_length=500, blank=True)  # of a revision
    override_reason = models.CharField(max_length=500, blank=True)  # data were incomplete
    closed_by = models.CharField(max_length=254)
    closed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["period", "revision"], name="period_close_once"),
            models.CheckConstraint(condition=Q(revision__gt=0), name="period_close_has_revision"),
        ]

    def __str__(self) -> str:
        return f"{self.period_id} r{self.revision}"


class Statement(models.Model):
    """One cost centre's month (or what is unmapped, retained or excluded): revision 0 is preliminary and replaceable."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="statements", db_index=False)
    revision = models.PositiveIntegerField()
    bucket = models.CharField(max_length=8, default=Bucket.CENTER.value)
    center = models.ForeignKey(CostCenter, models.PROTECT, null=True, related_name="statements")
    code = models.CharField(max_length=32)  # the centre's at the time; the bucket's name otherwise
    name = models.CharField(max_length=120)
    number = models.CharField(max_length=60)  # CI-2026-09-CC100-r1
    currency = models.CharField(max_length=3)
    billed = models.BigIntegerField()
    effective = models.BigIntegerField()
    line_count = models.PositiveIntegerField()
    document = models.TextField()  # canonical JSON of StatementDocument
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["period", "revision", "bucket", "code"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["period", "revision", "bucket", "code"], name="statement_once"
            ),
            models.CheckConstraint(
                condition=Q(bucket__in=list(Bucket)), name="statement_bucket_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class StatementLine(models.Model):
    """A line of a statement: the fields of `reporting.statements.document.Line`, written by COPY."""

    pk = models.CompositePrimaryKey("statement_id", "position")
    statement = models.ForeignKey(Statement, models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()
    line_type = models.CharField(max_length=10)
    pool = models.TextField()
    cluster = models.TextField()
    namespace = models.TextField()
    controller_kind = models.TextField()
    controller = models.TextField()
    label_key = models.TextField()
    label_value = models.TextField()
    cpu_core_hours = models.BigIntegerField()
    ram_byte_hours = models.BigIntegerField()
    gpu_hours = models.BigIntegerField()
    pv_byte_hours = models.BigIntegerField()
    cpu_cost = models.BigIntegerField()
    ram_cost = models.BigIntegerField()
    gpu_cost = models.BigIntegerField()
    pv_cost = models.BigIntegerField()
    network_cost = models.BigIntegerField()
    load_balancer_cost = models.BigIntegerField()
    shared_cost = models.BigIntegerField()
    external_cost = models.BigIntegerField()
    list_cost = models.BigIntegerField()
    discount = models.BigIntegerField()
    markup = models.BigIntegerField()
    effective_cost = models.BigIntegerField()
    billed_cost = models.BigIntegerField()
    fx_rate = models.TextField()
    share_method = models.TextField()
    share_driver = models.TextField()
    # A driver's sums and weights may pass what a bigint holds: byte-hours of many nodes.
    share_driver_value = models.DecimalField(max_digits=38, decimal_places=0, null=True)
    share_weight = models.DecimalField(max_digits=38, decimal_places=0, null=True)
    share_weight_total = models.DecimalField(max_digits=38, decimal_places=0, null=True)
    previous_period_cost = models.BigIntegerField(null=True)
    efficiency_micros = models.BigIntegerField(null=True)
    mapping_rule_id = models.BigIntegerField(null=True)
    snapshot_id = models.TextField()
    notes = models.TextField()

    def __str__(self) -> str:
        return f"{self.statement_id}:{self.position}"


class AdjustmentState(models.TextChoices):
    """Whether a change of a closed month was charged yet."""

    PENDING = "pending", "Waiting for the next close"
    CHARGED = "charged", "Charged"
    DROPPED = "dropped", "Dropped"


class Adjustment(models.Model):
    """What late data change in a closed month, charged in a later one. `amount` is exact micro-units."""

    source = models.ForeignKey(Period, models.PROTECT, related_name="adjustments", db_index=False)
    source_revision = models.PositiveIntegerField()
    state = models.CharField(max_length=7, choices=AdjustmentState, default=AdjustmentState.PENDING)
    charged_in = models.ForeignKey(
        PeriodClose, models.PROTECT, null=True, related_name="adjustments", db_index=False
    )
    bucket = models.CharField(max_length=8)
    code = models.CharField(max_length=32)
    cluster = models.TextField()
    namespace = models.TextField()
    controller_kind = models.TextField()
    controller = models.TextField()
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["source", "id"]

    def __str__(self) -> str:
        return f"{self.source_id} {self.code} {self.amount}"
