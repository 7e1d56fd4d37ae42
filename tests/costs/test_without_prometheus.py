"""An OpenCost without Prometheus, which can hang when it is asked for idle cost, is not asked."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from costinsights.costs.models import Cluster
from costinsights.opencost.rows import ClusterInfo
from tenants.models import Tenant
from tests.costs.conftest import get_json
from tests.factories.costs import ClusterFactory
from tests.fakes.opencost import FakeOpenCost
from tests.fakes.opencost_server import OpenCostServer, serving_opencost

API = "/api/v1/clusters/"
COSTS = "/api/v1/costs/current"


@pytest.fixture
def collector(clock: time_machine.Traveller) -> Iterator[OpenCostServer]:
    about = ClusterInfo(id="edge", name="Edge", provider="")
    with serving_opencost(FakeOpenCost(cluster=about, prometheus=False)) as server:
        yield server


@pytest.fixture
def edge(acme: Tenant, collector: OpenCostServer) -> Cluster:
    return ClusterFactory.create(
        name="Edge", slug="edge", opencost_url=collector.url, without_idle=True
    )


def test_connecting_notices_and_the_pages_say_so(admin: Client, collector: OpenCostServer) -> None:
    first = admin.post("/clusters/connect/", {"opencost_url": collector.url, "auth_kind": "none"})
    confirm = admin.get(first["Location"]).content.decode()
    admin.post(first["Location"], {"name": "Edge", "currency": "EUR"})

    assert Cluster.objects.get().without_idle is True
    assert "works without Prometheus" in confirm
    assert "Idle cost" in admin.get("/clusters/").content.decode()
    assert "works without Prometheus" in admin.get("/clusters/edge/").content.decode()


def test_idle_is_never_asked_for_and_not_known(
    admin: Client, edge: Cluster, collector: OpenCostServer
) -> None:
    answer = get_json(admin, COSTS)

    asked = [path for path in collector.paths if "/allocation" in path]
    assert asked
    assert all("includeIdle=false" in path for path in asked)
    assert answer["kpis"]["idle"] is None


def test_idle_is_known_where_one_cluster_has_it(
    admin: Client, edge: Cluster, prod: Cluster
) -> None:
    assert get_json(admin, COSTS)["kpis"]["idle"] is not None


def test_testing_again_finds_a_prometheus_that_was_added(
    admin: Client, edge: Cluster, collector: OpenCostServer
) -> None:
    before = edge.fingerprint
    collector.fake.prometheus = True

    answer = admin.post(f"{API}edge/test").json()

    edge.refresh_from_db()
    assert (answer["without_idle"], edge.without_idle) == (False, False)
    assert edge.fingerprint != before
