"""The platform's own audit log: tenants, plans, switches, staff. The database writes it."""

from typing import ClassVar

from django.db import models

from costinsights.core.audit_models import AuditEntryBase, AuditHeadBase


class PlatformAuditEntry(AuditEntryBase):
    """One entry of the platform's audit log. Read-only: the database refuses everything else."""

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["object_type", "object_id"], name="platform_audit_object"),
        ]


class PlatformAuditHead(AuditHeadBase):
    """The end of the platform's chain. Absent until something was sealed."""

    class Meta:
        verbose_name = "end of the audit log"
