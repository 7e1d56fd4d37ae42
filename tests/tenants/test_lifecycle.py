"""Tenants are made whole, found by their host, suspended, and removed without a trace."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from costinsights.core.errors import Conflict, InvalidInput
from costinsights.core.tenancy import TenantMissing, absolute_url, find_tenant, tenant_context
from tenants.models import Domain, Tenant
from tenants.provisioning import TEMPLATE_SCHEMA
from tenants.services import create_tenant, delete_tenant, resume_tenant, suspend_tenant
from tests.database import admin_connection

DEFINITIONS = """
    SELECT 'column', table_name, column_name, data_type || is_nullable || coalesce(column_default, '')
        || is_identity || coalesce(character_maximum_length::text, '')
    FROM information_schema.columns WHERE table_schema = %(s)s
    UNION ALL
    SELECT 'constraint', t.relname, c.conname, pg_get_constraintdef(c.oid)
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = %(s)s
    UNION ALL
    SELECT 'index', tablename, indexname, replace(indexdef, schemaname || '.', '')
    FROM pg_indexes WHERE schemaname = %(s)s
    ORDER BY 1, 2, 3, 4
"""


def definitions(schema: str) -> list[tuple[str, ...]]:
    with admin_connection(connection.settings_dict["NAME"]) as admin:
        rows = admin.execute(DEFINITIONS, {"s": schema}).fetchall()
    return [tuple(str(cell).replace(f"{schema}.", "") for cell in row) for row in rows]


@pytest.mark.django_db(transaction=True)
def test_a_new_schema_is_the_template_to_the_last_definition() -> None:
    tenant = create_tenant(name="Initech", slug="initech")
    assert definitions(tenant.schema_name) == definitions(TEMPLATE_SCHEMA) != []


@pytest.mark.django_db(transaction=True)
def test_a_new_tenant_starts_empty() -> None:
    tenant = create_tenant(name="Initech", slug="initech")
    with tenant_context(tenant):
        tables = [
            name for name in connection.introspection.table_names() if name != "django_migrations"
        ]
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
                assert cursor.fetchone() == (0,), table
    assert len(tables) > 5


@pytest.mark.django_db(transaction=True)
def test_nothing_needs_migrating_in_a_new_tenant() -> None:
    tenant = create_tenant(name="Initech", slug="initech")
    call_command(
        "migrate_schemas", schema_name=tenant.schema_name, check_unapplied=True, verbosity=0
    )


@pytest.mark.django_db(transaction=True)
def test_deleting_a_tenant_leaves_no_schema_no_role_no_domain() -> None:
    tenant = create_tenant(name="Initech", slug="initech")
    delete_tenant(tenant)
    with admin_connection(connection.settings_dict["NAME"]) as admin:
        assert not admin.execute(
            "SELECT 1 FROM pg_namespace WHERE nspname = %s", [tenant.schema_name]
        ).fetchone()
        assert not admin.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s", [tenant.database_role]
        ).fetchone()
    assert not Domain.objects.filter(domain="initech.localhost").exists()


@pytest.mark.parametrize(
    "slug", ["", "www", "Acme", "a_b", "-a", "a-", "1a", "x" * 41, "a.b", "a'b"]
)
def test_a_slug_that_is_no_host_label_is_refused(db: None, slug: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        create_tenant(name="Other", slug=slug)
    assert refusal.value.field == "slug"


def test_a_taken_slug_or_domain_is_a_conflict(db: None) -> None:
    with pytest.raises(Conflict):
        create_tenant(name="Acme again", slug="acme")
    with pytest.raises(Conflict):
        create_tenant(name="Other", slug="other", domain="ACME.localhost")


@pytest.mark.django_db(transaction=True)
def test_a_failed_creation_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("tenants.provisioning.grant_use", fail)
    with pytest.raises(RuntimeError):
        create_tenant(name="Initech", slug="initech")
    assert not Tenant.objects.filter(slug="initech").exists()
    with admin_connection() as admin:
        roles = admin.execute(
            "SELECT rolname FROM pg_roles WHERE rolname ~ %s",
            [f"^{connection.settings_dict['NAME']}_t_"],
        ).fetchall()
    assert len(roles) == Tenant.objects.count()


def test_the_command_creates_a_tenant_and_prints_its_address(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("create_tenant", name="Initech", slug="initech", plan="community")
    assert "http://initech.localhost/" in capsys.readouterr().out
    assert find_tenant("initech").plan == "community"


def test_the_command_refuses_in_a_sentence(db: None) -> None:
    with pytest.raises(CommandError, match="already"):
        call_command("create_tenant", name="Acme", slug="acme")


def test_a_suspended_tenant_is_told_so_until_it_is_resumed(acme: Tenant, client_of: Any) -> None:
    client = client_of(acme)
    suspend_tenant(acme)
    page, api = client.get("/"), client.get("/api/v1/me")
    assert page.status_code == api.status_code == 403
    assert api.json()["code"] == "tenant_suspended"
    resume_tenant(acme)
    assert client.get("/sign-in/").status_code == 200


def test_links_point_to_the_primary_domain(acme: Tenant) -> None:
    assert absolute_url(acme, "/clusters/") == "http://acme.localhost/clusters/"


def test_a_missing_tenant_is_named(db: None) -> None:
    with pytest.raises(TenantMissing, match="nowhere"):
        find_tenant("nowhere")
