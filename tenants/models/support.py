"""Staff looking into a tenant: asked for, granted, limited in time."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.models.staff import StaffUser
from tenants.models.tenancy import Tenant

LONGEST_GRANT = dt.timedelta(hours=8)
LONGEST_BREAK_GLASS = dt.timedelta(hours=1)


class GrantState(models.TextChoices):
    """Where a grant stands. It is in force while approved and before `expires_at`."""

    REQUESTED = "requested", "Waiting for the owner"
    APPROVED = "approved", "Approved"
    DENIED = "denied", "Denied"
    ENDED = "ended", "Ended"


class SupportGrant(models.Model):
    """Leave for one staff member to read in one tenant until an instant.

    A break-glass grant takes effect without the owner's approval; the owner is told at once.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="support_grants")
    staff = models.ForeignKey(StaffUser, models.PROTECT, related_name="support_grants")
    reason = models.CharField(max_length=500)
    is_break_glass = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=GrantState, default=GrantState.REQUESTED)
    minutes = models.PositiveIntegerField(default=60, help_text="How long, once approved.")
    requested_at = models.DateTimeField(default=timezone.now, editable=False)
    # The member who decided, as text: members live in the tenant's schema.
    decided_by = models.CharField(max_length=254, blank=True, editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-requested_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(state__in=GrantState.values), name="support_grant_state_is_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="support_grant_has_a_reason"),
            models.CheckConstraint(
                condition=~Q(state=GrantState.APPROVED) | Q(expires_at__isnull=False),
                name="support_grant_approved_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff} into {self.tenant}"

    def is_in_force(self, at: dt.datetime) -> bool:
        return (
            self.state == GrantState.APPROVED
            and self.expires_at is not None
            and self.expires_at > at
        )
