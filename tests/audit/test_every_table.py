"""Each table is in the audit log, or says here why it is not."""

from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models

from costinsights.core.audit_sql import TRIGGER
from tenants.provisioning import TEMPLATE_SCHEMA

HOW = (
    "{table} is neither in the audit log nor excused. Configuration and whatever else somebody "
    "decides: add AuditTable({table!r}, label=…, ignore=[…], withhold=[…]) from "
    "costinsights.core.audit_migrations to a migration. Facts that a machine writes: give the "
    "reason in NOT_AUDITED of tests/audit/test_every_table.py."
)
# Tables whose rows nobody decides about, or that are logs themselves.
NOT_AUDITED = {
    "accounts_auditentry": "is the log",
    "accounts_audithead": "is the log's end",
    "accounts_tenantsession": "sign-ins and ended sessions are events: sign_in.succeeded, session.…",
    "accounts_idempotentrequest": "answers kept for a day for clients that repeat a request",
    "costs_snapshot": "the ledger of stored windows: a log of its own, with revisions",
    "costs_snapshotrevision": "as above",
    "costs_ingeststate": "where a worker stands; backfills asked for are events",
    "costs_labelkey": "seen by a job in every day's rows; choosing a key is an event",
    "costs_workloadgroup": "names that stored costs point to",
    "costs_workload": "as above",
    "costs_node": "as above",
    "costs_labelset": "as above",
    "costs_costday": "stored costs, millions of rows; the ledger says when each was read",
    "costs_costhour": "as above",
    "costs_groupday": "a roll-up of stored costs",
    "costs_grouphour": "as above",
    "costs_nodemonth": "as above",
    "costs_budgetstanding": "how a budget stood when a job last looked; computed again from stored costs",
    "costs_budgetevent": "a log of its own: thresholds reached, once each",
    "costs_savedviewmark": "a member's own stars, first view and when each was last opened",
    "reporting_period": "where a month stands; preparing, closing and carrying forward are events",
    "reporting_periodpools": "made of rules and costs by each preparation",
    "reporting_periodclose": "is a log itself: a hash chain that nobody can change",
    "reporting_statement": "made of rules and costs; closed ones cannot be changed",
    "reporting_statementline": "as above",
    "reporting_statementfile": "made of statements; downloads are events",
    "reporting_reviewevent": "is a log itself",
    "reporting_reportrun": "what a job made; asking for one is an event",
    "costs_layersource": "what a worker found out about a cluster's OpenCost",
    "costs_layerwindow": "the ledger of cost layers: a log of its own, with revisions",
    "costs_layerrevision": "as above",
    "costs_layeritem": "names that the layers' costs point to",
    "costs_layerday": "stored costs; the ledger says when each was read",
    "axes_accessattempt": "counts for the lock-out; failed sign-ins are events",
    "axes_accessattemptexpiration": "as above",
    "axes_accessfailurelog": "as above",
    "axes_accesslog": "switched off by AXES_DISABLE_ACCESS_LOG",
    "tenants_platformauditentry": "is the log",
    "tenants_platformaudithead": "is the log's end",
    "tenants_staffsession": "sign-ins of staff are events",
    "tenants_tenantusage": "measured by a job, hourly",
    "tenants_signup": "people who are no customers yet; the tenant that becomes of it is logged",
    "django_content_type": "made by migrations from the code",
    "auth_permission": "made by migrations from the code",
    "waffle_flag": "unused: features are switches",
    "waffle_flag_groups": "unused, as above",
    "waffle_flag_users": "unused, as above",
    "waffle_sample": "unused, as above",
    "django_admin_log": "is a log itself, of the staff site",
}
# What a secret's column is called. A column of an audited table with such a name must be withheld.
SECRET_WORDS = ("sealed", "secret", "password", "_hash", "code_hash")


def tables_of(apps_listed: list[str]) -> list[str]:
    """The tables of these apps' models, those between many-to-many included."""
    return sorted(
        model._meta.db_table
        for config in apps.get_app_configs()
        if config.name in apps_listed
        or type(config).__module__ + "." + type(config).__name__ in apps_listed
        for model in config.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    )


def triggers_in(schema: str) -> dict[str, dict[str, Any]]:
    """The audited tables of a schema, with what their triggers were told."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, string_to_array(encode(g.tgargs, 'escape'), '\\000') "
            "FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND g.tgname = %s AND g.tgenabled = 'O'",
            [schema, TRIGGER],
        )
        return {
            table: {
                "key": arguments[0],
                "label": arguments[1],
                "ignore": arguments[2].strip("{}").split(","),
                "withhold": arguments[3].strip("{}").split(","),
            }
            for table, arguments in cursor.fetchall()
        }


TENANT_TABLES = tables_of(settings.TENANT_APPS)
PUBLIC_TABLES = tables_of(settings.SHARED_APPS)


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_tenants_table_is_in_the_log_or_excused(db: None, table: str) -> None:
    is_audited = table in triggers_in(TEMPLATE_SCHEMA)
    assert is_audited != (table in NOT_AUDITED), HOW.format(table=table)


@pytest.mark.parametrize("table", PUBLIC_TABLES)
def test_a_table_of_the_platform_is_in_the_log_or_excused(db: None, table: str) -> None:
    is_audited = table in triggers_in("public")
    assert is_audited != (table in NOT_AUDITED), HOW.format(table=table)


def test_no_excuse_outlives_its_table() -> None:
    assert set(NOT_AUDITED) <= {*TENANT_TABLES, *PUBLIC_TABLES}


def test_tenants_audit_what_the_template_audits(acme: Any) -> None:
    assert triggers_in(acme.schema_name) == triggers_in(TEMPLATE_SCHEMA)


@pytest.mark.parametrize("schema", [TEMPLATE_SCHEMA, "public"])
def test_triggers_name_columns_that_exist(db: None, schema: str) -> None:
    models_by_table = {
        model._meta.db_table: model for model in apps.get_models(include_auto_created=True)
    }
    for table, told in triggers_in(schema).items():
        columns = {field.column for field in models_by_table[table]._meta.concrete_fields}
        named = {told["key"], told["label"], *told["ignore"], *told["withhold"]} - {""}
        assert named <= columns, (table, named - columns)


@pytest.mark.parametrize("schema", [TEMPLATE_SCHEMA, "public"])
def test_columns_that_hold_secrets_are_withheld(db: None, schema: str) -> None:
    models_by_table = {
        model._meta.db_table: model for model in apps.get_models(include_auto_created=True)
    }
    for table, told in triggers_in(schema).items():
        for field in models_by_table[table]._meta.concrete_fields:
            if is_secret(field):
                assert field.column in told["withhold"], (table, field.column)


def is_secret(field: "models.Field[Any, Any]") -> bool:
    if isinstance(field, models.BinaryField):
        return True
    named_so = any(word in str(field.column) for word in SECRET_WORDS)
    return named_so and not isinstance(field, models.BooleanField | models.DateTimeField)
