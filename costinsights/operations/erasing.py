"""Forgetting a tenant, with proof: nothing of it is left where the product stores anything."""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection

from costinsights.core.audit import record_event
from costinsights.core.tenancy import public_context
from costinsights.operations import redis
from tenants.models import Tenant
from tenants.services import delete_tenant


@dataclass(frozen=True, slots=True)
class ErasureRecord:
    """What is left of a tenant. Everything must be 0. Keeps the id and no name."""

    tenant_id: int
    erased_at: dt.datetime
    schemas: int
    roles: int
    rows: int
    redis_keys: int
    files: int

    @property
    def is_complete(self) -> bool:
        return not (self.schemas or self.roles or self.rows or self.redis_keys or self.files)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def erase_tenant(tenant: Tenant, *, at: dt.datetime) -> ErasureRecord:
    """Delete a tenant and everything cached of it, then look for what is left.

    Safe to repeat after an interruption. Backups and exported files are not in reach and are named in the
    operator's guide.
    """
    pk, schema, role = tenant.pk, tenant.schema_name, tenant.database_role
    delete_tenant(tenant)
    redis.forget_tenant(pk)
    record = remains(pk, schema, role, at=at)
    with public_context():
        record_event("tenant.erased", target_id=str(pk), details=record.as_dict())
    return record


def remains(pk: int, schema: str, role: str, *, at: dt.datetime) -> ErasureRecord:
    """Count what the installation still has of a tenant."""
    with public_context(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [schema])
        schemas = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [role])
        roles = cursor.fetchone()[0]
        rows = Tenant.objects.filter(pk=pk).count()
        for relation in Tenant._meta.related_objects:
            manager: Any = relation.related_model
            rows += manager._base_manager.filter(**{f"{relation.field.name}_id": pk}).count()
    return ErasureRecord(
        tenant_id=pk,
        erased_at=at,
        schemas=schemas,
        roles=roles,
        rows=rows,
        redis_keys=len(redis.keys_of_tenant(pk)),
        files=_files(f"t/{pk}"),
    )


def _files(folder: str) -> int:
    try:
        folders, files = default_storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return 0
    return len(files) + sum(_files(f"{folder}/{name}") for name in folders)
