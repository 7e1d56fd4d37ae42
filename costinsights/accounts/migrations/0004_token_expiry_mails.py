from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_workspace_logo_digest")]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="expiry_mailed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
