from django.db import migrations

from costinsights.core.audit_migrations import AuditTable


class Migration(migrations.Migration):
    dependencies = [("reporting", "0002_frozen_statements"), ("accounts", "0009_approvers")]

    operations = [
        AuditTable("reporting_costcenter", label="code"),
        AuditTable("reporting_costcenter_readers"),
        AuditTable("reporting_mappingrule", label="name"),
        AuditTable("reporting_mappingtarget"),
        AuditTable("reporting_sharerule", label="name"),
        AuditTable("reporting_sharetarget"),
        AuditTable("reporting_ratecardversion", label="name"),
        AuditTable("reporting_ratecardline"),
        AuditTable("reporting_reportingsettings"),
        AuditTable("reporting_reportdefinition", label="name"),
        AuditTable("reporting_reportschedule", ignore=["next_run_at", "last_run_at"]),
        AuditTable("reporting_review", key="statement_id", ignore=["changed_at"]),
        AuditTable("reporting_dispute"),
        AuditTable("reporting_adjustment"),
    ]
