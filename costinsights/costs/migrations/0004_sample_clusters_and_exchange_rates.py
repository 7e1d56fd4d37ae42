import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

_code = django.core.validators.RegexValidator(
    "\\A[A-Z]{3}\\Z", "Three capital letters, ISO 4217."
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_hosted_platform"),
        ("costs", "0003_without_idle"),
    ]

    operations = [
        migrations.AddField(
            model_name="cluster",
            name="is_demo",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddConstraint(
            model_name="cluster",
            constraint=models.UniqueConstraint(
                condition=models.Q(is_demo=True), fields=("is_demo",), name="cluster_one_sample"
            ),
        ),
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.CharField(max_length=3, validators=[_code])),
                ("to_currency", models.CharField(max_length=3, validators=[_code])),
                ("valid_from", models.DateField()),
                ("rate", models.DecimalField(decimal_places=10, max_digits=18)),
                ("source", models.CharField(blank=True, max_length=200)),
                (
                    "updated_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.user",
                    ),
                ),
            ],
            options={
                "ordering": ["currency", "to_currency", "-valid_from"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("currency", "to_currency", "valid_from"),
                        name="exchange_rate_one_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(rate__gt=0), name="exchange_rate_is_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            currency__regex="^[A-Z]{3}$", to_currency__regex="^[A-Z]{3}$"
                        ),
                        name="exchange_rate_between_codes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency", models.F("to_currency")), _negated=True),
                        name="exchange_rate_between_two",
                    ),
                ],
            },
        ),
    ]
