"""Assets, the cloud's bill and custom costs: exact numbers or a named error, and what a source need not have."""

import datetime as dt
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from costinsights.core.periods import ChargePeriod
from costinsights.opencost.errors import (
    LayerAbsent,
    OpenCostAnswerInvalid,
    OpenCostQueryFailed,
)
from costinsights.opencost.layer_rows import Layer, LayerCost
from costinsights.opencost.layer_schema import decode_layer
from costinsights.opencost.sample import SampleOpenCost
from tests.fakes.raw_servers import replies, serving
from tests.opencost.test_client import client

DATA = Path(__file__).parents[1] / "data" / "opencost" / "layers"
DAY = ChargePeriod.day_of(dt.datetime(2026, 11, 22, tzinfo=dt.UTC))
WINDOW = {"start": "2026-11-22T00:00:00Z", "end": "2026-11-23T00:00:00Z"}


def recorded(layer: Layer, name: str) -> list[LayerCost]:
    return decode_layer(layer, (DATA / name).read_bytes(), period=None).rows


def body(data: Any) -> bytes:
    return json.dumps({"code": 200, "data": data}).encode()


def node(**fields: Any) -> dict[str, Any]:
    return {
        "n": {
            "type": "Node",
            "window": WINDOW,
            "cpuCost": 2.0,
            "ramCost": 1.0,
            "gpuCost": 0.5,
            "discount": 0.3,
            "adjustment": -0.1,
            "totalCost": 2.5,
            **fields,
        }
    }


def test_recorded_assets_keep_their_parts() -> None:
    machine, disk = recorded(Layer.ASSETS, "opencost-website_assets.json")
    assert (machine.total, machine.cpu_cost, machine.ram_cost) == (466114, 307185, 158929)
    assert (machine.resource_type, machine.region) == ("Node", "australia-southeast1")
    assert machine.account == "testuser-opencost"  # __undefined__ is no name
    assert (disk.total, disk.other_cost, disk.idle_cost) == (65973, 65973, 65973)


def test_the_parts_of_a_node_add_up_to_its_total() -> None:
    (row,) = decode_layer(Layer.ASSETS, body(node()), period=DAY).rows
    assert (row.discount_cost, row.adjustment_cost, row.other_cost) == (-900_000, -100_000, 0)
    assert row.total == 2_500_000


def test_a_cost_that_is_not_known_stays_unknown() -> None:
    (row,) = decode_layer(Layer.ASSETS, body(node(totalCost=None, ramCost=None)), period=DAY).rows
    assert (row.total, row.ram_cost, row.discount_cost, row.other_cost) == (None,) * 4
    assert row.cpu_cost == 2_000_000


def test_a_recorded_bill_keeps_its_measures_and_what_of_it_is_kubernetes() -> None:
    rows = recorded(Layer.CLOUD, "opencost-website_cloudcost.json")
    google = next(row for row in rows if row.provider == "GCP")
    assert (google.list_cost, google.net_cost) == (1_081_371_269, 967_347_716)
    assert google.total == 967_347_716
    assert google.kubernetes_cost == 649_218_177  # 0.67113… of it
    labelled = recorded(Layer.CLOUD, "hawky4s_cloudcost.json")[0]
    assert labelled.labels["owner"] == "team-alpha"
    assert (labelled.account, labelled.service) == ("883112916672", "AmazonEC2")


def test_recorded_custom_costs_count_what_was_billed() -> None:
    (row,) = recorded(Layer.CUSTOM, "opencost-website_customcost.json")
    assert (row.total, row.billed_cost, row.list_cost) == (147_379_990, 147_379_990, 186_985_470)
    assert (row.domain, row.account, row.zone) == ("datadog", "Kubecost", "us")


def test_the_newer_form_of_custom_costs_says_which_cost_it_is() -> None:
    cost = {"domain": "openai", "cost": 4.5, "cost_type": "list"}
    (row,) = decode_layer(
        Layer.CUSTOM, body({"window": WINDOW, "customCosts": [cost]}), period=DAY
    ).rows
    assert (row.total, row.list_cost, row.billed_cost) == (4_500_000, 4_500_000, None)


@pytest.mark.parametrize(
    ("layer", "data", "reason"),
    [
        (Layer.ASSETS, [], "wrong_type"),
        (Layer.ASSETS, node(totalCost="2.5"), "wrong_type"),
        (Layer.ASSETS, node(totalCost=1e30), "amount_out_of_range"),
        (Layer.ASSETS, node(cpuBreakdown={"idle": 3}, ramBreakdown={}), "amount_out_of_range"),
        (Layer.ASSETS, node(window={**WINDOW, "end": "2026-11-24T00:00:00Z"}), "window"),
        (Layer.ASSETS, node(labels={"a": "\0"}), "nul_character"),
        (Layer.CLOUD, {"sets": [{"cloudCosts": {"a": {}}}]}, "no_window"),
        (Layer.CUSTOM, {"customCosts": [{"cost": 1}]}, "no_window"),
    ],
)
def test_what_breaks_the_format_is_refused_by_name(layer: Layer, data: Any, reason: str) -> None:
    with pytest.raises(OpenCostAnswerInvalid) as refused:
        decode_layer(layer, body(data), period=DAY)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b'{"code":200,"data":{"a":{},"a":{}}}', "duplicate_name"),
        (b'{"code":200,"data":{"a":NaN}}', "not_json"),
        (b'{"code":200}', "no_data_member"),
        (b"", "not_json"),
        (b'{"data":{}}', "no_code"),
    ],
)
def test_what_is_no_answer_is_refused_by_name(broken: bytes, reason: str) -> None:
    with pytest.raises(OpenCostAnswerInvalid) as refused:
        decode_layer(Layer.ASSETS, broken, period=DAY)
    assert refused.value.reason == reason


@pytest.mark.parametrize("data", [None, {}, {"sets": []}, {"sets": [None, {"cloudCosts": None}]}])
def test_nothing_there_is_an_empty_answer(data: Any) -> None:
    assert decode_layer(Layer.CLOUD, body(data), period=DAY).rows == []


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        (b"404 page not found\n", "404 Not Found", "not_there"),
        (b"<html>nothing here</html>", "404 Not Found", "not_there"),
        (b"CloudCost Query Service is nil", "501 Not Implemented", "not_set_up"),
        (b"cloud integration not configured", "500 Internal Server Error", "not_set_up"),
        (b"no", "403 Forbidden", "refused"),
    ],
)
def test_an_opencost_without_a_layer_says_so_by_a_named_error(
    text: bytes, status: str, reason: str
) -> None:
    with serving(replies(text, status=status)) as server, pytest.raises(LayerAbsent) as absent:
        client(server.url()).layer_costs(Layer.CUSTOM, DAY)
    assert absent.value.reason == reason


def test_an_error_of_a_layer_is_an_error() -> None:
    answer = replies(b"Error getting assets: boom", status="500 Internal Server Error")
    with serving(answer) as server, pytest.raises(OpenCostQueryFailed, match="boom"):
        client(server.url()).layer_costs(Layer.ASSETS, DAY)


def test_a_layer_is_asked_for_whole_days_only() -> None:
    with pytest.raises(ValueError, match="full UTC days"):
        client("http://127.0.0.1:9").layer_costs(
            Layer.ASSETS, ChargePeriod(DAY.start, DAY.start + dt.timedelta(hours=1))
        )


@pytest.mark.parametrize("cluster", ["prod-eu-1", "globex-main", "initech-1"])
def test_the_samples_assets_are_no_less_than_what_is_allocated(cluster: str) -> None:
    sample = SampleOpenCost(DAY.end + dt.timedelta(hours=12), cluster)
    allocated = sum(row.total - row.network_cost for row in sample.allocations(DAY).rows)
    assets = sum(row.total or 0 for row in sample.layer_costs(Layer.ASSETS, DAY).rows)
    assert 1.0 <= assets / allocated < 1.2


def test_a_version_that_does_not_know_regions_is_asked_without_them() -> None:
    def behave(connection: socket.socket) -> None:
        known = b"regionID" not in server.requests[-1]
        text = body({"sets": []}) if known else b"unrecognized property: regionID"
        status = b"200 OK" if known else b"400 Bad Request"
        connection.sendall(b"HTTP/1.1 " + status + b"\r\nConnection: close\r\n\r\n" + text)

    with serving(behave) as server:
        assert client(server.url()).layer_costs(Layer.CLOUD, DAY).rows == []
        assert len(server.requests) == 2
