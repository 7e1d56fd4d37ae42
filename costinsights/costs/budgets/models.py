"""A budget, how it stands, and what happened to it."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from costinsights.accounts.models import User

LONGEST_NAME = 80
LONGEST_NOTE = 1_000
MOST_THRESHOLDS = 10
MOST_CLUSTERS = 200
HIGHEST_PERCENT = 1_000


class BudgetPeriod(models.TextChoices):
    """How long a budget's amount has to last."""

    MONTH = "month", "Month"
    QUARTER = "quarter", "Quarter"


class Basis(models.TextChoices):
    """What a threshold is held against."""

    ACTUAL = "actual", "Actual cost"
    FORECAST = "forecast", "Forecast"


class BudgetState(models.TextChoices):
    """How a budget stands in its running period."""

    ON_TRACK = "on_track", "On track"
    AT_RISK = "at_risk", "At risk"
    EXCEEDED = "exceeded", "Exceeded"
    UNKNOWN = "unknown", "Unknown"


def default_actual_thresholds() -> list[int]:
    return [50, 80, 100]


def default_forecast_thresholds() -> list[int]:
    return [100]


class BudgetQuerySet(models.QuerySet["Budget"]):
    def visible_to(self, member: User) -> "BudgetQuerySet":
        """All of them; a limited member sees none, because their amounts are of more than the limit shows."""
        return self.none() if member.is_limited else self

    def in_order(self) -> "BudgetQuerySet":
        """As lists show them: by name, whatever its case."""
        return self.order_by(Lower("name"), "pk")


class Budget(models.Model):
    """What the costs that a filter picks may come to, in each month or quarter it is valid in.

    Its amount is in micro-units of `currency`. Thresholds are percents of it. A period counts when any
    of it lies between `valid_from` and `valid_until`, both included. `owner` is null when that member is gone.
    """

    name = models.CharField(max_length=LONGEST_NAME)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    period = models.CharField(
        max_length=7, choices=BudgetPeriod.choices, default=BudgetPeriod.MONTH
    )
    filter_text = models.TextField(blank=True)
    clusters = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    idle = models.CharField(max_length=8, default="separate")
    actual_thresholds = ArrayField(
        models.PositiveSmallIntegerField(), default=default_actual_thresholds, blank=True
    )
    forecast_thresholds = ArrayField(
        models.PositiveSmallIntegerField(), default=default_forecast_thresholds, blank=True
    )
    owner = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    note = models.TextField(blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = BudgetQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(Lower("name"), name="budget_name_unique_any_case"),
            models.CheckConstraint(condition=~Q(name=""), name="budget_has_a_name"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="budget_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="budget_currency_is_a_code"
            ),
            models.CheckConstraint(
                condition=Q(period__in=BudgetPeriod.values), name="budget_period_is_known"
            ),
            models.CheckConstraint(
                condition=Q(idle__in=["separate", "share", "hide"]), name="budget_idle_is_known"
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="budget_validity_runs_forward",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BudgetStanding(models.Model):
    """How a budget stood when it was last evaluated. Amounts in micro-units of its currency.

    `spent` is null where it could not be computed; forecasts are null where too little is known. `fingerprint` is
    what the evaluation was made from: the same again needs no second one.
    """

    budget = models.OneToOneField(Budget, models.CASCADE, primary_key=True, related_name="standing")
    state = models.CharField(max_length=8, choices=BudgetState.choices)
    reason = models.TextField(blank=True)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    period_name = models.CharField(max_length=40)
    spent = models.BigIntegerField(null=True)
    forecast = models.BigIntegerField(null=True)
    forecast_low = models.BigIntegerField(null=True)
    forecast_high = models.BigIntegerField(null=True)
    data_through = models.DateTimeField(null=True)
    evaluated_at = models.DateTimeField()
    fingerprint = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(state__in=BudgetState.values), name="budget_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget_id}: {self.state}"


class BudgetEvent(models.Model):
    """A budget reached a threshold: once in a period, whatever is read again later.

    `value` is what reached it, in micro-units, and `amount` the budget at that time. Ids are in the order in which
    events become visible, so that whoever reads on from the last one misses none.
    """

    budget = models.ForeignKey(Budget, models.CASCADE, related_name="events", db_index=False)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    period_name = models.CharField(max_length=40)
    basis = models.CharField(max_length=8, choices=Basis.choices)
    percent = models.PositiveSmallIntegerField()
    value = models.BigIntegerField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    data_through = models.DateTimeField(null=True)
    happened_at = models.DateTimeField()
    # When the owner is to be told; null once that is done, and where nobody is to be told.
    mail_due_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["budget", "period_start", "basis", "percent"], name="budget_event_once"
            ),
            models.CheckConstraint(
                condition=Q(basis__in=Basis.values), name="budget_event_basis_is_known"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["mail_due_at"],
                condition=Q(mail_due_at__isnull=False),
                name="budget_event_to_mail",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget_id} {self.period_name}: {self.basis} {self.percent} %"
