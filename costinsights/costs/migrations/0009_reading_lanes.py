"""Which clusters are read in the slow lane, and which hung the last time they were asked."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("costs", "0008_saved_views_and_annotations")]

    operations = [
        migrations.AddField("ingeststate", "slow_since", models.DateTimeField(null=True)),
        migrations.AddField("ingeststate", "hung_at", models.DateTimeField(null=True)),
    ]
