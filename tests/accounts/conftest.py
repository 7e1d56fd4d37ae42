"""People of the accounts tests, and a way to receive their mail."""

from typing import Any

import pytest
from django.test import Client

from costinsights.accounts.models import Role, User
from costinsights.core.tasks import TenantTask
from costinsights.core.tenancy import tenant_context
from tenants.models import Tenant
from tests.factories.accounts import UserFactory

ADA = "ada@people.test"


@pytest.fixture
def ada(acme: Tenant) -> User:
    """An owner of acme."""
    return UserFactory.create(email=ADA, role=Role.OWNER)


@pytest.fixture
def twin(ada: User, globex: Tenant) -> User:
    """Ada's double in globex: the same id, address, role and password hash."""
    with tenant_context(globex):
        return UserFactory.create(pk=ada.pk, email=ada.email, role=ada.role, password=ada.password)


@pytest.fixture
def browser(acme: Tenant, client_of: Any) -> Client:
    """A browser on acme's host."""
    client: Client = client_of(acme)
    return client


@pytest.fixture
def globex_browser(globex: Tenant, client_of: Any) -> Client:
    client: Client = client_of(globex)
    return client


@pytest.fixture
def jobs_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is enqueued runs in the same process, in the tenant it was enqueued for."""

    def run(task: TenantTask, args: Any = None, kwargs: Any = None, **_: Any) -> None:
        task(*(args or ()), **(kwargs or {}))

    monkeypatch.setattr(TenantTask, "apply_async", run)
