"""Files that were made of statements and reports, kept by their content."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from reporting.models.periods import PeriodClose, Statement


class StatementFile(models.Model):
    """A file in a format. Its bytes lie in the storage under their SHA-256, which every reading checks."""

    statement = models.ForeignKey(
        Statement, models.CASCADE, null=True, related_name="files", db_index=False
    )
    close = models.ForeignKey(
        PeriodClose, models.CASCADE, null=True, related_name="files", db_index=False
    )
    format = models.CharField(max_length=12)  # csv, xlsx, pdf, focus, parquet, journal
    profile = models.CharField(max_length=12, blank=True)  # of FOCUS: its version
    file_name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    storage_name = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["statement", "format", "profile"],
                condition=Q(statement__isnull=False),
                name="statement_file_once",
            ),
            models.UniqueConstraint(
                fields=["close", "format", "profile"],
                condition=Q(close__isnull=False),
                name="close_file_once",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
