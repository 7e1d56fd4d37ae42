"""What staff tell every workspace."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from tenants.models.tenancy import Plan


class AnnouncementLevel(models.TextChoices):
    """How loud it is."""

    INFO = "info", "Information"
    WARNING = "warning", "Warning"
    DANGER = "danger", "Disruption"


class Announcement(models.Model):
    """A banner on the pages of every tenant, or of the tenants of some plans, for a time."""

    title = models.CharField(max_length=120)
    text = models.CharField(max_length=500, blank=True)
    link = models.URLField(blank=True)
    level = models.CharField(
        max_length=16, choices=AnnouncementLevel, default=AnnouncementLevel.INFO
    )
    plans = ArrayField(
        models.CharField(max_length=16, choices=Plan),
        default=list,
        blank=True,
        help_text="Empty: every plan.",
    )
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-starts_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True)
                | models.Q(ends_at__gt=models.F("starts_at")),
                name="announcement_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return self.title
