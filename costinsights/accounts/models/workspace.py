"""What a workspace decided about itself, beyond its name and plan (which are the platform's)."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone


class SecondFactorPolicy(models.TextChoices):
    """Who must have a second factor."""

    OPTIONAL = "optional", "Everybody decides"
    ADMINS = "admins", "Required for admins and owners"
    EVERYBODY = "everybody", "Required for everybody"


class Workspace(models.Model):
    """The one row of settings of this tenant. Absent until something differs from the defaults."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    display_time_zone = models.CharField(max_length=64, default="UTC")
    fiscal_year_start_month = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    second_factor_policy = models.CharField(
        max_length=16, choices=SecondFactorPolicy, default=SecondFactorPolicy.OPTIONAL
    )
    # False: members below owner sign in through an identity provider only.
    password_sign_in = models.BooleanField(default=True)
    logo = models.BinaryField(default=b"", blank=True, editable=False)
    # SHA-256 of the logo; empty without one. Pages name it in the logo's address.
    logo_digest = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False
    )
    logo_media_type = models.CharField(max_length=32, blank=True, editable=False)
    # When somebody last looked through the settings and saved them: a first step that is done.
    settings_saved_at = models.DateTimeField(null=True, editable=False)
    checklist_hidden_at = models.DateTimeField(null=True, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "workspace settings"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(id=1), name="workspace_is_one_row"),
            models.CheckConstraint(
                condition=Q(fiscal_year_start_month__gte=1, fiscal_year_start_month__lte=12),
                name="workspace_fiscal_year_starts_in_a_month",
            ),
            models.CheckConstraint(
                condition=Q(second_factor_policy__in=SecondFactorPolicy.values),
                name="workspace_second_factor_policy_is_known",
            ),
        ]

    def __str__(self) -> str:
        return "workspace settings"

    @classmethod
    def load(cls) -> "Workspace":
        """The settings of now; the defaults, not saved, when nothing was ever changed.

        The logo itself stays behind until it is asked for.
        """
        return cls.objects.defer("logo").filter(pk=1).first() or cls()
