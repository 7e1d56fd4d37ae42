"""The people who run the platform, their sessions and their second factor."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

from costinsights.core.actor import ActorKind


class StaffUserManager(BaseUserManager["StaffUser"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "StaffUser":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, email: str, password: str | None = None, **fields: Any
    ) -> "StaffUser":
        return self.create_user(email, password, is_superuser=True, **fields)


class StaffUser(AbstractBaseUser, PermissionsMixin):
    """Someone who runs the platform. Signs in at the platform's own host, never inside a tenant."""

    actor_kind: ClassVar[ActorKind] = ActorKind.STAFF

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = StaffUserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "staff member"

    def __str__(self) -> str:
        return self.email


class StaffSession(AbstractBaseSession):
    """Sessions of the platform's own host. Tenants keep theirs in their schema."""

    class Meta(AbstractBaseSession.Meta):
        abstract = False
        verbose_name = "staff session"


class StaffTotpDevice(models.Model):
    """The authenticator app of a staff member. Counts once a first code was confirmed."""

    staff = models.OneToOneField(StaffUser, models.CASCADE, related_name="totp_device")
    sealed_secret = models.TextField(editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    # The 30-second step of the last code that was taken: none at or before it works again.
    last_step = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "staff authenticator app"

    def __str__(self) -> str:
        return f"authenticator app of {self.staff_id}"


class StaffRecoveryCode(models.Model):
    """A code that stands in for the authenticator app once. Only its SHA-256 is kept."""

    staff = models.ForeignKey(StaffUser, models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "staff recovery code"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["staff", "code_hash"], name="staff_recovery_code_once"),
        ]

    def __str__(self) -> str:
        return f"recovery code {self.pk}"
