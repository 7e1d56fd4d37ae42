"""Nobody looks rates up by who entered them, and an index is a file in every tenant."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("costs", "0005_audited_tables")]

    operations = [
        migrations.AlterField(
            "exchangerate",
            "entered_by",
            models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="accounts.user",
            ),
        ),
    ]
