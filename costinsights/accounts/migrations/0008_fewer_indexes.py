"""Every index is a file in every tenant. Those that nothing is looked up by, or that another one covers, go.

django-axes: the lock-out asks for attempts by user name and by address; its two logs are switched off and stay
empty. Members: a unique constraint that begins with the column finds it as well.
"""

import django.db.models.deletion
from django.db import migrations, models

_OF_AXES = {
    "axes_accessattempt_user_agent_ad89678b": ("axes_accessattempt", "user_agent"),
    "axes_accessfailurelog_ip_address_2e9f5a7f": ("axes_accessfailurelog", "ip_address"),
    "axes_accessfailurelog_user_agent_ea145dda": ("axes_accessfailurelog", "user_agent"),
    "axes_accessfailurelog_username_a8b7e8a4": ("axes_accessfailurelog", "username"),
    "axes_accesslog_ip_address_86b417e5": ("axes_accesslog", "ip_address"),
    "axes_accesslog_user_agent_0e659004": ("axes_accesslog", "user_agent"),
    "axes_accesslog_username_df93064b": ("axes_accesslog", "username"),
}


class OfTenants(migrations.RunSQL):
    """Where the tables are: in tenants' schemas and the template, not in the public one."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.schema_name != "public":
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.schema_name != "public":
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_workspace_settings_saved"),
        ("axes", "0010_accessattemptexpiration"),
    ]

    operations = [
        OfTenants(
            [f"DROP INDEX IF EXISTS {name}, {name}_like" for name in _OF_AXES],
            [f"CREATE INDEX {name} ON {table} ({column})" for name, (table, column) in _OF_AXES.items()],
        ),
        migrations.AlterField(
            "externalidentity",
            "provider",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="identities",
                to="accounts.identityprovider",
            ),
        ),
        migrations.AlterField(
            "idempotentrequest",
            "user",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="idempotent_requests",
                to="accounts.user",
            ),
        ),
        migrations.AlterField(
            "recoverycode",
            "user",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="recovery_codes",
                to="accounts.user",
            ),
        ),
        migrations.AlterField(
            "invitation",
            "invited_by",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="invitations_sent",
                to="accounts.user",
            ),
        ),
    ]
