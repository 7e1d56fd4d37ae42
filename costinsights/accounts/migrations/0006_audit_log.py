from django.db import migrations, models

from costinsights.core.audit_migrations import AuditTable, InstallAuditLog
from costinsights.core.audit_sql import TENANT_LOG


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_session_last_seen")]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
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
                "indexes": [models.Index(fields=["object_type", "object_id"], name="audit_entry_object")],
            },
        ),
        migrations.CreateModel(
            name="AuditHead",
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
        InstallAuditLog(TENANT_LOG),
        AuditTable(
            "accounts_user", label="email", ignore=["last_login"], withhold=["password"]
        ),
        AuditTable("accounts_invitation", label="email", withhold=["secret_hash"]),
        AuditTable(
            "accounts_apitoken",
            label="name",
            ignore=["last_used_at", "last_used_ip", "expiry_mailed_at"],
            withhold=["secret_hash"],
        ),
        AuditTable("accounts_totpdevice", ignore=["last_step"], withhold=["sealed_secret"]),
        AuditTable("accounts_recoverycode", withhold=["code_hash"]),
        AuditTable("accounts_identityprovider", label="name", withhold=["sealed_client_secret"]),
        AuditTable("accounts_externalidentity", label="subject", ignore=["last_used_at"]),
        AuditTable("accounts_workspace", ignore=["updated_at"], withhold=["logo"]),
    ]
