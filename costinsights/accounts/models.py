"""Members, their sessions and their API tokens. One set per tenant, in the tenant's schema.

Nothing here points into the public schema, and staff are no members: they live in `tenants`.
"""

import datetime as dt
from collections.abc import Collection
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from costinsights.core.tenancy import tenant_connection

TOKEN_LIFETIME_MAX = dt.timedelta(days=365)
TOKEN_LIFETIME_DEFAULT = dt.timedelta(days=90)


class Role(models.TextChoices):
    """What a member may do, from the most to the least. Each role may do all that the next may."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    ANALYST = "analyst", "Analyst"
    VIEWER = "viewer", "Viewer"

    @property
    def rank(self) -> int:
        """Higher may do more."""
        return len(Role) - list(Role).index(self)

    def at_least(self, minimum: "Role") -> bool:
        return self.rank >= minimum.rank


class Scope(models.TextChoices):
    """What a token may do of what its owner may do."""

    READ = "read", "Read"
    WRITE = "write", "Write"


def schema_name() -> str:
    """The Postgres schema the connection works in: the tenant's, or “public”."""
    return tenant_connection.schema_name


def normalise_email(email: str) -> str:
    """The one spelling of an address that is stored, looked up and counted for lock-outs."""
    return email.strip().lower()


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normalise_email(username or ""))


class User(AbstractBaseUser):
    """A member of the tenant whose schema this row is in."""

    # Parts of Django ask every user this; a member is never staff of the platform.
    is_staff: ClassVar[bool] = False
    is_superuser: ClassVar[bool] = False

    email = models.EmailField()
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "member"
        ordering: ClassVar[list[str]] = ["email"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique_any_case",
                violation_error_message="Somebody with this e-mail address is a member already.",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_role_is_known"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.name or self.email

    def has_role(self, minimum: Role) -> bool:
        """Whether this member may act now and has at least the rights of `minimum`."""
        return self.is_active and Role(self.role).at_least(minimum)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must carry to stay alive.

        Covers the tenant, so that a session row copied into another schema is worth nothing there,
        and the password, role and state, so that changing one ends every session of the member.
        """
        stamp = [
            schema_name(),
            str(self.pk),
            self.role,
            str(self.is_active),
            self.password,
        ]
        return salted_hmac(
            "costinsights.accounts.session", "\x1f".join(stamp), secret=secret, algorithm="sha256"
        ).hexdigest()

    def get_session_auth_hash(self) -> str:
        return self._get_session_auth_hash()


class TenantSession(AbstractBaseSession):
    """One signed-in (or signing-in) browser of this tenant."""

    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(AbstractBaseSession.Meta):
        abstract = False
        verbose_name = "session"

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        from costinsights.accounts.sessions import SessionStore  # it needs this module first

        return SessionStore


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def live(self, at: dt.datetime) -> "ApiTokenQuerySet":
        """Tokens that may be used at this instant, as far as the token itself decides."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=at)

    def of(self, user: User) -> "ApiTokenQuerySet":
        return self.filter(created_by=user)


class ApiToken(models.Model):
    """A key for programs. It acts as the member who made it, with that member's role of today.

    Only the SHA-256 of its secret is kept: the secret is 256 random bits, so a fast hash is enough.
    """

    key_id = models.CharField(max_length=12, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    name = models.CharField(max_length=80)
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope), default=list)
    created_by = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, editable=False)
    last_used_ip = models.GenericIPAddressField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["key_id"], name="api_token_key_id_unique"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at"))
                & Q(expires_at__lte=F("created_at") + TOKEN_LIFETIME_MAX),
                name="api_token_lives_at_most_a_year",
            ),
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values) & ~Q(scopes=[]),
                name="api_token_scopes_are_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.key_id})"

    @property
    def hint(self) -> str:
        """The part of the token that may be shown, to find it again in a program's settings."""
        return f"ci_{self.key_id}_…"

    def is_live(self, at: dt.datetime) -> bool:
        return self.revoked_at is None and self.expires_at > at

    def state(self, at: dt.datetime) -> str:
        """“active”, “expired” or “revoked” at this instant."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.expires_at > at else "expired"

    def allows(self, scopes: Collection[str]) -> bool:
        return set(scopes) <= set(self.scopes)
