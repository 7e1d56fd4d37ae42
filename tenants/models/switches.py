"""Feature switches and the exceptions that staff make for one tenant."""

import datetime as dt
from typing import ClassVar, cast

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from waffle.models import AbstractBaseSwitch

from costinsights.core.tenancy import public_context, tenant_connection
from tenants.models.staff import StaffUser
from tenants.models.tenancy import Plan, Tenant


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
        return self.expires_at is None or self.expires_at > at
