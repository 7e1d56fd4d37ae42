"""Tenants, their domains, plans and switches, and the platform's staff: the public schema."""

from typing import Any, ClassVar, cast

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin
from waffle.models import AbstractBaseSwitch

from costinsights.core.tenancy import public_context, tenant_connection

RESERVED_SLUGS = frozenset(
    {"www", "admin", "api", "app", "docs", "mail", "static", "status", "support", "public"}
)
slug_validator = RegexValidator(
    r"\A[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?\Z",
    "Use 1 to 40 lower-case letters, digits and hyphens, starting with a letter.",
)


class Plan(models.TextChoices):
    """What a tenant has bought, from the least to the most."""

    COMMUNITY = "community", "Community"
    SAAS = "saas", "SaaS"
    ENTERPRISE = "enterprise", "Enterprise"


class TenantStatus(models.TextChoices):
    """Whether a tenant may work."""

    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    DELETING = "deleting", "Being deleted"


class Tenant(TenantMixin):  # type: ignore[misc]  # django-tenants has no types
    """One customer: a schema, the database role that may use it, a plan and a state."""

    auto_create_schema = False  # tenants.services provisions, as the owner role
    auto_drop_schema = False

    name = models.CharField(max_length=120)
    slug = models.CharField(max_length=40, unique=True, validators=[slug_validator])
    database_role = models.CharField(max_length=63, unique=True, editable=False)
    plan = models.CharField(max_length=16, choices=Plan, default=Plan.COMMUNITY)
    status = models.CharField(max_length=16, choices=TenantStatus, default=TenantStatus.ACTIVE)
    reporting_currency = models.CharField(
        max_length=3,
        default="USD",
        validators=[RegexValidator(r"\A[A-Z]{3}\Z", "Three capital letters, ISO 4217.")],
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["slug"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(plan__in=Plan.values), name="tenant_plan_is_known"),
            models.CheckConstraint(
                condition=Q(status__in=TenantStatus.values), name="tenant_status_is_known"
            ),
            models.UniqueConstraint(Lower("schema_name"), name="tenant_schema_name_any_case"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.status == TenantStatus.ACTIVE

    @property
    def primary_domain(self) -> str:
        """The host name that links in mails point to."""
        with public_context():
            return str(self.domains.get(is_primary=True).domain)


class Domain(DomainMixin):  # type: ignore[misc]  # django-tenants has no types
    """A host name that leads to a tenant. Stored in lower case, without port or trailing dot."""

    class Meta:
        ordering: ClassVar[list[str]] = ["domain"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=Q(is_primary=True),
                name="domain_one_primary_per_tenant",
            ),
            models.CheckConstraint(condition=Q(domain=Lower("domain")), name="domain_lower_case"),
        ]


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


class FeatureSwitch(AbstractBaseSwitch):
    """One feature: `active` is the kill switch for everybody, a column per plan says who has it.

    `waffle.switch_is_active(name)` answers for the tenant the connection speaks for.
    """

    community = models.BooleanField(default=False)
    saas = models.BooleanField(default=False)
    enterprise = models.BooleanField(default=False)

    class Meta(AbstractBaseSwitch.Meta):
        abstract = False
        verbose_name = _("feature switch")
        verbose_name_plural = _("feature switches")

    def is_active_for(self, plan: str) -> bool:
        return bool(self.pk and self.active and plan in Plan.values and getattr(self, plan))

    def is_active(self) -> bool:
        return self.is_active_for(getattr(tenant_connection.tenant, "plan", ""))

    @classmethod
    def get_from_db(cls, name: str) -> "FeatureSwitch":
        with public_context():
            return cast(FeatureSwitch, cls.objects.get(name=name))

    @classmethod
    def get_all_from_db(cls) -> "list[FeatureSwitch]":
        with public_context():
            return list(cls.objects.all())
