"""The whole installation out and in: a directory dump of the database, and the roles that stand outside of it.

Roles belong to the server and carry the database's name, so a dump is restored under the same name on any
server. Rights are in the dump; roles have none that are not.
"""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

from costinsights.core import crypto
from costinsights.core.errors import Conflict, InvalidInput
from costinsights.core.tenancy import public_context, tenant_connection
from costinsights.operations import postgres_tools
from costinsights.operations.conditions import applied_in_public
from costinsights.operations.rotation import values_per_key
from tenants import provisioning
from tenants.models import Tenant
from tenants.provisioning import TEMPLATE_SCHEMA
from tenants.schema_state import fingerprints

FORMAT = 1
_DUMP, _MANIFEST = "dump", "manifest.json"


def back_up(directory: Path, *, at: dt.datetime, binaries: Path | None, jobs: int = 2) -> Path:
    """Dump the database into a new folder of `directory`, named after the instant. Returns the folder.

    Complete when its manifest is there: that is written last. Raises ToolFailed.
    """
    folder = directory / f"{connection.settings_dict['NAME']}-{at:%Y%m%dT%H%M%SZ}"
    program = postgres_tools.tool("pg_dump", binaries)
    folder.mkdir(mode=0o700, parents=True)
    manifest = _manifest(at)
    postgres_tools.run(
        program,
        "--format=directory",
        f"--jobs={jobs}",
        f"--role={tenant_connection.owner_role}",
        f"--file={folder / _DUMP}",
        "--no-password",
    )
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1))
    return folder


def _manifest(at: dt.datetime) -> dict[str, Any]:
    with public_context(), tenant_connection.acting_as_owner():
        return {
            "format": FORMAT,
            "version": settings.VERSION,
            "database": connection.settings_dict["NAME"],
            "taken_at": at.isoformat(),
            "fingerprint": fingerprints([TEMPLATE_SCHEMA])[TEMPLATE_SCHEMA],
            "migrations": len(applied_in_public()),
            "roles": list(Tenant.objects.order_by("pk").values_list("database_role", flat=True)),
            "key_ids": sorted(values_per_key()),
        }


def restore(folder: Path, *, binaries: Path | None, jobs: int = 2) -> dict[str, Any]:
    """Fill the empty database that bootstrap_database made. Returns the manifest.

    Raises InvalidInput for a folder that is no complete backup of this database, Conflict when the database
    has tables, ToolFailed.
    """
    manifest = _read(folder)
    program = postgres_tools.tool("pg_restore", binaries)
    with public_context(), tenant_connection.acting_as_owner():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)')"
            )
            if cursor.fetchone()[0]:
                raise Conflict("The database has tables. Restore into one that is newly made.")
            cursor.execute("SELECT rolname FROM pg_roles")
            present = {name for (name,) in cursor.fetchall()}
        with transaction.atomic():
            for role in manifest["roles"]:
                if role not in present:
                    provisioning.create_role(role)
            _without_default_rights()
    postgres_tools.run(
        program,
        "--exit-on-error",
        f"--jobs={jobs}",
        f"--role={tenant_connection.owner_role}",
        f"--dbname={connection.settings_dict['NAME']}",
        "--no-password",
        "--use-list",
        str(_contents(program, folder)),
        str(folder / _DUMP),
    )
    return manifest


def _without_default_rights() -> None:
    """The dump says every table's rights as more than none. Rights that tables get by themselves, which
    bootstrap_database sees to, would come on top: on the audit log's, too. The dump brings them back."""
    for kind in ("TABLES", "SEQUENCES"):
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL(
                    "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON {} FROM {}"
                ).format(
                    sql.SQL(kind),
                    sql.Identifier(tenant_connection.public_role),
                )
            )


def _read(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{folder} is no complete backup: {error}", field="directory") from error
    if manifest.get("format") != FORMAT:
        raise InvalidInput(f"{folder} has a form this release does not read.", field="directory")
    if manifest["database"] != connection.settings_dict["NAME"]:
        raise InvalidInput(
            f"It is of the database “{manifest['database']}”, whose name its roles carry. Give DATABASE_URL a "
            "database of that name.",
            field="directory",
        )
    unknown = set(manifest["key_ids"]) - set(crypto.configured_key_ids())
    if unknown:
        raise InvalidInput(
            f"Its secrets are sealed under keys that are not configured: {', '.join(sorted(unknown))}. "
            "Add them to FIELD_ENCRYPTION_KEYS.",
            field="directory",
        )
    return manifest


def _contents(program: Path, folder: Path) -> Path:
    """The dump's table of contents without the public schema itself, which bootstrap_database made."""
    listing = folder / "contents.list"
    postgres_tools.run(program, "--list", f"--file={listing}", str(folder / _DUMP))
    lines = listing.read_text().splitlines(keepends=True)
    kept = [line for line in lines if " SCHEMA - public " not in line]
    listing.write_text("".join(line for line in kept if " COMMENT - SCHEMA public " not in line))
    return listing
