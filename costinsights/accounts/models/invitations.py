"""Invitations: how somebody becomes a member."""

import datetime as dt
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from costinsights.accounts.models.people import Role, User

INVITATION_LIFETIME = dt.timedelta(days=7)


class Invitation(models.Model):
    """An open door for one e-mail address. Only the SHA-256 of the mailed secret is kept."""

    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)
    scope_namespaces = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    scope_labels = ArrayField(models.CharField(max_length=400), default=list, blank=True)
    secret_hash = models.CharField(max_length=64, editable=False, unique=True)
    invited_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="invitations_sent", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                Lower("email"),
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_one_open_per_address",
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="invitation_role_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(role__in=[Role.OWNER, Role.ADMIN])
                | Q(scope_namespaces=[], scope_labels=[]),
                name="invitation_admins_are_not_limited",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"

    def is_open(self, at: dt.datetime) -> bool:
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > at
