"""Routes, envelopes and errors: the shapes of OpenCost 1.121."""

import json
from typing import Any

import pytest

from costinsights.local.demo_opencost import CLUSTERS
from costinsights.opencost.sample.answers import Answer, DemoCluster
from tests.demo_opencost.asking import MONDAY, NOW, ask


def get(path: str, **query: str) -> Answer:
    return DemoCluster("prod-eu-1").answer(path, query, now=NOW)


def document(answer: Answer) -> dict[str, Any]:
    assert answer.content_type == "application/json"
    found: dict[str, Any] = json.loads(answer.body)
    return found


def test_the_envelope_has_a_code_and_no_status() -> None:
    found = document(ask("initech-1", window=MONDAY))

    assert set(found) == {"code", "data"}
    assert found["code"] == 200


def test_both_allocation_routes_are_the_same() -> None:
    query = {"window": MONDAY, "aggregate": "namespace"}

    assert get("/allocation", **query) == get("/allocation/compute", **query)


def test_install_info_has_no_envelope_and_counts_as_text() -> None:
    found = document(get("/installInfo"))

    assert found["version"] == "1.121.0"
    assert int(found["clusterInfo"]["nodeCount"]) > 20
    assert int(found["clusterInfo"]["podCount"]) > 200


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_cluster_info_names_the_cluster(cluster: str) -> None:
    data = document(DemoCluster(cluster).answer("/clusterInfo", {}, now=NOW))["data"]

    assert data["id"] == data["name"] == cluster


def test_it_has_the_routes_of_an_opencost_with_prometheus() -> None:
    assert document(get("/prometheusConfig"))["data"]["address"]


def test_healthz_is_an_empty_200() -> None:
    assert (get("/healthz").status, get("/healthz").body) == (200, b"")


@pytest.mark.parametrize(
    "path", ["/", "/model", "/allocation/trends", "/cloudCost/rebuild", "/assets/carbon"]
)
def test_any_other_route_is_plain_text_404(path: str) -> None:
    assert get(path) == Answer(404, "text/plain; charset=utf-8", b"404 page not found\n")


def test_a_bad_window_is_plain_text_followed_by_json() -> None:
    answer = ask(window="24hours")
    text, envelope = answer.body.decode().split("\n")

    assert answer.status == 400
    assert text == "Invalid 'window' parameter: illegal window: 24hours"
    assert json.loads(envelope) == {
        "code": 500,
        "data": None,
        "message": "illegal window: [nil, nil)",
    }


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ({"window": "2026-11-02T00:00:00Z,2026-11-01T00:00:00Z"}, 500, "illegal window: [2026-11-02"),
        ({"window": "today", "step": "soon"}, 400, "invalid step"),
        ({"window": "today", "step": "0s"}, 400, "invalid step"),
        ({"window": "today", "accumulateBy": "decade"}, 400, "accumulateBy"),
        ({"window": "today", "filter": "namespace=web"}, 500, "invalid filter: "),
        ({"window": "today", "includeProportionalAssetResourceCosts": "true"}, 400, "includeIdle"),
        ({"window": "2024-01-01T00:00:00Z,2024-01-02T00:00:00Z", "accumulate": "true"}, 500, "empty AssetSet"),
        ({"window": "today", "accumulate": "true", "filter": 'namespace:"nope"'}, 500, "empty AssetSet"),
    ],
)  # fmt: skip
def test_errors_have_opencosts_status_and_envelope(
    query: dict[str, str], status: int, message: str
) -> None:
    answer = ask(**query)
    found = document(answer)

    assert (answer.status, found["code"], found["data"]) == (status, status, None)
    assert message in found["message"]


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ({"window": "2024-01-01T00:00:00Z,2024-01-02T00:00:00Z"}, [{}]),
        ({"window": "2027-01-01T00:00:00Z,2027-01-02T00:00:00Z"}, [{}]),
        ({"window": "today", "filter": 'namespace:"nope"'}, []),
    ],
)
def test_nothing_to_tell_is_a_200(query: dict[str, str], data: list[Any]) -> None:
    assert document(ask(**query))["data"] == data


def test_parameters_that_opencost_ignores_change_nothing() -> None:
    query = {"window": MONDAY, "aggregate": "namespace"}
    ignored = {
        "limit": "1",
        "offset": "3",
        "format": "csv",
        "resolution": "1m",
        "idle": "false",
    }

    assert ask(**query, **ignored) == ask(**query)
