from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_token_expiry_mails")]

    operations = [
        migrations.AddField(
            model_name="tenantsession",
            name="last_seen_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
