"""Signed-in browsers of a tenant."""

from django.test import Client

from costinsights.accounts.models import Role
from tenants.models import Tenant
from tests.factories.accounts import UserFactory


def browser_of(tenant: Tenant, role: Role = Role.ADMIN) -> Client:
    """A browser of a new member with this role. Call it inside the tenant."""
    client = Client(HTTP_HOST=f"{tenant.slug}.localhost")
    client.force_login(UserFactory.create(role=role))  # type: ignore[arg-type]  # typed for staff
    return client
