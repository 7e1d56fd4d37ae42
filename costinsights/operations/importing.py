"""A tenant from an archive: all of it with equal hashes, or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from psycopg import sql

from costinsights.core import crypto
from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict, InvalidInput
from costinsights.core.tenancy import public_context, tenant_connection
from costinsights.operations import tables
from costinsights.operations.archive import TENANT_FIELDS, Archive
from costinsights.operations.sealed import sealed_columns
from costinsights.operations.sessions import TEXT_FORM
from tenants import provisioning, schema_state
from tenants.models import (
    RESERVED_SLUGS,
    Domain,
    FeatureOverride,
    FeatureSwitch,
    Tenant,
    TenantUsage,
)
from tenants.postgresql_backend.base import role_name


def import_tenant(path: Path, *, slug: str | None = None) -> Tenant:
    """Make a tenant from an archive, under its own id where that is free, and compare every row.

    Raises InvalidInput for an archive of another release, of keys that are not configured or with rows
    that are not what its manifest says, and Conflict for a slug or domain that is taken. Nothing is left then.
    """
    with Archive(path) as archive, public_context(), tenant_connection.acting_as_owner():
        manifest = archive.manifest
        _refuse_what_does_not_fit(manifest)
        try:
            with transaction.atomic():
                tenant = _new_row(manifest, slug or manifest["tenant"]["slug"])
                provisioning.create_role(tenant.database_role)
                provisioning.create_schema(tenant.schema_name, tenant.database_role)
                _fill(tenant, archive)
                _public_rows(tenant, manifest)
        finally:
            tenant_connection.set_schema_to_public()
    with public_context():
        record_event("tenant.imported", target=tenant.slug, target_id=str(tenant.pk))
    return tenant


def _refuse_what_does_not_fit(manifest: dict[str, Any]) -> None:
    found = schema_state.fingerprints([provisioning.TEMPLATE_SCHEMA])
    if manifest["fingerprint"] != found[provisioning.TEMPLATE_SCHEMA]:
        raise InvalidInput(
            f"The archive's tables are of release {manifest['version']} and differ from this "
            "installation's. Export it again from an installation with the same migrations.",
            field="file",
        )
    unknown = set(manifest["key_ids"]) - set(crypto.configured_key_ids())
    if unknown:
        raise InvalidInput(
            f"Its secrets are sealed under keys that are not configured: {', '.join(sorted(unknown))}. "
            "Add them to FIELD_ENCRYPTION_KEYS, behind the first.",
            field="file",
        )


def _new_row(manifest: dict[str, Any], slug: str) -> Tenant:
    pk = manifest["id"]
    if not _is_free(pk):
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('tenants_tenant', 'id'))")
            pk = cursor.fetchone()[0]
    tenant = Tenant(
        pk=pk,
        schema_name=f"t_{pk}",
        database_role=role_name(connection.settings_dict["NAME"], f"t_{pk}"),
    )
    for name in TENANT_FIELDS:
        field = Tenant._meta.get_field(name)
        setattr(tenant, name, field.to_python(manifest["tenant"][name]))
    tenant.slug = slug
    if Tenant.objects.filter(slug=slug).exists():
        raise Conflict(f"There is a workspace “{slug}” already. Give another --slug.", field="slug")
    if slug in RESERVED_SLUGS:
        raise InvalidInput(f"“{slug}” is reserved. Choose another slug.", field="slug", value=slug)
    try:
        tenant.full_clean(exclude=["schema_name", "database_role"])
    except ValidationError as error:
        raise InvalidInput("; ".join(error.messages), field="file") from error
    return tenant


def _is_free(pk: int) -> bool:
    """Whether nothing on this server carries the id: no row, no schema, no role."""
    role = role_name(connection.settings_dict["NAME"], f"t_{pk}")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s) "
            "OR EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)",
            [role, f"t_{pk}"],
        )
        (taken,) = cursor.fetchone()
    return not taken and not Tenant.objects.filter(pk=pk).exists()


def _fill(tenant: Tenant, archive: Archive) -> None:
    """Every row as it was: no trigger fires, no default is applied, and then each table is compared."""
    manifest = archive.manifest
    tenant_connection.set_tenant(tenant)
    with connection.cursor() as cursor:
        cursor.execute(TEXT_FORM)
        own = {table.name: table for table in tables.tables_of(cursor, tenant.schema_name)}
        _same(set(own), set(manifest["tables"]), "tables")
        with _triggers_off(cursor, tenant.schema_name, [*own]):
            for name, table in own.items():
                expected = manifest["tables"][name]
                _same(set(table.columns), set(expected["columns"]), f"columns of {name}")
                content = tables.fill(cursor, table, archive.chunks(name))
                _same((content.rows, content.sha256), (expected["rows"], expected["sha256"]), name)
            moved = _reseal(cursor, manifest["schema"], tenant.schema_name)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        _set_sequences(cursor, manifest["sequences"])
        for name, table in own.items():
            content, expected = tables.read(cursor, table), manifest["tables"][name]
            _same(content.rows, expected["rows"], name)
            if name not in moved:
                _same(content.sha256, expected["sha256"], name)
    tenant_connection.set_schema_to_public()
    different = schema_state.differences(tenant.schema_name, provisioning.TEMPLATE_SCHEMA)
    _same(different, [], f"definitions, {'; '.join(different[:3])}")


def _same(found: object, expected: object, what: str) -> None:
    if found != expected:
        raise InvalidInput(f"The archive and what was stored differ: {what}.", field="file")


@contextmanager
def _triggers_off(cursor: Any, schema: str, names: list[str]) -> Iterator[None]:
    """Empty tables whose triggers sleep; each wakes as it was, ALWAYS and DISABLED included."""
    cursor.execute(
        "SELECT c.relname, g.tgname, g.tgenabled::text FROM pg_trigger g "
        "JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND NOT g.tgisinternal",
        [schema],
    )
    triggers = cursor.fetchall()
    for name in names:
        cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(name)))
    for name in names:  # what creation itself wrote, such as the head of the audit log
        cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    yield
    words = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA", "D": "DISABLE"}
    for table, trigger, state in triggers:
        cursor.execute(
            sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(
                sql.Identifier(table), sql.SQL(words[state]), sql.Identifier(trigger)
            )
        )


def _reseal(cursor: Any, old_schema: str, schema: str) -> set[str]:
    """Bind secrets to their new place. Returns the tables that changed; none under the old id.

    Each is opened either way: what does not open here would be lost, so the import ends.
    """
    changed: set[str] = set()
    for sealed in sealed_columns(of_tenants=True):
        names = {
            "key": sql.Identifier(sealed.key),
            "column": sql.Identifier(sealed.column),
            "table": sql.Identifier(sealed.table),
        }
        cursor.execute(
            sql.SQL("SELECT {key}, {column} FROM {table} WHERE {column} <> ''").format(**names)
        )
        for pk, token in cursor.fetchall():
            try:
                plain = crypto.unseal(token, aad=sealed.place(old_schema, pk))
            except crypto.SecretUnreadable as error:
                raise InvalidInput(
                    f"A secret in {sealed.table} does not open: {error}.", field="file"
                ) from error
            if old_schema == schema:
                continue
            changed.add(sealed.table)
            cursor.execute(
                sql.SQL("UPDATE {table} SET {column} = %s WHERE {key} = %s").format(**names),
                [crypto.seal(plain, aad=sealed.place(schema, pk)), pk],
            )
    return changed


def _set_sequences(cursor: Any, sequences: dict[str, list[Any]]) -> None:
    for name, (last, called) in sequences.items():
        cursor.execute("SELECT setval(quote_ident(%s)::regclass, %s, %s)", [name, last, called])


def _public_rows(tenant: Tenant, manifest: dict[str, Any]) -> None:
    tenant.save(force_insert=True)
    with connection.cursor() as cursor:  # ids that are handed out later must be higher
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('tenants_tenant', 'id'), greatest(%s, "
            "(SELECT last_value FROM tenants_tenant_id_seq)))",
            [tenant.pk],
        )
    own = f"{tenant.slug}.{settings.BASE_DOMAIN}"
    moved = tenant.slug != manifest["tenant"]["slug"]
    hosts = [own] if moved else [domain["domain"] for domain in manifest["domains"]] or [own]
    free = [host for host in hosts if not Domain.objects.filter(domain=host).exists()]
    if not free:
        raise Conflict(f"The domain “{hosts[0]}” belongs to another workspace.", field="domain")
    for host in free:
        Domain.objects.create(tenant=tenant, domain=host, is_primary=host == free[0])
    switches = {switch.name: switch for switch in FeatureSwitch.objects.all()}
    for override in manifest["overrides"]:
        switch = switches.get(override.pop("switch__name"))
        if switch is not None:
            FeatureOverride.objects.create(
                tenant=tenant, switch=switch, **_typed(FeatureOverride, override)
            )
    TenantUsage.objects.bulk_create(
        TenantUsage(tenant=tenant, **_typed(TenantUsage, row)) for row in manifest["usage"]
    )


def _typed(model: Any, values: dict[str, Any]) -> dict[str, Any]:
    """JSON's texts as the model's own types."""
    return {name: model._meta.get_field(name).to_python(value) for name, value in values.items()}
