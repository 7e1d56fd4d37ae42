"""A demo OpenCost on a free port, a clock, and people of the tenant acme."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from costinsights.accounts.models import Role, User
from costinsights.costs.models import Cluster
from costinsights.local.demo_opencost import DemoServer
from tenants.models import Tenant
from tests.factories.accounts import UserFactory
from tests.factories.costs import ClusterFactory

NOW = dt.datetime(2026, 11, 23, 15, 20, tzinfo=dt.UTC)
PROD, STAGING = "prod-eu-1", "staging-us-1"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Monday, 23 November 2026, 15:20 UTC, until a test moves it."""
    with time_machine.travel(NOW, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def demo(clock: time_machine.Traveller) -> Iterator[DemoServer]:
    """Two clusters' OpenCost; `demo.fault` makes it misbehave, `demo.requests` is what it was asked."""
    with DemoServer(CLUSTERS) as server:
        yield server


CLUSTERS = [PROD, STAGING]


@pytest.fixture
def prod(acme: Tenant, demo: DemoServer) -> Cluster:
    return ClusterFactory.create(name="Production", slug="prod", opencost_url=demo.url(PROD))


@pytest.fixture
def staging(acme: Tenant, demo: DemoServer) -> Cluster:
    return ClusterFactory.create(name="Staging", slug="staging", opencost_url=demo.url(STAGING))


@pytest.fixture
def signed_in(acme: Tenant, client_of: Callable[..., Client]) -> Callable[[Role], Client]:
    """A browser of acme, signed in with a role: signed_in(Role.OWNER)."""

    def make(role: Role = Role.VIEWER) -> Client:
        client = client_of(acme)
        user: User = UserFactory.create(role=role)
        client.force_login(user)  # type: ignore[arg-type]  # the stubs know one kind of user
        return client

    return make


@pytest.fixture
def viewer(signed_in: Callable[[Role], Client]) -> Client:
    return signed_in(Role.VIEWER)


@pytest.fixture
def admin(signed_in: Callable[[Role], Client]) -> Client:
    return signed_in(Role.ADMIN)


def get_json(client: Client, path: str, **parameters: Any) -> Any:
    """GET an address and decode what comes, whatever its status."""
    return client.get(path, parameters).json()
