"""Members and their sessions."""

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from costinsights.core.actor import ActorKind
from costinsights.core.tenancy import tenant_connection


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

    # The most that the API token of this request allows; "" in a browser. Never stored.
    role_ceiling: str = ""

    # Parts of Django ask every user this; a member is never staff of the platform.
    is_staff: ClassVar[bool] = False
    is_superuser: ClassVar[bool] = False
    actor_kind: ClassVar[ActorKind] = ActorKind.MEMBER

    email = models.EmailField()
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)
    is_active = models.BooleanField(default=True)
    # What a limited member may see: rows of one of these namespaces or with one of these labels.
    # Both empty: everything. Admins and owners cannot be limited.
    scope_namespaces = ArrayField(
        models.CharField(max_length=253), default=list, db_default=[], blank=True
    )
    scope_labels = ArrayField(
        models.CharField(max_length=400), default=list, db_default=[], blank=True
    )
    # The right beside the role: to close a month and to approve what others prepared.
    approves_statements = models.BooleanField(default=False, db_default=False)
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
            models.CheckConstraint(
                condition=~Q(role__in=[Role.OWNER, Role.ADMIN])
                | Q(scope_namespaces=[], scope_labels=[]),
                name="user_admins_are_not_limited",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.name or self.email

    @property
    def is_limited(self) -> bool:
        """Whether this member sees only some namespaces or label values."""
        return bool(self.scope_namespaces or self.scope_labels)

    @property
    def effective_role(self) -> Role:
        """The role that counts here and now: the member's own, or less when an API token allows less."""
        role = Role(self.role)
        ceiling = Role(self.role_ceiling) if self.role_ceiling else role
        return min(role, ceiling, key=lambda one: one.rank)

    def has_role(self, minimum: Role) -> bool:
        """Whether this member may act now and has at least the rights of `minimum`."""
        return self.is_active and self.effective_role.at_least(minimum)

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
    # Written at most once a minute.
    last_seen_at = models.DateTimeField(null=True, editable=False)

    class Meta(AbstractBaseSession.Meta):
        abstract = False
        verbose_name = "session"

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        from costinsights.accounts.sessions import SessionStore  # it needs this module first

        return SessionStore
