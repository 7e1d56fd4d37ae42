"""Reports that run on demand or by the calendar."""

from typing import ClassVar

from django.db import models
from django.db.models import Q, Value
from django.utils import timezone

from costinsights.accounts.models import User


class ReportKind(models.TextChoices):
    """What a report is about."""

    STATEMENTS = "statements", "Statements of a month"
    COSTS = "costs", "Costs by any grouping"


class ReportDefinition(models.Model):
    """What to make: the kind, its parameters (validated by kind) and the formats."""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=ReportKind)
    parameters = models.JSONField(default=dict)
    formats = models.JSONField(default=list)
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(kind__in=ReportKind.values), name="report_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Frequency(models.TextChoices):
    """How often a schedule runs."""

    WEEKLY = "weekly", "Every week"
    MONTHLY = "monthly", "Every month"


class ReportSchedule(models.Model):
    """When a report runs and who gets the mail. Days and hours are of the workspace's time zone."""

    report = models.ForeignKey(ReportDefinition, models.CASCADE, related_name="schedules")
    frequency = models.CharField(max_length=7, choices=Frequency)
    day = models.PositiveSmallIntegerField()  # 1 Monday … 7 Sunday; of the month: 1 to 28
    hour = models.PositiveSmallIntegerField(default=6)
    recipients = models.JSONField(default=list)  # e-mail addresses
    to_owners = models.BooleanField(default=False)  # each cost centre's owner: its own statement
    is_active = models.BooleanField(default=True)
    next_run_at = models.DateTimeField(null=True)
    last_run_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(frequency=Frequency.WEEKLY, day__gte=1, day__lte=7)
                | Q(frequency=Frequency.MONTHLY, day__gte=1, day__lte=28),
                name="report_schedule_day",
            ),
            models.CheckConstraint(condition=Q(hour__lte=23), name="report_schedule_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.frequency} {self.day}"


class RunState(models.TextChoices):
    """Where a run stands."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class ReportRun(models.Model):
    """One making of a report: progress while it runs, files when it is done."""

    report = models.ForeignKey(ReportDefinition, models.CASCADE, related_name="runs")
    schedule = models.ForeignKey(
        ReportSchedule, models.SET_NULL, null=True, related_name="runs", db_index=False
    )
    due_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=9, choices=RunState, default=RunState.QUEUED)
    done = models.PositiveIntegerField(default=0)
    whole = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=1_000, blank=True)
    cancel_requested = models.BooleanField(default=False)
    # How often a job took it up, and when the last one gave a sign of life.
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    seen_at = models.DateTimeField(null=True)
    requested_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    summary = models.JSONField(default=dict)
    # file name, format, content type, sha256, bytes, storage name of each
    files = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True)
    # Of a scheduled run that ended: mails are to be sent then, and to whom they went already.
    mail_due_at = models.DateTimeField(null=True)
    mailed_to = models.JSONField(default=list, db_default=Value([], models.JSONField()))

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(state__in=RunState.values), name="report_run_state_is_known"
            ),
            # A schedule fires once for a moment, however many clocks tick.
            models.UniqueConstraint(
                fields=["schedule", "due_at"],
                condition=Q(schedule__isnull=False),
                name="report_run_once_per_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.due_at:%Y-%m-%d} {self.state}"
