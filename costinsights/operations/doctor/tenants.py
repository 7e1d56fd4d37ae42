"""Questions about each tenant: its wall, its schema, its end."""

from collections.abc import Iterator

from django.db import connection

from costinsights.core.tenancy import tenant_connection, tenant_context
from costinsights.operations.doctor.lines import NAMED, Level, Line, listed
from tenants import schema_state
from tenants.models import Tenant, TenantStatus
from tenants.provisioning import TEMPLATE_SCHEMA


def _tenants() -> list[Tenant]:
    return list(Tenant.objects.exclude(status=TenantStatus.DELETING).order_by("pk"))


def wall_of_each_tenant() -> Iterator[Line]:
    """Inside a tenant the database answers the tenant's role and path, and sees no other schema."""
    wrong, found = [], _tenants()
    for tenant in found:
        try:
            with tenant_context(tenant), connection.cursor() as cursor:
                cursor.execute("SELECT current_user::text, current_schema()::text")
                if cursor.fetchone() != (tenant.database_role, tenant.schema_name):
                    wrong.append(tenant.schema_name)
                cursor.execute(
                    "SELECT count(*) FROM pg_namespace WHERE nspname <> ALL(%s) "
                    "AND nspname !~ '^(pg_|information_schema)' "
                    "AND has_schema_privilege(current_user, oid, 'USAGE')",
                    [[tenant.schema_name]],
                )
                if cursor.fetchone() != (0,):
                    wrong.append(f"{tenant.schema_name} reaches other schemas")
        except Exception as error:  # noqa: BLE001  # the next tenant is asked all the same
            wrong.append(f"{tenant.schema_name} ({type(error).__name__})")
            connection.close()
    if wrong:
        yield Line(
            "tenants' roles",
            Level.PROBLEM,
            f"the wall does not stand for {listed(wrong)}",
            "Look at the role's grants: USAGE on its own schema only, granted to the login role only.",
        )
    else:
        yield Line("tenants' roles", Level.OK, f"{len(found)} tenants are behind the wall")


def tenants_being_deleted() -> Iterator[Line]:
    left = Tenant.objects.filter(status=TenantStatus.DELETING).count()
    if left:
        yield Line(
            "deletions",
            Level.WARNING,
            f"{left} tenants are marked for deletion and still there",
            "A worker deletes them; or run `manage.py erase_tenant` for each.",
        )


def schemas_are_alike() -> Iterator[Line]:
    schemas = [tenant.schema_name for tenant in _tenants()]
    with tenant_connection.acting_as_owner():
        found = schema_state.fingerprints([TEMPLATE_SCHEMA, *schemas])
        wanted = found.get(TEMPLATE_SCHEMA, "")
        different = [schema for schema in schemas if found.get(schema) != wanted]
        for schema in different[:NAMED]:
            what = schema_state.differences(schema, TEMPLATE_SCHEMA)[:3]
            yield Line(
                "schemas",
                Level.PROBLEM,
                f"{schema} differs from the template: {'; '.join(what)}",
                "Run `manage.py migrate_schemas`; what it does not mend was changed by hand.",
            )
    if not different:
        yield Line("schemas", Level.OK, f"{len(schemas)} tenants have the template's fingerprint")
