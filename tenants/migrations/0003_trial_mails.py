from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0002_hosted_platform'),
    ]

    operations = [
        migrations.AddField(
            model_name='tenant',
            name='trial_mailed',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=8),
        ),
    ]
