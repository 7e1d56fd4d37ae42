"""Jobs that failed, kept until somebody has dealt with them."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from tenants.models.staff import StaffUser
from tenants.models.tenancy import Tenant


class JobFailure(models.Model):
    """A job that raised and will not be tried again by itself.

    `kwargs` are ids and words of our own: jobs are never sent secrets. The message is the error's
    class and our own text, not what a foreign server wrote.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, null=True, related_name="job_failures")
    task = models.CharField(max_length=200)
    job_id = models.CharField(max_length=64, unique=True)
    kwargs = models.JSONField(default=dict)
    error = models.CharField(max_length=200)
    message = models.TextField(blank=True)
    failed_at = models.DateTimeField(default=timezone.now)
    retried_at = models.DateTimeField(null=True, editable=False)
    retried_by = models.ForeignKey(StaffUser, models.SET_NULL, null=True, editable=False)
    dismissed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-failed_at", "-pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["failed_at"], name="job_failure_age"),
        ]

    def __str__(self) -> str:
        return f"{self.task}: {self.error}"
