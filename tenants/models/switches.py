"""Feature switches and the exceptions that staff make for one tenant."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from waffle.models import AbstractBaseSwitch

from costinsights.core.tenancy import tenant_connection
from tenants.models.staff import StaffUser
from tenants.models.standing import Row, forget_platform, of_row, standing_of
from tenants.models.tenancy import Plan, Tenant


class Access(StrEnum):
    """How far a feature is open to a tenant."""

    OPEN = "open"
    READ_ONLY = "read_only"  # it belonged to a plan that ended less than GRACE ago
    CLOSED = "closed"


class PlatformSwitch(StrEnum):
    """A switch of the platform itself: no plan has it, only `active` counts."""

    SELF_SERVICE_SIGN_UP = "self_service_sign_up"
    SELF_SERVICE_TRIALS = "self_service_trials"


class Because(StrEnum):
    """What decided about a feature."""

    KILL_SWITCH = "kill_switch"
    OVERRIDE = "override"
    PLAN = "plan"
    ENDED_PLAN = "ended_plan"


@dataclass(frozen=True, slots=True)
class Decision:
    """How far a feature is open, and why. `read_only_until` is set while it is read-only."""

    access: Access
    because: Because
    read_only_until: dt.datetime | None = None


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

    @property
    def is_of_platform(self) -> bool:
        """Whether only `active` counts: a PlatformSwitch."""
        return self.name in frozenset(PlatformSwitch)

    def is_active_for(self, plan: str) -> bool:
        return bool(self.pk and self.active and plan in Plan.values and getattr(self, plan))

    def is_active(self) -> bool:
        if self.is_of_platform:
            return bool(self.pk and self.active)
        tenant = tenant_connection.tenant
        if not isinstance(tenant, Tenant):
            return False
        return self.decide(tenant, timezone.now()).access is Access.OPEN

    def decide(self, tenant: Tenant, at: dt.datetime) -> Decision:
        """How far this feature is open to `tenant`, by what is stored of both."""
        return self.decide_with(standing_of(tenant.pk).overrides.get(self.name), tenant, at)

    def decide_with(self, override: Row | None, tenant: Tenant, at: dt.datetime) -> Decision:
        """The rule itself: kill switch, exception, plan, ended plan, in this order."""
        if not self.pk or not self.active:
            return Decision(Access.CLOSED, Because.KILL_SWITCH)
        if override is not None and _in_force(override["expires_at"], at):
            access = Access.OPEN if override["is_open"] else Access.CLOSED
            return Decision(access, Because.OVERRIDE)
        if self.is_active_for(tenant.plan_at(at)):
            return Decision(Access.OPEN, Because.PLAN)
        readable = [
            ended.readable_until
            for ended in tenant.ended_plans(at)
            if self.is_active_for(ended.plan)
        ]
        if readable:
            return Decision(Access.READ_ONLY, Because.ENDED_PLAN, max(readable))
        return Decision(Access.CLOSED, Because.PLAN)

    @classmethod
    def get(cls, name: str) -> Self:
        """The switch of this name, without a primary key when there is none. Read with all the others."""
        row = standing_of(_tenant_id()).switches.get(name)
        return cls(name=name) if row is None else cls._of(row)

    @classmethod
    def get_all(cls) -> list[Self]:
        return [cls._of(row) for row in standing_of(_tenant_id()).switches.values()]

    @classmethod
    def _of(cls, row: Row) -> Self:
        return of_row(cls, row)

    def flush(self) -> None:
        """Called by waffle when a change is committed."""
        forget_platform()


def _tenant_id() -> int | None:
    """Whose exceptions to read along: the tenant of now."""
    tenant = tenant_connection.tenant
    return tenant.pk if isinstance(tenant, Tenant) else None


def _in_force(expires_at: dt.datetime | None, at: dt.datetime) -> bool:
    return expires_at is None or expires_at > at


class FeatureOverride(models.Model):
    """An exception for one tenant: a feature given or taken, whatever its plan. Ends by itself.

    The kill switch stays above it: a feature that is off for everybody is off for this tenant too.
    """

    switch = models.ForeignKey(FeatureSwitch, models.CASCADE, related_name="overrides")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="feature_overrides")
    is_open = models.BooleanField(
        default=True, help_text="On: this tenant has the feature. Off: it does not."
    )
    reason = models.CharField(max_length=300)
    actor = models.ForeignKey(StaffUser, models.SET_NULL, null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="UTC. Empty: until it is removed."
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["tenant", "switch"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["switch", "tenant"], name="feature_override_one_each"),
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="feature_override_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.switch} {'open' if self.is_open else 'closed'} for {self.tenant}"

    def is_in_force(self, at: dt.datetime) -> bool:
        return _in_force(self.expires_at, at)
