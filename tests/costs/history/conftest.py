"""People who look at history."""

from typing import Any

import pytest
from django.test import Client

from costinsights.accounts.models import Role, User
from tenants.models import Tenant
from tests.factories.accounts import UserFactory


@pytest.fixture
def member_of(client_of: Any, acme: Tenant) -> Any:
    """Signs in a member with a role: member_of(Role.VIEWER)."""

    def make(role: Role, **fields: Any) -> Client:
        client: Client = client_of(acme)
        member: User = UserFactory.create(role=role, **fields)
        client.force_login(member)  # type: ignore[arg-type]  # the stubs know one kind of user
        return client

    return make
