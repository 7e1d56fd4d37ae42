from django.db import migrations

from costinsights.core.audit_migrations import AuditTable


class Migration(migrations.Migration):
    dependencies = [
        ("costs", "0004_sample_clusters_and_exchange_rates"),
        ("accounts", "0006_audit_log"),
    ]

    operations = [
        AuditTable(
            "costs_cluster",
            label="name",
            # How the last exchange went is no decision of anybody.
            ignore=["last_ok_at", "last_error_at", "last_error_code", "last_error_message"],
            withhold=["sealed_secret", "sealed_client_key"],
        ),
        AuditTable("costs_exchangerate", label="currency", ignore=["updated_at"]),
    ]
