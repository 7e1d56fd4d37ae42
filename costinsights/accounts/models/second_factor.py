"""A member's second factor: a time-based one-time code and the recovery codes beside it."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from costinsights.accounts.models.people import User


class TotpDevice(models.Model):
    """The authenticator app of a member. Counts as a factor once a first code was confirmed."""

    user = models.OneToOneField(User, models.CASCADE, related_name="totp_device")
    sealed_secret = models.TextField(editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    # The 30-second step of the last code that was taken: none at or before it works again.
    last_step = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "authenticator app"

    def __str__(self) -> str:
        return f"authenticator app of {self.user_id}"


class RecoveryCode(models.Model):
    """A code that stands in for the authenticator app once. Only its SHA-256 is kept."""

    # Found by the index of the constraint below.
    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes", db_index=False)
    code_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_unique"),
        ]

    def __str__(self) -> str:
        return f"recovery code {self.pk}"
