"""October 2026 of one cluster: two teams, a shared namespace, idle cost, something nobody owns."""

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine

from costinsights.accounts.models import Role, User
from costinsights.core.periods import ChargePeriod
from costinsights.costs.models import Cluster
from costinsights.opencost.rows import AllocatedCost, RowKind
from reporting.models import CostCenter, Period
from tenants.models import Tenant
from tests.costs.history.books import stored
from tests.costs.rows import cost_row
from tests.factories.accounts import UserFactory
from tests.factories.costs import ClusterFactory
from tests.factories.reporting import CostCenterFactory, mapping_rule, share_rule

MONTH = dt.date(2026, 10, 1)
WHOLE = 1_000_000
STORED = range(27, 32)  # a cluster's month begins with its first stored day


def day_of(number: int) -> ChargePeriod:
    return ChargePeriod.day_of(dt.datetime(2026, 10, number, tzinfo=dt.UTC))


def rows_of(window: ChargePeriod, *, extra: int = 0) -> list[AllocatedCost]:
    """What the cluster costs on one day, in amounts that no cent divides."""
    head = {"window": window, "start": window.start, "end": window.end, "minutes": 1440.0}
    return [
        cost_row(
            **head, namespace="shop", controller="web", cpu_cost=3_333_333 + extra, ram_cost=1
        ),
        cost_row(**head, namespace="pay", controller="api", cpu_cost=1_111_111, ram_cost=777_777),
        cost_row(**head, namespace="kube-system", controller="dns", cpu_cost=500_001),
        cost_row(**head, namespace="nobody", controller="cron", cpu_cost=250_003),
        cost_row(**head, kind=RowKind.IDLE, cpu_cost=900_007, ram_cost=100_003),
    ]


def store_day(cluster: Cluster, number: int, *, extra: int = 0) -> None:
    window = day_of(number)
    stored(cluster, window.start, rows_of(window, extra=extra))


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The fifth of November, until a test moves it."""
    with time_machine.travel(dt.datetime(2026, 11, 5, 9, tzinfo=dt.UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def prod(acme: Tenant, clock: time_machine.Traveller) -> Cluster:
    cluster = ClusterFactory.create(name="Production", slug="prod", currency="USD")
    for number in STORED:
        store_day(cluster, number)
    return cluster


@pytest.fixture
def centers(acme: Tenant) -> dict[str, CostCenter]:
    made = [CostCenterFactory.create(code=code) for code in ("SHOP", "PAY")]
    return {center.code: center for center in made}


@pytest.fixture
def rules(centers: dict[str, CostCenter]) -> None:
    """Each team its namespace; kube-system in proportion, idle by cluster, the rest unmapped."""
    mapping_rule('namespace:"shop"', (centers["SHOP"], WHOLE))
    mapping_rule('namespace:"pay"', (centers["PAY"], 600_000), (centers["SHOP"], 400_000))
    share_rule("filter", "proportional", filter='namespace:"kube-system"', name="Platform")
    share_rule("idle", "proportional", by_cluster=True, name="Idle")


@pytest.fixture
def october(prod: Cluster, rules: None) -> Period:
    return Period.objects.create(month=MONTH)


@pytest.fixture
def analyst(acme: Tenant) -> User:
    return UserFactory.create(role=Role.ANALYST)


@pytest.fixture
def approver(acme: Tenant) -> User:
    return UserFactory.create(role=Role.ANALYST, approves_statements=True)
