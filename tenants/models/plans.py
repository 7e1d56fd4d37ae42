"""What a plan allows, and what a tenant used of it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.models.tenancy import Plan, Tenant


class PlanLimits(models.Model):
    """How much of everything a plan includes. Empty means no limit."""

    plan = models.CharField(max_length=16, choices=Plan, unique=True)
    clusters = models.PositiveIntegerField(null=True, blank=True)
    workloads = models.PositiveIntegerField(null=True, blank=True)
    members = models.PositiveIntegerField(null=True, blank=True)
    api_calls_per_day = models.PositiveIntegerField(null=True, blank=True)
    storage_bytes = models.BigIntegerField(null=True, blank=True)
    retention_days = models.PositiveIntegerField()

    class Meta:
        verbose_name = "plan limits"
        verbose_name_plural = "plan limits"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(plan__in=Plan.values), name="plan_limits_plan_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"limits of {self.plan}"


class TenantUsage(models.Model):
    """What one tenant used on one UTC day, measured by a job and refreshed while the day runs.

    Numbers only, no name of anything inside the tenant: staff see it without a grant. Null is not
    measured, which is not zero.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="usage")
    day = models.DateField()
    clusters = models.PositiveIntegerField(null=True)
    clusters_failing = models.PositiveIntegerField(null=True)
    workloads = models.PositiveIntegerField(null=True)
    members = models.PositiveIntegerField(null=True)
    api_calls = models.PositiveIntegerField(null=True)
    storage_bytes = models.BigIntegerField(null=True)
    oldest_stored_day = models.DateField(null=True)
    last_data_at = models.DateTimeField(null=True)
    measured_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "tenant usage"
        verbose_name_plural = "tenant usage"
        ordering: ClassVar[list[str]] = ["tenant", "-day"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "day"], name="tenant_usage_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.tenant_id} on {self.day}"
