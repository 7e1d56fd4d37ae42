"""GET /costs/history with a layer and GET /costs/layers: documents, refusals, who may ask."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client

from costinsights.accounts.models import Role, User
from costinsights.costs.history.models import Snapshot
from costinsights.costs.layers.models import LayerSource, SourceState
from costinsights.costs.models import Cluster
from costinsights.opencost.layer_rows import Layer
from tenants.models import Tenant
from tests.costs.conftest import get_json
from tests.costs.history.books import stored
from tests.costs.layers.books import NOW, day, layer_cost, layer_stored
from tests.costs.rows import cost_row
from tests.factories.accounts import UserFactory
from tests.factories.costs import ClusterFactory

HISTORY, LAYERS = "/api/v1/costs/history", "/api/v1/costs/layers"
DAYS = {"start": "2026-10-28", "end": "2026-10-31"}


@pytest.fixture
def cluster(acme: Tenant) -> Cluster:
    with time_machine.travel(NOW, tick=False):
        found: Cluster = ClusterFactory.create(name="Production", slug="prod")
        for number, cost in ((0, 4_000_000), (1, 6_000_000)):
            rows = [
                layer_cost(
                    Layer.CLOUD, cost, service="RDS", provider="AWS", list_cost=9, kubernetes_cost=0
                ),
                layer_cost(Layer.CLOUD, 3_000_000, service="EC2", kubernetes_cost=2_000_000),
            ]
            layer_stored(found, day(number), rows)
        return found


def test_a_layer_answers_in_the_shape_of_history(cluster: Cluster, viewer: Client) -> None:
    found = get_json(viewer, HISTORY, layer="cloud", **DAYS)
    assert found["layer"] == "cloud"
    assert found["query"]["group_by"] == ["service"]
    assert [row["label"] for row in found["rows"]] == ["RDS", "EC2"]
    assert found["rows"][0]["points"] == ["4.000000", "6.000000", None]
    assert found["rows"][0]["amounts"]["list_cost"] == "0.000018"
    assert found["totals"]["total"] == "16.000000"
    assert found["reconciliation"]["ledger_total"] == "16.000000"
    assert found["data_through"] == "2026-10-30T00:00:00Z"
    assert [step["state"] for step in found["steps"]] == ["complete", "complete", "missing"]


def test_past_the_limit_stands_one_line_of_others(cluster: Cluster, viewer: Client) -> None:
    found = get_json(viewer, HISTORY, layer="cloud", limit=1, step="month", **DAYS)
    assert [(row["label"], row["total"]) for row in found["rows"]] == [
        ("RDS", "10.000000"),
        ("Others (1)", "6.000000"),
    ]


def test_a_layer_as_csv_says_the_same(cluster: Cluster, viewer: Client) -> None:
    answer = viewer.get(HISTORY, {"layer": "cloud", "format": "csv", **DAYS})
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]  # a streaming answer
    assert lines[0].startswith("service,label,kind,step_start")
    assert len(lines) == 1 + 2 * 3
    assert "4.000000" in lines[1]


def test_allocations_are_the_default_layer(cluster: Cluster, viewer: Client) -> None:
    plain = get_json(viewer, HISTORY, **DAYS)
    assert get_json(viewer, HISTORY, layer="allocation", **DAYS) == plain
    assert plain["rows"] == []


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"layer": "carbon"}, "layer"),
        ({"layer": "cloud", "step": "hour"}, "step"),
        ({"layer": "cloud", "group_by": "namespace"}, "group_by"),
        ({"layer": "cloud", "group_by": "service,service"}, "group_by"),
        ({"layer": "custom", "group_by": "label:team"}, "group_by"),
        ({"layer": "cloud", "filter": 'namespace:"a"'}, "filter"),
        ({"layer": "cloud", "cluster": "nope"}, "cluster"),
        ({"layer": "cloud", "currency": "CHF"}, "currency"),
    ],
)
def test_what_cannot_be_answered_names_the_parameter(
    cluster: Cluster, viewer: Client, parameters: dict[str, Any], field: str
) -> None:
    answer = viewer.get(HISTORY, {**DAYS, **parameters})
    assert answer.status_code == 400
    assert answer.json()["field"] == field


@pytest.mark.parametrize("path", [LAYERS, f"{HISTORY}?layer=assets"])
def test_a_limited_member_gets_no_layer(
    acme: Tenant, cluster: Cluster, client_of: Callable[..., Client], path: str
) -> None:
    client = client_of(acme)
    member: User = UserFactory.create(role=Role.VIEWER, scope_namespaces=["shop"])
    client.force_login(member)  # type: ignore[arg-type]  # the stubs know one kind of user
    answer = client.get(path)
    assert answer.status_code == 403
    assert answer.json()["code"] == "layers_not_shown"


def test_a_cluster_without_the_layer_is_left_out_by_name(cluster: Cluster, viewer: Client) -> None:
    other = ClusterFactory.create(slug="edge")
    LayerSource.objects.create(
        cluster=other, layer=Layer.CLOUD, state=SourceState.ABSENT, message="It is off."
    )
    found = get_json(viewer, HISTORY, layer="cloud", **DAYS)
    assert found["clusters"] == ["prod"]
    assert found["excluded"][0]["cluster"] == "edge"
    assert "It is off." in found["excluded"][0]["reason"]


def test_what_is_outside_of_kubernetes_stands_beside_allocations(
    cluster: Cluster, viewer: Client
) -> None:
    layer_stored(cluster, day(0), [layer_cost(Layer.CUSTOM, 500_000, domain="datadog")])
    found = get_json(viewer, LAYERS, **DAYS)
    by_name = {layer["layer"]: layer for layer in found["layers"]}
    assert by_name["cloud"]["total"] == "16.000000"
    assert by_name["cloud"]["outside_cost"] == "12.000000"
    assert by_name["custom"]["outside_cost"] == "0.500000"
    assert by_name["assets"]["total"] is None
    assert found["overhead"] is None


def test_overhead_is_what_assets_cost_beyond_what_was_allocated(
    cluster: Cluster, viewer: Client
) -> None:
    assets = [
        layer_cost(Layer.ASSETS, 10_000_000, resource_type="Node", resource_name="n"),
        layer_cost(Layer.ASSETS, 2_400_000, resource_type="ClusterManagement"),
    ]
    for number in (0, 1, 2):
        layer_stored(cluster, day(number), assets)
    start = NOW.replace(month=10, day=28, hour=0)
    row = cost_row(cpu_cost=9_000_000, network_cost=50_000_000, minutes=1440.0)
    stored(cluster, start, [row])
    stored(cluster, start.replace(day=29), [cost_row(cpu_cost=1, minutes=100.0)])  # a partial day
    assert Snapshot.objects.count() == 2
    overhead = get_json(viewer, LAYERS, **DAYS)["overhead"]
    assert overhead["cluster_days"] == 1
    assert (overhead["assets"], overhead["allocated"]) == ("12.400000", "9.000000")
    assert overhead["total"] == "3.400000"
    assert [part["difference"] for part in overhead["parts"]] == [
        "1.000000",
        "0.000000",
        "0.000000",
        "2.400000",
    ]


def test_overhead_is_not_known_where_idle_cost_is_not(cluster: Cluster, viewer: Client) -> None:
    layer_stored(cluster, day(0), [layer_cost(Layer.ASSETS, 5, resource_type="Node")])
    stored(cluster, NOW.replace(month=10, day=28, hour=0), [cost_row(cpu_cost=1, minutes=1440.0)])
    assert get_json(viewer, LAYERS, **DAYS)["overhead"] is not None
    Cluster.objects.update(without_idle=True)
    assert get_json(viewer, LAYERS, **DAYS)["overhead"] is None
