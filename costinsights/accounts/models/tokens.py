"""API tokens."""

import datetime as dt
from collections.abc import Collection
from ipaddress import ip_address, ip_network
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from costinsights.accounts.models.people import Role, User

TOKEN_LIFETIME_MAX = dt.timedelta(days=365)
TOKEN_LIFETIME_DEFAULT = dt.timedelta(days=90)
EXPIRY_NOTICE = dt.timedelta(days=7)


class Scope(models.TextChoices):
    """What a token may do of what its owner may do."""

    READ = "read", "Read"
    WRITE = "write", "Write"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def live(self, at: dt.datetime) -> "ApiTokenQuerySet":
        """Tokens that may be used at this instant, as far as the token itself decides."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=at)

    def of(self, user: User) -> "ApiTokenQuerySet":
        return self.filter(created_by=user)

    def visible_to(self, user: User) -> "ApiTokenQuerySet":
        """The member's own tokens; for admins and owners those of every member."""
        return self.all() if user.has_role(Role.ADMIN) else self.of(user)

    def ending_unmailed(self, at: dt.datetime) -> "ApiTokenQuerySet":
        """Live tokens that end within EXPIRY_NOTICE and whose members nobody has told yet.

        A token that lives no longer than the notice, or has a live successor, needs none.
        """
        return self.live(at).filter(
            expires_at__lte=at + EXPIRY_NOTICE,
            expires_at__gt=F("created_at") + EXPIRY_NOTICE,
            expiry_mailed_at__isnull=True,
            replaced_by__isnull=True,
            created_by__is_active=True,
        )


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
    # When its member was told by mail that it ends soon.
    expiry_mailed_at = models.DateTimeField(null=True, editable=False)
    # At most this role's rights, whatever its member may do. Empty: the member's own role.
    role_ceiling = models.CharField(
        max_length=16, choices=Role, blank=True, default="", db_default=""
    )
    # CIDR texts it may be used from. Empty: from anywhere.
    allowed_networks = ArrayField(
        models.CharField(max_length=43), default=list, db_default=[], blank=True
    )
    # The token that this one takes over from; both live until the older is revoked or expires.
    replaces = models.OneToOneField(
        "self", models.SET_NULL, null=True, editable=False, related_name="replaced_by"
    )

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
            models.CheckConstraint(
                condition=Q(role_ceiling__in=["", *Role.values]),
                name="api_token_role_ceiling_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.key_id})"

    @property
    def hint(self) -> str:
        """The part of the token that may be shown, to find it again in a program's settings."""
        return f"ci_{self.key_id}_…"

    def allows_address(self, address: str | None) -> bool:
        """Whether the token may be used from this address. One that is not known is in no network."""
        if not self.allowed_networks:
            return True
        if address is None:
            return False
        here = ip_address(address)
        # An IPv4 client of a socket that speaks both is seen as ::ffff:192.0.2.1.
        here = getattr(here, "ipv4_mapped", None) or here
        return any(here in ip_network(text) for text in self.allowed_networks)

    def is_live(self, at: dt.datetime) -> bool:
        return self.revoked_at is None and self.expires_at > at

    def state(self, at: dt.datetime) -> str:
        """“active”, “expired” or “revoked” at this instant."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.expires_at > at else "expired"

    def allows(self, scopes: Collection[str]) -> bool:
        return set(scopes) <= set(self.scopes)
