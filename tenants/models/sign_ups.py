"""People who asked for a workspace and have not confirmed their address yet."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.utils import timezone

SIGN_UP_LIFETIME = dt.timedelta(hours=24)


class SignUp(models.Model):
    """A workspace asked for on the platform's page. Only the SHA-256 of the mailed secret is kept."""

    email = models.EmailField()
    workspace_name = models.CharField(max_length=120)
    slug = models.CharField(max_length=40)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    ip_address = models.GenericIPAddressField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["created_at"], name="sign_up_age"),
        ]

    def __str__(self) -> str:
        return f"{self.slug} for {self.email}"
