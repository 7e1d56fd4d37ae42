"""Clusters: whose costs we ask for, where, and with which credentials."""

import hashlib
from datetime import datetime
from typing import ClassVar

from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from costinsights.core.crypto import seal, unseal
from costinsights.core.tenancy import tenant_connection

LONGEST_URL = 500
LONGEST_SCOPE = 2_000
LONGEST_CA_BUNDLE = 100_000
LONGEST_SECRET = 8_000
LONGEST_CLIENT_CERTIFICATE = 100_000
LONGEST_CLIENT_KEY = 20_000

slug_validator = RegexValidator(
    r"\A[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\Z",
    "Use 1 to 40 lower-case letters, digits and hyphens.",
)
currency_validator = RegexValidator(r"\A[A-Z]{3}\Z", "Three capital letters, ISO 4217.")
header_name_validator = RegexValidator(
    r"\A[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}\Z", "A header's name has letters, digits and hyphens."
)


class AuthKind(models.TextChoices):
    """How we say who we are to an OpenCost, or rather to the gateway before it."""

    NONE = "none", "No authentication"
    BEARER = "bearer", "Bearer token"
    BASIC = "basic", "User name and password"
    HEADER = "header", "Own header"


class ClusterQuerySet(models.QuerySet["Cluster"]):
    def in_order(self) -> "ClusterQuerySet":
        """As lists show them: by name, whatever its case."""
        return self.order_by(Lower("name"), "pk")


class Cluster(models.Model):
    """One Kubernetes cluster of the tenant, reached through its OpenCost.

    `scope_filter` is a mandatory OpenCost filter for an OpenCost that several tenants share. The secret and
    the client certificate's key are stored sealed only, bound to this tenant, model, field and row.
    """

    name = models.CharField(max_length=80)
    slug = models.CharField(max_length=40, unique=True, validators=[slug_validator])
    opencost_url = models.CharField(max_length=LONGEST_URL)
    auth_kind = models.CharField(max_length=10, choices=AuthKind, default=AuthKind.NONE)
    auth_username = models.CharField(max_length=200, blank=True)
    auth_header_name = models.CharField(
        max_length=100, blank=True, validators=[header_name_validator]
    )
    sealed_secret = models.TextField(blank=True, editable=False)
    ca_bundle = models.TextField(blank=True, validators=[MaxLengthValidator(LONGEST_CA_BUNDLE)])
    client_certificate = models.TextField(
        blank=True, validators=[MaxLengthValidator(LONGEST_CLIENT_CERTIFICATE)]
    )
    sealed_client_key = models.TextField(blank=True, editable=False)
    currency = models.CharField(max_length=3, validators=[currency_validator])
    scope_filter = models.TextField(blank=True, validators=[MaxLengthValidator(LONGEST_SCOPE)])

    # What OpenCost said of itself when it was last tested.
    opencost_cluster_id = models.CharField(max_length=253, blank=True, editable=False)
    opencost_version = models.CharField(max_length=64, blank=True, editable=False)
    # It has no Prometheus, and asking it for idle cost can hang.
    without_idle = models.BooleanField(default=False, editable=False)

    # How the last exchange went; `last_error_*` is empty while the last one was fine.
    last_ok_at = models.DateTimeField(null=True, editable=False)
    last_error_at = models.DateTimeField(null=True, editable=False)
    last_error_code = models.CharField(max_length=64, blank=True, editable=False)
    last_error_message = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ClusterQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(Lower("name"), name="cluster_name_unique_any_case"),
            models.CheckConstraint(
                condition=Q(slug__regex=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"),
                name="cluster_slug_is_plain",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="cluster_currency_is_a_code"
            ),
            models.CheckConstraint(
                condition=Q(auth_kind__in=AuthKind.values), name="cluster_auth_kind_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(auth_kind=AuthKind.NONE) | Q(sealed_secret=""),
                name="cluster_without_auth_keeps_no_secret",
            ),
            models.CheckConstraint(
                condition=~Q(client_certificate="") | Q(sealed_client_key=""),
                name="cluster_without_certificate_keeps_no_key",
            ),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(opencost_url=""), name="cluster_is_named_and_reachable"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<Cluster {self.pk}: {self.slug}>"

    @property
    def secret(self) -> str:
        """The token, password or header value in clear; empty without one. Raises SecretUnreadable."""
        return self._unsealed(self.sealed_secret, "secret")

    def seal_secret(self, plaintext: str) -> None:
        """Put a secret in, sealed to this row: the row must have its primary key. "" takes it out."""
        self.sealed_secret = self._sealed(plaintext, "secret")

    @property
    def client_key(self) -> str:
        """The client certificate's private key, PEM; empty without one. Raises SecretUnreadable."""
        return self._unsealed(self.sealed_client_key, "client_key")

    def seal_client_key(self, plaintext: str) -> None:
        """As `seal_secret`, for the client certificate's private key."""
        self.sealed_client_key = self._sealed(plaintext, "client_key")

    def _sealed(self, plaintext: str, field: str) -> str:
        return seal(plaintext, aad=self._place(field)) if plaintext else ""

    def _unsealed(self, token: str, field: str) -> str:
        return unseal(token, aad=self._place(field)) if token else ""

    def _place(self, field: str) -> str:
        if self.pk is None:
            raise ValueError("a secret is bound to its row, which must be saved first")
        return f"{tenant_connection.schema_name}:costs.Cluster:{field}:{self.pk}"

    @property
    def is_scoped(self) -> bool:
        """Whether only a part of what its OpenCost sees may be shown."""
        return bool(self.scope_filter)

    @property
    def lacks_idle(self) -> bool:
        """Whether its idle cost is not asked for, and therefore unknown rather than zero."""
        return self.is_scoped or self.without_idle

    @property
    def fingerprint(self) -> str:
        """Changes whenever an answer cached for this cluster may no longer be shown for it."""
        parts = (
            str(self.pk),
            self.opencost_url,
            self.auth_kind,
            self.auth_username,
            self.auth_header_name,
            self.sealed_secret,
            self.ca_bundle,
            self.client_certificate,
            self.sealed_client_key,
            self.scope_filter,
            "without idle" if self.without_idle else "",
        )
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]

    @property
    def state(self) -> str:
        """“connected”, “failing” (the last exchange failed) or “waiting” (none yet)."""
        if self.last_error_code:
            return "failing"
        return "connected" if self.last_ok_at else "waiting"

    def note_ok(self, at: datetime) -> None:
        """Remember that OpenCost answered at this instant."""
        type(self).objects.filter(pk=self.pk).update(
            last_ok_at=at, last_error_at=None, last_error_code="", last_error_message=""
        )

    def note_error(self, at: datetime, *, code: str, message: str) -> None:
        """Remember what went wrong at this instant, in the error's words."""
        type(self).objects.filter(pk=self.pk).update(
            last_error_at=at, last_error_code=code[:64], last_error_message=message[:1_000]
        )
