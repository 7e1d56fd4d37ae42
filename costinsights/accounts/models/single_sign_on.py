"""Signing in through the tenant's own identity provider (OpenID Connect)."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from costinsights.accounts.models.people import Role, User, schema_name
from costinsights.core.crypto import place_of, seal, unseal


class IdentityProvider(models.Model):
    """An OpenID provider that this workspace trusts to say who somebody is."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=40, unique=True)
    issuer = models.CharField(max_length=500)
    client_id = models.CharField(max_length=255)
    sealed_client_secret = models.TextField(blank=True, editable=False)
    extra_scopes = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    is_active = models.BooleanField(default=True)
    # Whether somebody the provider knows and we do not becomes a member.
    creates_members = models.BooleanField(default=False)
    allowed_email_domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    # The claim that lists groups or roles, and what each of its values makes of a member.
    role_claim = models.CharField(max_length=120, blank=True)
    role_mapping = models.JSONField(default=dict, blank=True)
    default_role = models.CharField(max_length=16, choices=Role, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(default_role__in=["", *Role.values]),
                name="identity_provider_default_role_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def client_secret(self) -> str:
        """The client's secret in clear; empty for a public client. Raises SecretUnreadable."""
        if not self.sealed_client_secret:
            return ""
        return unseal(self.sealed_client_secret, aad=self._place())

    def seal_client_secret(self, plaintext: str) -> None:
        """Put a secret in, sealed to this row: the row must have its primary key. "" takes it out."""
        self.sealed_client_secret = seal(plaintext, aad=self._place()) if plaintext else ""

    def _place(self) -> str:
        if self.pk is None:
            raise ValueError("a secret is bound to its row, which must be saved first")
        return place_of(
            schema=schema_name(),
            label="accounts.IdentityProvider",
            field="client_secret",
            pk=self.pk,
        )


class ExternalIdentity(models.Model):
    """Who a member is at an identity provider: its `sub`, which never changes, unlike an address."""

    # Found by the index of the constraint below.
    provider = models.ForeignKey(
        IdentityProvider, models.CASCADE, related_name="identities", db_index=False
    )
    subject = models.CharField(max_length=255)
    user = models.ForeignKey(User, models.CASCADE, related_name="external_identities")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["provider", "subject"], name="external_identity_one_member"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} at {self.provider_id}"
