"""A cluster with days that cost 10 each, and budgets over it."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine

from costinsights.accounts.models import Role, User
from costinsights.costs.budgets import services
from costinsights.costs.budgets.models import Budget
from costinsights.costs.models import Cluster
from tenants.models import Tenant
from tests.costs.history.books import NOW
from tests.costs.history.months import stored_days
from tests.factories.accounts import UserFactory
from tests.factories.costs import ClusterFactory

YESTERDAY = NOW.date() - dt.timedelta(days=1)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Monday, 23 November 2026, noon UTC: 22 days of the month are over."""
    with time_machine.travel(NOW, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def analyst(acme: Tenant) -> User:
    return UserFactory.create(role=Role.ANALYST)


@pytest.fixture
def cluster(acme: Tenant, clock: time_machine.Traveller) -> Cluster:
    """220 spent since the first of November, and 300 to come to by its end."""
    cluster = ClusterFactory.create(slug="prod", name="Production", currency="USD")
    stored_days(cluster, dt.date(2026, 11, 1), YESTERDAY)
    return cluster


@pytest.fixture
def budget_of(analyst: User) -> Callable[..., Budget]:
    """Makes a budget as an analyst would; nothing is evaluated."""

    def make(amount: str = "400", name: str = "Shop", **values: Any) -> Budget:
        draft = services.checked_draft(name=name, amount=amount, by=analyst, now=NOW, **values)
        return services.make_budget(draft=draft, at=NOW)

    return make
