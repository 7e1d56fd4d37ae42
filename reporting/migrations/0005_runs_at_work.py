import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reporting", "0004_kept_pools"),
    ]

    operations = [
        migrations.AddField(
            model_name="reportrun",
            name="attempts",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="reportrun",
            name="mail_due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="reportrun",
            name="mailed_to",
            field=models.JSONField(
                db_default=django.db.models.expressions.Value([], models.JSONField()),
                default=list,
            ),
        ),
        migrations.AddField(
            model_name="reportrun",
            name="seen_at",
            field=models.DateTimeField(null=True),
        ),
    ]
