import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reporting", "0003_audited_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="PeriodPools",
            fields=[
                (
                    "period",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="preliminary_pools",
                        serialize=False,
                        to="reporting.period",
                    ),
                ),
                ("pools", models.JSONField()),
            ],
        ),
    ]
