"""The workspace's audit log. The database writes it; nothing here does."""

from typing import ClassVar

from django.db import models

from costinsights.core.audit_models import AuditEntryBase, AuditHeadBase


class AuditEntry(AuditEntryBase):
    """One entry of this workspace's audit log."""

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["object_type", "object_id"], name="audit_entry_object"),
        ]


class AuditHead(AuditHeadBase):
    """The end of this workspace's chain. Absent until something was sealed."""

    class Meta:
        verbose_name = "end of the audit log"
