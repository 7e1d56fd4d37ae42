"""Costs beside allocations: whether a source has them, the ledger of their days, items and daily facts."""

import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('costs', '0009_reading_lanes'),
    ]

    operations = [
        migrations.CreateModel(
            name='LayerItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('layer', models.CharField(choices=[('assets', 'Infrastructure (assets)'), ('cloud', 'Cloud bill'), ('custom', 'Custom costs')], max_length=6)),
                ('sha256', models.CharField(max_length=64)),
                ('provider', models.TextField(blank=True)),
                ('billing_account', models.TextField(blank=True)),
                ('account', models.TextField(blank=True)),
                ('account_name', models.TextField(blank=True)),
                ('service', models.TextField(blank=True)),
                ('category', models.TextField(blank=True)),
                ('region', models.TextField(blank=True)),
                ('zone', models.TextField(blank=True)),
                ('resource_type', models.TextField(blank=True)),
                ('resource_name', models.TextField(blank=True)),
                ('resource_id', models.TextField(blank=True)),
                ('domain', models.TextField(blank=True)),
                ('charge_category', models.TextField(blank=True)),
                ('cost_source', models.TextField(blank=True)),
                ('unit', models.TextField(blank=True)),
                ('labels', models.JSONField(default=dict)),
                ('cluster', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='costs.cluster')),
            ],
        ),
        migrations.CreateModel(
            name='LayerDay',
            fields=[
                ('pk', models.CompositePrimaryKey('cluster_id', 'layer', 'day', 'item_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('layer', models.CharField(choices=[('assets', 'Infrastructure (assets)'), ('cloud', 'Cloud bill'), ('custom', 'Custom costs')], max_length=6)),
                ('day', models.DateField()),
                ('total_cost', models.BigIntegerField(null=True)),
                ('list_cost', models.BigIntegerField(null=True)),
                ('net_cost', models.BigIntegerField(null=True)),
                ('billed_cost', models.BigIntegerField(null=True)),
                ('amortized_cost', models.BigIntegerField(null=True)),
                ('kubernetes_cost', models.BigIntegerField(null=True)),
                ('cpu_cost', models.BigIntegerField(null=True)),
                ('ram_cost', models.BigIntegerField(null=True)),
                ('gpu_cost', models.BigIntegerField(null=True)),
                ('discount_cost', models.BigIntegerField(null=True)),
                ('adjustment_cost', models.BigIntegerField(null=True)),
                ('other_cost', models.BigIntegerField(null=True)),
                ('idle_cost', models.BigIntegerField(null=True)),
                ('quantity', models.BigIntegerField(null=True)),
                ('unknown_rows', models.PositiveIntegerField(default=0)),
                ('cluster', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='costs.cluster')),
                ('item', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='costs.layeritem')),
            ],
        ),
        migrations.CreateModel(
            name='LayerSource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('layer', models.CharField(choices=[('assets', 'Infrastructure (assets)'), ('cloud', 'Cloud bill'), ('custom', 'Custom costs')], max_length=6)),
                ('state', models.CharField(choices=[('unknown', 'Not asked yet'), ('present', 'Has it'), ('absent', 'Does not have it')], default='unknown', max_length=7)),
                ('reason', models.CharField(blank=True, max_length=64)),
                ('message', models.CharField(blank=True, max_length=500)),
                ('asked_at', models.DateTimeField(null=True)),
                ('ask_again_at', models.DateTimeField(null=True)),
                ('reread_on', models.DateField(null=True)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('paused_until', models.DateTimeField(null=True)),
                ('error_code', models.CharField(blank=True, max_length=64)),
                ('error_message', models.CharField(blank=True, max_length=500)),
                ('error_at', models.DateTimeField(null=True)),
                ('cluster', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='layer_sources', to='costs.cluster')),
            ],
            options={
                'ordering': ['cluster', 'layer'],
            },
        ),
        migrations.CreateModel(
            name='LayerWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('layer', models.CharField(choices=[('assets', 'Infrastructure (assets)'), ('cloud', 'Cloud bill'), ('custom', 'Custom costs')], max_length=6)),
                ('day', models.DateField()),
                ('state', models.CharField(choices=[('pending', 'Not read yet'), ('ok', 'Complete'), ('partial', 'Partial'), ('empty', 'Empty'), ('failed', 'Failed')], default='pending', max_length=8)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now, null=True)),
                ('priority', models.SmallIntegerField(default=0)),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('leased_until', models.DateTimeField(null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('total', models.BigIntegerField(default=0)),
                ('unknown_rows', models.PositiveIntegerField(default=0)),
                ('minutes_covered', models.PositiveIntegerField(default=0)),
                ('facts_sha256', models.CharField(blank=True, max_length=64)),
                ('opencost_version', models.CharField(blank=True, max_length=64)),
                ('response_sha256', models.CharField(blank=True, max_length=64)),
                ('response_bytes', models.BigIntegerField(default=0)),
                ('warning', models.CharField(blank=True, max_length=500)),
                ('read_at', models.DateTimeField(null=True)),
                ('read_seconds', models.FloatField(null=True)),
                ('error_code', models.CharField(blank=True, max_length=64)),
                ('error_message', models.CharField(blank=True, max_length=500)),
                ('error_at', models.DateTimeField(null=True)),
                ('cluster', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='layer_windows', to='costs.cluster')),
            ],
            options={
                'ordering': ['cluster', 'layer', 'day'],
            },
        ),
        migrations.CreateModel(
            name='LayerRevision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveIntegerField()),
                ('rows', models.PositiveIntegerField()),
                ('total', models.BigIntegerField()),
                ('facts_sha256', models.CharField(max_length=64)),
                ('read_at', models.DateTimeField(null=True)),
                ('replaced_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('window', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='costs.layerwindow')),
            ],
            options={
                'ordering': ['window', 'revision'],
            },
        ),
        migrations.AddConstraint(
            model_name='layeritem',
            constraint=models.UniqueConstraint(fields=('cluster', 'layer', 'sha256'), name='layer_item_once'),
        ),
        migrations.AddConstraint(
            model_name='layerday',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('layer', 'assets'), _negated=True), ('total_cost', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('cpu_cost'), '+', models.F('ram_cost')), '+', models.F('gpu_cost')), '+', models.F('discount_cost')), '+', models.F('adjustment_cost')), '+', models.F('other_cost'))), _connector='OR'), name='layer_day_assets_add_up'),
        ),
        migrations.AddConstraint(
            model_name='layersource',
            constraint=models.UniqueConstraint(fields=('cluster', 'layer'), name='layer_source_once'),
        ),
        migrations.AddConstraint(
            model_name='layersource',
            constraint=models.CheckConstraint(condition=models.Q(('layer__in', ['assets', 'cloud', 'custom'])), name='layer_source_layer'),
        ),
        migrations.AddConstraint(
            model_name='layersource',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['unknown', 'present', 'absent'])), name='layer_source_state'),
        ),
        migrations.AddIndex(
            model_name='layerwindow',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='layer_window_due'),
        ),
        migrations.AddIndex(
            model_name='layerwindow',
            index=models.Index(condition=models.Q(('leased_until__isnull', False)), fields=['cluster'], name='layer_window_leased'),
        ),
        migrations.AddConstraint(
            model_name='layerwindow',
            constraint=models.UniqueConstraint(fields=('cluster', 'layer', 'day'), name='layer_window_once'),
        ),
        migrations.AddConstraint(
            model_name='layerwindow',
            constraint=models.CheckConstraint(condition=models.Q(('layer__in', ['assets', 'cloud', 'custom'])), name='layer_window_layer'),
        ),
        migrations.AddConstraint(
            model_name='layerwindow',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'ok', 'partial', 'empty', 'failed'])), name='layer_window_state'),
        ),
        migrations.AddConstraint(
            model_name='layerrevision',
            constraint=models.UniqueConstraint(fields=('window', 'revision'), name='layer_revision_once'),
        ),
    ]
