from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_hosted_platform")]

    operations = [
        migrations.AddField(
            model_name="workspace",
            name="logo_digest",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=64
            ),
        ),
    ]
