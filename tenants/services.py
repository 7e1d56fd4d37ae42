"""What happens to tenants: created, suspended, resumed, deleted."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from costinsights.core.audit import record_event
from costinsights.core.errors import Conflict, InvalidInput
from costinsights.core.tenancy import public_context, tenant_connection
from tenants import provisioning
from tenants.models import RESERVED_SLUGS, Domain, Plan, Tenant, TenantStatus
from tenants.postgresql_backend.base import role_name


def create_tenant(
    *,
    name: str,
    slug: str,
    plan: str = Plan.COMMUNITY,
    domain: str | None = None,
    reporting_currency: str = "USD",
) -> Tenant:
    """Create a tenant with its role, schema and primary domain, all or nothing.

    The domain is `<slug>.<BASE_DOMAIN>` unless given. Raises InvalidInput for a bad or reserved value
    and Conflict when the slug or the domain is taken.
    """
    host = (domain or f"{slug}.{settings.BASE_DOMAIN}").lower()
    if slug in RESERVED_SLUGS:
        raise InvalidInput(f"“{slug}” is reserved. Choose another slug.", field="slug", value=slug)
    with public_context(), tenant_connection.acting_as_owner(), transaction.atomic():
        pk = _next_tenant_id()
        tenant = Tenant(
            pk=pk,
            name=name.strip(),
            slug=slug,
            schema_name=f"t_{pk}",
            database_role=role_name(connection.settings_dict["NAME"], f"t_{pk}"),
            plan=plan,
            reporting_currency=reporting_currency,
        )
        _validate(tenant)
        if Domain.objects.filter(domain=host).exists():
            raise Conflict(f"The domain “{host}” belongs to another workspace.", field="domain")
        provisioning.create_role(tenant.database_role)
        provisioning.create_schema(tenant.schema_name, tenant.database_role)
        tenant.save(force_insert=True)
        Domain.objects.create(tenant=tenant, domain=host, is_primary=True)
    return tenant


def _next_tenant_id() -> int:
    """The id first: schema and role are named after it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s))", [Tenant._meta.db_table, "id"]
        )
        return int(cursor.fetchone()[0])


def _validate(tenant: Tenant) -> None:
    if Tenant.objects.filter(slug=tenant.slug).exists():
        raise Conflict(f"There is a workspace “{tenant.slug}” already.", field="slug")
    try:
        tenant.full_clean(exclude=["schema_name", "database_role"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(messages[0], field=field, value=getattr(tenant, field, None)) from error


def rename_tenant(tenant: Tenant, name: str) -> None:
    """Call a tenant something else; its addresses stay. Raises InvalidInput for an empty name."""
    tenant.name = name.strip()
    if not tenant.name or len(tenant.name) > 120:
        raise InvalidInput("Give a name of 1 to 120 characters.", field="name", value=name)
    with public_context():
        Tenant.objects.filter(pk=tenant.pk).update(name=tenant.name)


def suspend_tenant(tenant: Tenant, *, reason: str = "") -> None:
    """Stop a tenant's pages, API and jobs; its data stay."""
    _change_status(tenant, TenantStatus.SUSPENDED)
    _tell("tenant.suspended", tenant, reason=reason)


def resume_tenant(tenant: Tenant, *, reason: str = "") -> None:
    """Let a suspended tenant work again."""
    _change_status(tenant, TenantStatus.ACTIVE)
    _tell("tenant.resumed", tenant, reason=reason)


def mark_for_deletion(tenant: Tenant) -> None:
    """Let no request and no job enter any more; `delete_tenant` does the rest. Raises Conflict when marked."""
    _change_status(tenant, TenantStatus.DELETING)
    _tell("tenant.deletion_asked", tenant)


def _tell(action: str, tenant: Tenant, **details: str) -> None:
    with public_context():
        record_event(action, target=tenant.slug, details=details)


def _change_status(tenant: Tenant, status: TenantStatus) -> None:
    with public_context():
        changed = (
            Tenant.objects.filter(pk=tenant.pk)
            .exclude(status=TenantStatus.DELETING)
            .update(status=status)
        )
    if not changed:
        raise Conflict("The workspace is being deleted; its state cannot change any more.")
    tenant.status = status


def delete_tenant(tenant: Tenant) -> None:
    """Remove a tenant with all its rows, its role and its domains. There is no way back.

    First it is marked, so that no request or job enters it any more; a crash after that leaves a
    marked row, and calling this again finishes the work.
    """
    with public_context():
        Tenant.objects.filter(pk=tenant.pk).update(status=TenantStatus.DELETING)
        with tenant_connection.acting_as_owner(), transaction.atomic():
            provisioning.drop_schema_and_role(tenant.schema_name, tenant.database_role)
            Domain.objects.filter(tenant_id=tenant.pk).delete()
            Tenant.objects.filter(pk=tenant.pk).delete()
        _tell("tenant.deleted", tenant)
    tenant.status = TenantStatus.DELETING
