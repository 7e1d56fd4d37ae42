"""Who is charged, and by which rules: configuration that people keep."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from costinsights.accounts.models import User
from reporting.allocation.types import Driver, Fallback, PoolSource, ShareMethod

code_validator = RegexValidator(
    r"\A[A-Za-z0-9](?:[A-Za-z0-9._-]{0,30}[A-Za-z0-9])?\Z",
    "Use 1 to 32 letters, digits, dots, hyphens and underscores; a letter or digit first and last.",
)
WHOLE = 1_000_000  # weights of a split are parts per million


class CenterLevel(models.TextChoices):
    """Where in the organisation it stands. Only cost centres are charged; the others add up."""

    ORGANISATION = "organisation", "Organisation"
    DEPARTMENT = "department", "Department"
    COST_CENTER = "cost_center", "Cost centre"


def ends_after_start(name: str) -> models.CheckConstraint:
    """`valid_to` is exclusive and after `valid_from`; null on either side is open."""
    return models.CheckConstraint(
        condition=Q(valid_from__isnull=True)
        | Q(valid_to__isnull=True)
        | Q(valid_to__gt=F("valid_from")),
        name=name,
    )


class CostCenter(models.Model):
    """A node of the tree organisation › department › cost centre. Days are UTC; `valid_to` is exclusive."""

    code = models.CharField(max_length=32, unique=True, validators=[code_validator])
    name = models.CharField(max_length=120)
    level = models.CharField(max_length=12, choices=CenterLevel, default=CenterLevel.COST_CENTER)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    owner = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    owner_name = models.CharField(max_length=120, blank=True)
    owner_email = models.EmailField(blank=True)
    gl_account = models.CharField(max_length=40, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    # Viewers who see its statements, and those of everything below it.
    readers: models.ManyToManyField[User, models.Model] = models.ManyToManyField(
        User, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["code"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(level__in=CenterLevel.values), name="cost_center_level_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(parent=F("id")), name="cost_center_is_not_its_own_parent"
            ),
            ends_after_start("cost_center_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class MappingRule(models.Model):
    """Direct cost that matches goes to the rule's targets. The first rule in force that matches wins."""

    position = models.PositiveIntegerField()  # the lower the earlier
    name = models.CharField(max_length=120)
    filter = models.TextField(blank=True)  # the product's filter language; "" matches everything
    is_active = models.BooleanField(default=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            ends_after_start("mapping_rule_ends_after_start")
        ]

    def __str__(self) -> str:
        return self.name


class MappingTarget(models.Model):
    """A cost centre of a mapping rule and its part of what matches; a rule's parts add up to WHOLE."""

    rule = models.ForeignKey(MappingRule, models.CASCADE, related_name="targets", db_index=False)
    center = models.ForeignKey(CostCenter, models.PROTECT, related_name="+")
    weight = models.PositiveIntegerField(default=WHOLE)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rule", "center"], name="mapping_target_once"),
            models.CheckConstraint(
                condition=Q(weight__gt=0, weight__lte=WHOLE), name="mapping_target_weight"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.center_id} {self.weight}"


class ShareRule(models.Model):
    """A pool of cost that nobody caused alone, and how it is spread."""

    position = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    source = models.CharField(max_length=9, choices=[(s.value, s.value) for s in PoolSource])
    filter = models.TextField(blank=True)  # of FILTER; of others: which clusters
    fixed_amount = models.BigIntegerField(default=0)  # micro-units a month, of FIXED
    fixed_currency = models.CharField(max_length=3, blank=True)
    method = models.CharField(max_length=12, choices=[(m.value, m.value) for m in ShareMethod])
    driver = models.CharField(
        max_length=14, choices=[(d.value, d.value) for d in Driver], default=Driver.COST.value
    )
    fallback = models.CharField(
        max_length=6, choices=[(f.value, f.value) for f in Fallback], default=Fallback.EVEN.value
    )
    by_cluster = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(source__in=list(PoolSource)), name="share_rule_source_is_known"
            ),
            models.CheckConstraint(
                condition=Q(method__in=list(ShareMethod)), name="share_rule_method_is_known"
            ),
            ends_after_start("share_rule_ends_after_start"),
        ]

    def __str__(self) -> str:
        return self.name


class ShareTarget(models.Model):
    """Who may get a part of a pool: a cost centre with all below it, and its weight where weights are fixed."""

    rule = models.ForeignKey(ShareRule, models.CASCADE, related_name="targets", db_index=False)
    center = models.ForeignKey(CostCenter, models.PROTECT, related_name="+")
    weight = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rule", "center"], name="share_target_once"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.center_id} {self.weight}"


class RateCardVersion(models.Model):
    """The internal rates from a day on, until the next version. Never changed once a period closed on it."""

    valid_from = models.DateField(unique=True)
    name = models.CharField(max_length=120)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-valid_from"]

    def __str__(self) -> str:
        return f"{self.name} from {self.valid_from}"


class RateCardLine(models.Model):
    """A markup (positive) or discount (negative) on a component, for everybody or for one cost centre."""

    version = models.ForeignKey(
        RateCardVersion, models.CASCADE, related_name="lines", db_index=False
    )
    component = models.CharField(max_length=13, blank=True)  # of COMPONENTS; "" for every one
    center = models.ForeignKey(CostCenter, models.PROTECT, null=True, blank=True, related_name="+")
    percent = models.DecimalField(max_digits=9, decimal_places=4)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["version", "component", "center"],
                nulls_distinct=False,
                name="rate_card_line_once",
            ),
            models.CheckConstraint(condition=Q(percent__gte=-100), name="rate_card_line_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.component or 'all'} {self.percent} %"


class Mode(models.TextChoices):
    """Whether statements inform or move money. The numbers are the same."""

    SHOWBACK = "showback", "Showback"
    CHARGEBACK = "chargeback", "Chargeback"


class ReportingSettings(models.Model):
    """How this workspace reports; one row, made when it is first read."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.SHOWBACK)
    number_prefix = models.CharField(max_length=8, default="CI")
    # The journal credits whoever paid for the clusters.
    credit_cost_center = models.CharField(max_length=32, blank=True)
    credit_account = models.CharField(max_length=40, blank=True)
    accept_after_days = models.PositiveSmallIntegerField(null=True, blank=True)  # null: never
    # How far ours may be from the cloud bill before the reconciliation says so, in percent.
    bill_tolerance_pct = models.DecimalField(max_digits=5, decimal_places=2, default=5)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(id=1), name="reporting_settings_once"),
            models.CheckConstraint(
                condition=Q(mode__in=Mode.values), name="reporting_mode_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.mode
