"""Within one tenant: no route answers a limited member with anything of another namespace."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from costinsights.accounts.models import Role, Scope, User
from costinsights.costs.models import Cluster
from tenants.models import Tenant
from tests.costs.limits import keep_rows, limited, signed_in_as
from tests.costs.rows import cost_row, idle_row
from tests.factories.accounts import UserFactory, token_of
from tests.factories.costs import ClusterFactory
from tests.isolation.conftest import Ledger
from tests.isolation.routes import Route, routes
from tests.isolation.test_routes import FOREIGN, everything

CANARY = "canary-other-team"
AMOUNT = 98_765_432_101  # in no other row, so that a total that counts it is found
QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"aggregate": "pod", "limit": "1000"},
    {"aggregate": "label:team", "idle": "share"},
    {"aggregate": "node,cluster", "idle": "hide"},
    {"filter": f'namespace:"{CANARY[:-5]}"|namespace~:"canary"'},
    {"filter": 'namespace!:"shop"', "aggregate": "controller"},
    {"cluster": "prod", "aggregate": "namespace", "format": "csv"},
    {"q": "canary", "namespace": "canary", "aggregate": "annotation:owner"},
)
TRACES = (CANARY, "98765.432", "98,765.43", "98.8k")


@pytest.fixture
def browser(acme: Tenant, client_of: Callable[..., Client]) -> Client:
    """A browser on acme's host."""
    return client_of(acme)


@pytest.fixture
def cluster(acme: Tenant) -> Cluster:
    """A cluster of two teams; the other one's every name and amount is a canary."""
    cluster = ClusterFactory.create(slug="prod", scope_filter=f'namespace:"shop","{CANARY}"')
    others: dict[str, Any] = {
        "namespace": CANARY,
        "controller": f"{CANARY}-api",
        "controller_kind": f"{CANARY}-kind",
        "pod": f"{CANARY}-1",
        "container": f"{CANARY}-app",
        "node": f"{CANARY}-node",
        "labels": {"team": CANARY},
        "annotations": {"owner": CANARY},
        "cpu_cost": AMOUNT,
    }
    keep_rows(cluster, [cost_row(cpu_cost=5), cost_row(**others), idle_row(ram_cost=AMOUNT)])
    return cluster


def addresses(route: Route, rows: dict[str, Any]) -> str:
    # Which thing of another kind it is does not matter here: none may name the other namespace.
    values = {name: FOREIGN.get(name, lambda _: "1")(rows) for name in route.parameters}
    return route.filled(values)


@pytest.fixture
def rows(cluster: Cluster) -> dict[str, Any]:
    """Ids of the tenant's own things, for the places in addresses."""
    return _Anything(cluster)


class _Anything(dict[str, Any]):
    """The cluster where one is asked for; a row with a key of 1 for every other model."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__({"costs.Cluster": cluster})

    def __missing__(self, label: str) -> Any:
        return _Row()


class _Row:
    pk = 1

    def __getattr__(self, name: str) -> str:
        return "1"


def knock(client: Client, address: str, data: dict[str, str], **headers: str) -> tuple[int, str]:
    """The status, and everything that came back."""
    answer: Any = client.get(address, data, headers=headers)
    assert answer.status_code < 500, f"{address}: {answer.status_code}"
    shown = everything(answer)
    for sent in data.values():  # what was typed may come back
        shown = shown.replace(sent, "")
    return answer.status_code, shown


@pytest.mark.parametrize("route", routes(settings.ROOT_URLCONF), ids=lambda route: route.name)
def test_a_route_shows_a_limited_member_nothing_of_another_namespace(
    browser: Client, rows: dict[str, Any], ledger: Ledger, route: Route
) -> None:
    member: User = limited(("shop",))
    bearer = f"Bearer {token_of(member, *Scope)}"
    program = Client(HTTP_HOST="acme.localhost", raise_request_exception=False)
    signed_in_as(browser, member)
    address = addresses(route, rows)
    ways: list[tuple[Client, dict[str, str]]] = [
        (browser, {}),
        (browser, {"HX-Request": "true"}),
        (program, {"Authorization": bearer}),
    ]
    for client, headers in ways:
        for data in QUERIES:
            status, shown = knock(client, address, data, **headers)
            leaked = [trace for trace in TRACES if trace in shown]
            ledger.probe(f"{route.name} {data}: {leaked}", leaked=bool(leaked))
            if status in (302, 401, 403, 404, 405):
                break  # closed to this member, whatever is asked
    ledger.settle()


@pytest.mark.parametrize("path", ["/", "/costs.csv", "/api/v1/costs/current", "/clusters/"])
def test_the_canaries_are_there_for_everybody_else(
    browser: Client, cluster: Cluster, path: str
) -> None:
    signed_in_as(browser, UserFactory.create(role=Role.VIEWER))
    assert CANARY in knock(browser, path, {})[1]
