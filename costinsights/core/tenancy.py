"""Which tenant the current connection speaks for, and how to enter one.

A tenant is always a row, never a name: code outside `tenants` reaches it through these functions and
sees only what `TenantLike` promises. The database wall itself is in `tenants.postgresql_backend`.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, cast
from urllib.parse import urljoin

import structlog
from django.conf import settings
from django.db import connection
from django_tenants.utils import get_public_schema_name, get_tenant_model

from costinsights.core.errors import ApplicationError


class TenantLike(Protocol):
    """What the rest of the product may know of a tenant."""

    pk: int
    name: str
    slug: str
    schema_name: str
    plan: str
    status: str
    reporting_currency: str

    @property
    def is_active(self) -> bool: ...

    @property
    def primary_domain(self) -> str: ...


class TenantConnection(Protocol):
    """The database connection as `tenants.postgresql_backend` makes it; Django's types know less."""

    schema_name: str
    tenant: Any
    settings_dict: dict[str, Any]
    pool: Any

    @property
    def owner_role(self) -> str: ...

    @property
    def public_role(self) -> str: ...

    def set_tenant(self, tenant: Any) -> None: ...

    def set_schema(self, schema_name: str) -> None: ...

    def set_schema_to_public(self) -> None: ...

    def acting_as_owner(self) -> AbstractContextManager[None]: ...

    def close_pool(self) -> None: ...


tenant_connection = cast(TenantConnection, connection)


class NoTenant(ApplicationError):
    """Tenant code ran on the public schema."""

    code = "no_tenant"
    status = 404
    title = "There is no workspace at this address"


class TenantMissing(ApplicationError):
    """The tenant named by a job or a command is gone."""

    code = "tenant_missing"
    status = 404
    title = "The workspace does not exist"


class TenantSuspended(ApplicationError):
    """The tenant exists and is not allowed to work."""

    code = "tenant_suspended"
    status = 403
    title = "This workspace is suspended"


def on_public_schema() -> bool:
    """Whether the connection speaks for the platform rather than for a tenant."""
    return tenant_connection.schema_name == str(get_public_schema_name())


def current_tenant() -> TenantLike:
    """The tenant the connection speaks for. Raises NoTenant on the public schema."""
    if on_public_schema() or getattr(tenant_connection.tenant, "pk", None) is None:
        raise NoTenant("This address belongs to no workspace.")
    return cast(TenantLike, tenant_connection.tenant)


@contextmanager
def tenant_context(tenant: TenantLike) -> Iterator[None]:
    """Speak for `tenant` inside the block and for whoever it was before after it, errors included."""
    previous = tenant_connection.tenant
    tenant_connection.set_tenant(tenant)
    try:
        with structlog.contextvars.bound_contextvars(tenant=tenant.pk):
            yield
    finally:
        tenant_connection.set_tenant(previous)


@contextmanager
def public_context() -> Iterator[None]:
    """Speak for the platform inside the block: tenants, domains, plans and switches."""
    previous = tenant_connection.tenant
    tenant_connection.set_schema_to_public()
    try:
        yield
    finally:
        tenant_connection.set_tenant(previous)


def find_tenant(slug: str) -> TenantLike:
    """The tenant with this slug. Raises TenantMissing."""
    with public_context():
        tenant = get_tenant_model().objects.filter(slug=slug).first()
    if tenant is None:
        raise TenantMissing(f"There is no workspace “{slug}”.", tenant=slug)
    return cast(TenantLike, tenant)


def active_tenant(pk: int) -> TenantLike:
    """The tenant with this id, if it may work. Raises TenantMissing or TenantSuspended."""
    with public_context():
        tenant = get_tenant_model().objects.filter(pk=pk).first()
    if tenant is None:
        raise TenantMissing(f"Workspace {pk} does not exist any more.", tenant=pk)
    if not tenant.is_active:
        raise TenantSuspended(f"Workspace {pk} is {tenant.status}.", tenant=pk)
    return cast(TenantLike, tenant)


def absolute_url(tenant: TenantLike, path: str) -> str:
    """An address in the tenant's workspace, on its own primary domain, whatever the request said."""
    return address_on(tenant.primary_domain, path)


def address_on(host: str, path: str) -> str:
    """An address on `host` as people reach this installation: its scheme, and its port if it has one."""
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return urljoin(f"{settings.PUBLIC_SCHEME}://{host}{port}/", path)
