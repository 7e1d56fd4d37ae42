from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_audit_log")]

    operations = [
        migrations.AddField(
            model_name="workspace",
            name="settings_saved_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
