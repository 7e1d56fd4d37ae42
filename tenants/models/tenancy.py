"""Tenants and their domains."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django_tenants.models import DomainMixin, TenantMixin

from costinsights.core.tenancy import public_context

# How long the data of a plan that ended stay open to reading, with nothing deleted.
GRACE = dt.timedelta(days=30)

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

    @property
    def rank(self) -> int:
        """Higher has more."""
        return list(Plan).index(self)


@dataclass(frozen=True, slots=True)
class EndedPlan:
    """A plan that a trial or a downgrade left."""

    plan: Plan
    ended_at: dt.datetime

    @property
    def readable_until(self) -> dt.datetime:
        return self.ended_at + GRACE


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
    # A plan tried for a while on top of the one above; it ends by itself at this instant.
    trial_plan = models.CharField(
        max_length=16, choices=Plan, blank=True, default="", db_default=""
    )
    trial_ends_at = models.DateTimeField(null=True, blank=True)
    # Which mail about the trial's end has gone out: "", "soon" or "ended".
    trial_mailed = models.CharField(
        max_length=8, blank=True, default="", db_default="", editable=False
    )
    # The plan that a downgrade left, and when: what only it has stays readable for GRACE.
    lapsed_plan = models.CharField(
        max_length=16, choices=Plan, blank=True, default="", db_default="", editable=False
    )
    lapsed_at = models.DateTimeField(null=True, editable=False)
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
            models.CheckConstraint(
                condition=Q(trial_plan="", trial_ends_at__isnull=True)
                | Q(trial_plan__in=Plan.values, trial_ends_at__isnull=False),
                name="tenant_trial_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(lapsed_plan="", lapsed_at__isnull=True)
                | Q(lapsed_plan__in=Plan.values, lapsed_at__isnull=False),
                name="tenant_lapse_has_a_date",
            ),
            models.UniqueConstraint(Lower("schema_name"), name="tenant_schema_name_any_case"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.status == TenantStatus.ACTIVE

    def plan_at(self, at: dt.datetime) -> Plan:
        """The plan that counts at this instant: the one bought, or a running trial of a greater one."""
        bought = Plan(self.plan)
        return max(bought, self.trial_at(at) or bought, key=lambda plan: plan.rank)

    def trial_at(self, at: dt.datetime) -> Plan | None:
        """The plan on trial at this instant."""
        if self.trial_ends_at is None or self.trial_ends_at <= at:
            return None
        return Plan(self.trial_plan)

    def ended_plans(self, at: dt.datetime) -> "list[EndedPlan]":
        """Plans that ended less than GRACE before this instant: what they had can still be read."""
        ends = ((self.trial_plan, self.trial_ends_at), (self.lapsed_plan, self.lapsed_at))
        return [
            EndedPlan(Plan(plan), ended_at)
            for plan, ended_at in ends
            if ended_at is not None and ended_at <= at < ended_at + GRACE
        ]

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
