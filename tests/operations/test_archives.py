"""One tenant out, in, and gone: equal row hashes on a real server, all or nothing, nothing left."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection

from costinsights.core.tenancy import TenantMissing, find_tenant, public_context, tenant_context
from costinsights.costs.models import Cluster
from costinsights.operations import redis, tables
from costinsights.operations.sessions import snapshot
from tenants.models import Domain, Tenant
from tenants.services import create_tenant
from tests.database import admin_connection
from tests.isolation.seeding import canary_of, seed

pytestmark = pytest.mark.django_db(transaction=True)
OTHER_KEY = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="


@pytest.fixture
def three() -> list[Tenant]:
    """Three tenants with a row in every table."""
    made = [create_tenant(name=f"Full {n}", slug=f"full-{n}", plan="saas") for n in range(3)]
    for tenant in made:
        seed(tenant)
    return made


def contents(tenant: Tenant) -> dict[str, tables.Content]:
    """Row count and hash of every table."""
    with snapshot(tenant.database_role, tenant.schema_name) as session, session.cursor() as cursor:
        return {
            table.name: tables.read(cursor, table)
            for table in tables.tables_of(cursor, tenant.schema_name)
        }


def exported(tenant: Tenant, folder: Path) -> Path:
    path = folder / f"{tenant.slug}.zip"
    call_command("export_tenant", tenant.slug, str(path))
    return path


def erase(tenant: Tenant) -> None:
    call_command("erase_tenant", tenant.slug, confirm=tenant.slug)


def test_three_tenants_come_back_with_equal_row_hashes(three: list[Tenant], tmp_path: Path) -> None:
    before = {tenant.slug: contents(tenant) for tenant in three}
    assert all(content.rows for name, content in before["full-0"].items() if "axes" not in name)
    paths = [exported(tenant, tmp_path) for tenant in three]
    for tenant in three:
        erase(tenant)
    for path in reversed(paths):
        call_command("import_tenant", str(path))
    for tenant in three:
        found: Any = find_tenant(tenant.slug)
        assert found.pk == tenant.pk
        assert contents(found) == before[tenant.slug]


def test_secrets_open_under_another_slug_and_id(three: list[Tenant], tmp_path: Path) -> None:
    path = exported(three[0], tmp_path)
    call_command("import_tenant", str(path), slug="second")
    copy: Any = find_tenant("second")
    assert copy.pk != three[0].pk
    with tenant_context(copy):
        assert [cluster.secret for cluster in Cluster.objects.all()] == [canary_of(three[0])]
    assert copy.primary_domain == "second.localhost"


def test_triggers_and_sequences_work_after_an_import(three: list[Tenant], tmp_path: Path) -> None:
    path = exported(three[0], tmp_path)
    call_command("import_tenant", str(path), slug="second")
    second: Any = find_tenant("second")
    with tenant_context(second):
        cluster = Cluster.objects.get()
        cluster.pk, cluster.name, cluster.slug, cluster.is_demo = None, "Next", "next", False
        cluster.sealed_secret, cluster.auth_kind = "", "none"
        cluster.save(force_insert=True)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM accounts_auditentry WHERE object_id = %s "
                "AND object_type = 'costs_cluster'",
                [str(cluster.pk)],
            )
            assert cursor.fetchone() == (1,)


def test_the_audit_chain_holds_after_an_import(three: list[Tenant], tmp_path: Path) -> None:
    path = exported(three[0], tmp_path)
    call_command("import_tenant", str(path), slug="second")
    call_command("verify_audit", tenant="second")


def test_an_export_is_one_moment_while_rows_change(three: list[Tenant], tmp_path: Path) -> None:
    tenant = three[0]
    with snapshot(tenant.database_role, tenant.schema_name) as session, session.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM costs_cluster")
        with tenant_context(tenant):
            Cluster.objects.update(name="changed meanwhile")
        assert cursor.execute("SELECT name FROM costs_cluster").fetchone() != ("changed meanwhile",)


def test_the_file_is_private_and_holds_no_secret_in_clear(
    three: list[Tenant], tmp_path: Path
) -> None:
    with tenant_context(three[0]):
        cluster = Cluster.objects.get()
        cluster.seal_secret("hunter2-in-clear")
        cluster.save()
    path = exported(three[0], tmp_path)
    assert path.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if b"hunter2" in archive.read(name)]
        assert "tables/accounts_tenantsession.copy" not in archive.namelist()


def rewritten(path: Path, **changes: Any) -> Path:
    """The archive with another manifest, or another file: table=bytes."""
    other = path.with_suffix(".changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "manifest.json":
                data = json.dumps({**json.loads(data), **changes}).encode()
            elif name == changes.get("damage"):
                data = data.replace(b"CANARY", b"CANERY")
            new.writestr(name, data)
    return other


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fingerprint": "0" * 32}, "differ from this"),
        ({"key_ids": ["deadbeef"]}, "deadbeef"),
        ({"format": 99}, "has the form 99"),
        ({"damage": "tables/costs_cluster.copy"}, "differ: costs_cluster"),
    ],
)
def test_an_archive_that_does_not_fit_changes_nothing(
    three: list[Tenant], tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    path = rewritten(exported(three[0], tmp_path), **changes)
    with pytest.raises(CommandError, match=words):
        call_command("import_tenant", str(path), slug="second")
    with pytest.raises(TenantMissing):
        find_tenant("second")
    with admin_connection() as admin:
        roles = admin.execute(
            "SELECT count(*) FROM pg_roles WHERE rolname ~ %s",
            [f"^{connection.settings_dict['NAME']}_t_"],
        ).fetchone()
    with public_context():
        assert roles == (Tenant.objects.count(),)


def test_a_key_that_is_gone_refuses_the_import(
    three: list[Tenant], tmp_path: Path, settings: Any
) -> None:
    path = exported(three[0], tmp_path)
    settings.FIELD_ENCRYPTION_KEYS = [OTHER_KEY]
    with pytest.raises(CommandError, match="not configured"):
        call_command("import_tenant", str(path), slug="second")


def test_a_taken_slug_is_refused(three: list[Tenant], tmp_path: Path) -> None:
    path = exported(three[0], tmp_path)
    with pytest.raises(CommandError, match=r"full-0.*already"):
        call_command("import_tenant", str(path))


def test_some_file_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "some.zip"
    path.write_bytes(b"PK\x03\x04 or not")
    with pytest.raises(CommandError, match="is no tenant archive"):
        call_command("import_tenant", str(path))


def test_an_export_overwrites_nothing(three: list[Tenant], tmp_path: Path) -> None:
    path = exported(three[0], tmp_path)
    with pytest.raises(CommandError, match="exists already"):
        call_command("export_tenant", "full-0", str(path))


def test_erasing_leaves_nothing_and_proves_it(
    three: list[Tenant], capsys: pytest.CaptureFixture[str]
) -> None:
    tenant = three[0]
    with tenant_context(tenant):
        cache.set("something", "cached", 300)
    assert redis.keys_of_tenant(tenant.pk)
    erase(tenant)
    record = json.loads(capsys.readouterr().out)
    assert {name: record[name] for name in ("schemas", "roles", "rows", "redis_keys", "files")} == {
        "schemas": 0, "roles": 0, "rows": 0, "redis_keys": 0, "files": 0,
    }  # fmt: skip
    assert record["tenant_id"] == tenant.pk
    with public_context():
        assert not Domain.objects.filter(domain="full-0.localhost").exists()


def test_erasing_one_leaves_the_others_as_they_were(three: list[Tenant]) -> None:
    before = contents(three[1])
    erase(three[0])
    assert contents(three[1]) == before


def test_erasing_needs_the_slug_twice(three: list[Tenant]) -> None:
    with pytest.raises(CommandError, match="Nothing was deleted"):
        call_command("erase_tenant", "full-0", confirm="full-1")
    assert find_tenant("full-0").slug == "full-0"


def test_what_is_left_is_counted(three: list[Tenant], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("costinsights.operations.erasing.redis.forget_tenant", lambda _: 0)
    with tenant_context(three[0]):
        cache.set("left", "behind", 300)
    with pytest.raises(CommandError, match="Something is left"):
        erase(three[0])


def test_an_import_ends_with_the_templates_fingerprint(three: list[Tenant], tmp_path: Path) -> None:
    path = exported(three[0], tmp_path)
    call_command("import_tenant", str(path), slug="second")
    call_command("migrate_schemas", verbosity=0)  # raises when a schema differs
