from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_hosted_platform")]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="expiry_mailed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
