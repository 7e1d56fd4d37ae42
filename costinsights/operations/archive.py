"""One tenant as one file: a zip of its tables as COPY text, and a manifest that says what they must be.

Secrets stay sealed: without FIELD_ENCRYPTION_KEYS nobody opens them. The file is still everything the tenant
has; keep it like a backup.
"""

import datetime as dt
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from psycopg import sql

from costinsights.core import crypto
from costinsights.core.audit import record_event
from costinsights.core.errors import InvalidInput
from costinsights.core.tenancy import public_context, tenant_connection
from costinsights.operations import tables
from costinsights.operations.sealed import sealed_columns
from costinsights.operations.sessions import snapshot
from tenants.models import FeatureOverride, Tenant, TenantUsage
from tenants.provisioning import TEMPLATE_SCHEMA
from tenants.schema_state import applied_migrations, fingerprints

FORMAT = 1
MANIFEST = "manifest.json"
_CHUNK = 1 << 20
# What an import needs of the public rows. Support grants and failed jobs belong to the installation.
TENANT_FIELDS = (
    "name",
    "slug",
    "plan",
    "trial_plan",
    "trial_ends_at",
    "lapsed_plan",
    "lapsed_at",
    "status",
    "reporting_currency",
    "created_at",
)


def export_tenant(tenant: Tenant, path: Path, *, at: dt.datetime) -> dict[str, Any]:
    """Write the tenant to `path` as it is at one moment, while it works on. Returns the manifest.

    The file appears when it is complete, readable by its owner only. Raises InvalidInput when it is there
    already or the tenant's schema is not the template's.
    """
    if path.exists():
        raise InvalidInput(f"{path} exists already. Choose another name.", field="file")
    manifest = _heading(tenant, at)
    part = path.with_name(path.name + ".part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            os.fdopen(descriptor, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        ):
            manifest |= _write_tables(tenant, archive)
            archive.writestr(MANIFEST, json.dumps(manifest, cls=DjangoJSONEncoder, indent=1))
            archive.fp.flush()  # type: ignore[union-attr]  # it is open
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    with public_context():
        record_event("tenant.exported", target=tenant.slug, target_id=str(tenant.pk))
    return manifest


def _heading(tenant: Tenant, at: dt.datetime) -> dict[str, Any]:
    """Who the tenant is to the platform, and which definitions its tables have."""
    with public_context(), tenant_connection.acting_as_owner():
        found = fingerprints([tenant.schema_name, TEMPLATE_SCHEMA])
        if found.get(tenant.schema_name) != found[TEMPLATE_SCHEMA]:
            raise InvalidInput(
                "The schema differs from the template's. Run `manage.py migrate_schemas` first; it says "
                "what differs.",
                field="slug",
            )
        migrations = sorted(applied_migrations([tenant.schema_name])[tenant.schema_name])
        row = Tenant.objects.get(pk=tenant.pk)
        return {
            "format": FORMAT,
            "version": settings.VERSION,
            "exported_at": at,
            "id": row.pk,
            "schema": row.schema_name,
            "fingerprint": found[tenant.schema_name],
            "migrations": migrations,
            "tenant": {name: getattr(row, name) for name in TENANT_FIELDS},
            "domains": list(row.domains.order_by("-is_primary").values("domain", "is_primary")),
            "overrides": list(
                FeatureOverride.objects.filter(tenant=row).values(
                    "switch__name", "is_open", "reason", "created_at", "expires_at"
                )
            ),
            "usage": list(
                TenantUsage.objects.filter(tenant=row).order_by("day").values(*_usage_fields())
            ),
        }


def _usage_fields() -> list[str]:
    return [f.name for f in TenantUsage._meta.concrete_fields if f.name not in ("id", "tenant")]


def _write_tables(tenant: Tenant, archive: zipfile.ZipFile) -> dict[str, Any]:
    with snapshot(tenant.database_role, tenant.schema_name) as session, session.cursor() as cursor:
        written: dict[str, Any] = {}
        for table in tables.tables_of(cursor, tenant.schema_name):
            with archive.open(member_of(table.name), "w", force_zip64=True) as member:
                content = tables.read(cursor, table, member.write)
            written[table.name] = {
                "columns": table.columns,
                "rows": content.rows,
                "sha256": content.sha256,
            }
        return {
            "tables": written,
            "sequences": tables.sequences_of(cursor, tenant.schema_name),
            "key_ids": sorted(_key_ids(cursor)),
        }


def _key_ids(cursor: Any) -> set[str]:
    """The ids of the keys that this tenant's secrets are sealed under."""
    found: set[str] = set()
    for sealed in sealed_columns(of_tenants=True):
        cursor.execute(
            sql.SQL("SELECT {column} FROM {table} WHERE {column} <> ''").format(
                column=sql.Identifier(sealed.column), table=sql.Identifier(sealed.table)
            )
        )
        found |= {crypto.key_id_of(token) for (token,) in cursor}
    return found


def member_of(table: str) -> str:
    """The name of a table's file in the archive."""
    return f"tables/{table}.copy"


class Archive:
    """An archive to read. Raises InvalidInput for a file that is none of ours."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest: dict[str, Any] = json.loads(self._zip.read(MANIFEST))
        except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
            raise InvalidInput(f"{path} is no tenant archive: {error}", field="file") from error
        if self.manifest.get("format") != FORMAT:
            raise InvalidInput(
                f"{path} has the form {self.manifest.get('format')}; this release reads {FORMAT}.",
                field="file",
            )

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def chunks(self, table: str) -> Iterator[bytes]:
        """A table's rows. Raises InvalidInput when the file is damaged."""
        try:
            with self._zip.open(member_of(table)) as member:
                while chunk := member.read(_CHUNK):
                    yield chunk
        except (zipfile.BadZipFile, KeyError, OSError, EOFError) as error:
            raise InvalidInput(
                f"The archive is damaged at {table}: {error}", field="file"
            ) from error
