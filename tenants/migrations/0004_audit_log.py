from django.db import migrations, models

from costinsights.core.audit_migrations import AuditTable, InstallAuditLog
from costinsights.core.audit_sql import PLATFORM_LOG


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0003_trial_mails"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlatformAuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sequence", models.BigIntegerField(null=True, unique=True)),
                ("at", models.DateTimeField()),
                ("actor_kind", models.CharField(max_length=16)),
                ("actor_identifier", models.CharField(max_length=64)),
                ("actor_label", models.CharField(max_length=254)),
                ("actor_ip", models.CharField(max_length=45)),
                ("request_id", models.CharField(max_length=64)),
                ("action", models.CharField(max_length=64)),
                ("object_type", models.CharField(max_length=63)),
                ("object_id", models.CharField(max_length=64)),
                ("object_label", models.CharField(max_length=254)),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("details", models.JSONField()),
                ("transaction_id", models.BigIntegerField()),
                ("prev_hash", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["object_type", "object_id"], name="platform_audit_object")],
            },
        ),
        migrations.CreateModel(
            name="PlatformAuditHead",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, primary_key=True, serialize=False
                    ),
                ),
                ("sequence", models.BigIntegerField()),
                ("hash", models.CharField(max_length=64)),
                ("checked_at", models.DateTimeField(null=True)),
                ("checked_sequence", models.BigIntegerField(null=True)),
                ("problem", models.CharField(db_default="", default="", max_length=250)),
            ],
            options={"verbose_name": "end of the audit log"},
        ),
        InstallAuditLog(PLATFORM_LOG),
        AuditTable("tenants_tenant", label="slug", ignore=["trial_mailed"]),
        AuditTable("tenants_domain", label="domain"),
        AuditTable("tenants_featureswitch", label="name", ignore=["modified"]),
        AuditTable("tenants_featureoverride"),
        AuditTable("tenants_planlimits", label="plan"),
        AuditTable("tenants_announcement", label="title"),
        AuditTable("tenants_supportgrant"),
        # Failures come from the machinery; retried and dismissed are somebody's decisions.
        AuditTable("tenants_jobfailure", label="task", on="UPDATE OR DELETE"),
        AuditTable(
            "tenants_staffuser", label="email", ignore=["last_login"], withhold=["password"]
        ),
        AuditTable("tenants_staffuser_groups"),
        AuditTable("tenants_staffuser_user_permissions"),
        AuditTable("tenants_stafftotpdevice", ignore=["last_step"], withhold=["sealed_secret"]),
        AuditTable("tenants_staffrecoverycode", withhold=["code_hash"]),
        AuditTable("auth_group", label="name"),
        AuditTable("auth_group_permissions"),
    ]
