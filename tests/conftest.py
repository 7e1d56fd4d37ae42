"""Fixtures everybody uses: the database with two tenants, and being inside one of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, TransactionTestCase
from pytest_django import DjangoDbBlocker
from redis import Redis

from costinsights.core.actor import SYSTEM, acting_as
from costinsights.core.tenancy import public_context, tenant_context
from tenants.models import Tenant
from tests import database


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Replaces pytest-django's: a database with roles is made by our own commands."""
    with django_db_blocker.unblock():
        database.create_database()
    yield
    with django_db_blocker.unblock():
        database.drop_database()


@pytest.fixture(scope="session", autouse=True)
def _flush_knows_schemas() -> Iterator[None]:
    """Django's own flush after a transactional test knows one schema and wants truncate rights."""
    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: database.empty_database())
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _nobody_stays_named() -> Iterator[None]:
    """Whoever a test names as the actor is forgotten with it."""
    with acting_as(SYSTEM):
        yield


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """Counters and cached answers of one test never reach the next."""
    yield
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        Redis.from_url(settings.REDIS_URL).flushdb()


@pytest.fixture
def acme(db: None) -> Iterator[Tenant]:
    """The tenant acme (Enterprise); the test runs inside it."""
    yield from _inside("acme")


@pytest.fixture
def globex(db: None) -> Tenant:
    """The other tenant (SaaS); enter it with tenant_context."""
    return _tenant("globex")


def _tenant(slug: str) -> Tenant:
    with public_context():
        return Tenant.objects.get(slug=slug)  # type: ignore[no-any-return]  # the mixin is untyped


def _inside(slug: str) -> Iterator[Tenant]:
    tenant = _tenant(slug)
    with tenant_context(tenant):
        yield tenant


@pytest.fixture
def client_of() -> Any:
    """Makes a test client that speaks to a tenant's own host: client_of(acme)."""

    def make(tenant: Tenant, **defaults: Any) -> Client:
        return Client(HTTP_HOST=f"{tenant.slug}.localhost", **defaults)

    return make


@pytest.fixture
def public_client(db: None) -> Client:
    """A test client on the platform's own host."""
    return Client(HTTP_HOST="localhost")
