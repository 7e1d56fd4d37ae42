import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models

from costinsights.core.audit_migrations import AuditTable


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_fewer_indexes'),
        ('costs', '0007_stored_history'),
    ]

    operations = [
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('slug', models.CharField(editable=False, max_length=60, unique=True)),
                ('folder', models.CharField(blank=True, max_length=60)),
                ('is_shared', models.BooleanField(default=False)),
                ('parameters', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('deleted_at', models.DateTimeField(editable=False, null=True)),
                ('owner', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='saved_views', to='accounts.user')),
            ],
        ),
        migrations.CreateModel(
            name='SavedViewMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_starred', models.BooleanField(default=False)),
                ('is_default', models.BooleanField(default=False)),
                ('last_used_at', models.DateTimeField(null=True)),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.user')),
                ('view', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='marks', to='costs.savedview')),
            ],
        ),
        migrations.CreateModel(
            name='Annotation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_day', models.DateField()),
                ('last_day', models.DateField()),
                ('text', models.CharField(max_length=500)),
                ('filter_text', models.CharField(blank=True, max_length=2000)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('author', models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.user')),
                ('cluster', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='annotations', to='costs.cluster')),
            ],
            options={
                'indexes': [models.Index(fields=['first_day', 'last_day'], name='annotation_by_day')],
                'constraints': [models.CheckConstraint(condition=models.Q(('last_day__gte', models.F('first_day'))), name='annotation_runs_forward'), models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='annotation_has_a_text')],
            },
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('name'), models.F('owner'), condition=models.Q(('deleted_at', None)), name='saved_view_name_once_per_owner'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='saved_view_has_a_name'),
        ),
        migrations.AddConstraint(
            model_name='savedviewmark',
            constraint=models.UniqueConstraint(fields=('member', 'view'), name='saved_view_mark_once'),
        ),
        migrations.AddConstraint(
            model_name='savedviewmark',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('member',), name='saved_view_one_default'),
        ),
        AuditTable("costs_savedview", label="name", ignore=["updated_at"]),
        AuditTable("costs_annotation", label="text", ignore=["updated_at"]),
    ]
