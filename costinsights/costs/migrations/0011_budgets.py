import costinsights.costs.budgets.models
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models

from costinsights.core.audit_migrations import AuditTable


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_fewer_indexes"),
        ("costs", "0010_cost_layers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("amount", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "period",
                    models.CharField(
                        choices=[("month", "Month"), ("quarter", "Quarter")],
                        default="month",
                        max_length=7,
                    ),
                ),
                ("filter_text", models.TextField(blank=True)),
                (
                    "clusters",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("idle", models.CharField(default="separate", max_length=8)),
                (
                    "actual_thresholds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        blank=True,
                        default=costinsights.costs.budgets.models.default_actual_thresholds,
                        size=None,
                    ),
                ),
                (
                    "forecast_thresholds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        blank=True,
                        default=costinsights.costs.budgets.models.default_forecast_thresholds,
                        size=None,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("valid_from", models.DateField()),
                ("valid_until", models.DateField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.user",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BudgetEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("period_start", models.DateTimeField()),
                ("period_end", models.DateTimeField()),
                ("period_name", models.CharField(max_length=40)),
                (
                    "basis",
                    models.CharField(
                        choices=[("actual", "Actual cost"), ("forecast", "Forecast")], max_length=8
                    ),
                ),
                ("percent", models.PositiveSmallIntegerField()),
                ("value", models.BigIntegerField()),
                ("amount", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("data_through", models.DateTimeField(null=True)),
                ("happened_at", models.DateTimeField()),
                ("mail_due_at", models.DateTimeField(null=True)),
                ("mailed_at", models.DateTimeField(null=True)),
                (
                    "budget",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="costs.budget",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BudgetStanding",
            fields=[
                (
                    "budget",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="standing",
                        serialize=False,
                        to="costs.budget",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("on_track", "On track"),
                            ("at_risk", "At risk"),
                            ("exceeded", "Exceeded"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=8,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("period_start", models.DateTimeField()),
                ("period_end", models.DateTimeField()),
                ("period_name", models.CharField(max_length=40)),
                ("spent", models.BigIntegerField(null=True)),
                ("forecast", models.BigIntegerField(null=True)),
                ("forecast_low", models.BigIntegerField(null=True)),
                ("forecast_high", models.BigIntegerField(null=True)),
                ("data_through", models.DateTimeField(null=True)),
                ("evaluated_at", models.DateTimeField()),
                ("fingerprint", models.CharField(max_length=64)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["on_track", "at_risk", "exceeded", "unknown"])
                        ),
                        name="budget_state_is_known",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("name"), name="budget_name_unique_any_case"
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="budget_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="budget_amount_is_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                name="budget_currency_is_a_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("period__in", ["month", "quarter"])),
                name="budget_period_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("idle__in", ["separate", "share", "hide"])),
                name="budget_idle_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_until", None),
                    ("valid_until__gte", models.F("valid_from")),
                    _connector="OR",
                ),
                name="budget_validity_runs_forward",
            ),
        ),
        migrations.AddIndex(
            model_name="budgetevent",
            index=models.Index(
                condition=models.Q(("mail_due_at__isnull", False)),
                fields=["mail_due_at"],
                name="budget_event_to_mail",
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetevent",
            constraint=models.UniqueConstraint(
                fields=("budget", "period_start", "basis", "percent"), name="budget_event_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("basis__in", ["actual", "forecast"])),
                name="budget_event_basis_is_known",
            ),
        ),
        AuditTable("costs_budget", label="name", ignore=["updated_at"]),
    ]
