"""GET /api/v1/costs/current over HTTP, with the demo OpenCost behind it."""

import csv
import io
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from costinsights.costs.models import Cluster
from costinsights.local.demo_opencost import DemoServer, Fault
from tests.costs.conftest import get_json

URL = "/api/v1/costs/current"


def test_rows_add_up_to_the_total(viewer: Client, prod: Cluster, staging: Cluster) -> None:
    answer = get_json(viewer, URL)

    assert sum(Decimal(row["total"]) for row in answer["rows"]) == Decimal(
        answer["totals"]["total"]
    )
    assert answer["reconciliation"]["difference"] == "0.000000"
    assert Decimal(answer["totals"]["total"]) > 0
    assert {source["state"] for source in answer["sources"]} == {"fresh"}
    assert answer["complete"] is True


@pytest.mark.parametrize("idle", ["separate", "share", "hide"])
@pytest.mark.parametrize("aggregate", ["cluster", "namespace,controller_kind", "label:app", "pod"])
def test_every_grouping_has_the_same_total(
    viewer: Client, prod: Cluster, aggregate: str, idle: str
) -> None:
    answer = get_json(viewer, URL, aggregate=aggregate, idle=idle, limit=5)

    hidden = Decimal(answer["hidden_idle"] or 0)
    everything = get_json(viewer, URL)["totals"]["total"]
    assert Decimal(answer["totals"]["total"]) + hidden == Decimal(everything)
    assert answer["reconciliation"]["difference"] == "0.000000"


def test_going_down_to_a_pod_never_changes_a_total(viewer: Client, prod: Cluster) -> None:
    filters, total = "", None
    for dimension, field in (
        ("namespace", "namespace"),
        ("controller_kind", "controllerKind"),
        ("controller", "controllerName"),
        ("pod", "pod"),
    ):
        answer = get_json(viewer, URL, aggregate=dimension, filter=filters, cluster="prod")
        assert total in (None, answer["totals"]["total"])
        row = next(row for row in answer["rows"] if row["kind"] == "workload")
        total = row["total"]
        filters = "+".join(filter(None, [filters, f'{field}:"{row["key"][dimension]}"']))


def test_one_failed_cluster_leaves_the_others(
    viewer: Client, prod: Cluster, staging: Cluster
) -> None:
    Cluster.objects.filter(pk=staging.pk).update(opencost_url="http://127.0.0.1:9")

    answer = get_json(viewer, URL)

    states = {source["cluster"]: source["state"] for source in answer["sources"]}
    assert states == {"prod": "fresh", "staging": "failed"}
    assert Decimal(answer["totals"]["total"]) > 0
    assert answer["complete"] is False
    failed = next(source for source in answer["sources"] if source["cluster"] == "staging")
    assert failed["code"] == "opencost_unavailable"
    assert failed["reason"]


def test_the_last_good_answer_is_served_while_opencost_is_down(
    viewer: Client, prod: Cluster, demo: DemoServer, clock: time_machine.Traveller
) -> None:
    before = get_json(viewer, URL)
    demo.fault = Fault.DOWN
    clock.shift(600)

    after = get_json(viewer, URL)

    assert after["totals"] == before["totals"]
    assert after["sources"][0]["state"] == "stale"
    assert after["sources"][0]["age_seconds"] == 600
    assert after["refreshing"] is True


def test_a_fresh_answer_is_not_asked_for_again(
    viewer: Client, prod: Cluster, demo: DemoServer, clock: time_machine.Traveller
) -> None:
    get_json(viewer, URL)
    asked = len(demo.requests)
    clock.shift(59)

    answer = get_json(viewer, URL, aggregate="pod", idle="share")

    assert len(demo.requests) == asked
    assert answer["sources"][0]["age_seconds"] == 59


def test_a_window_is_asked_for_by_the_day(viewer: Client, prod: Cluster, demo: DemoServer) -> None:
    get_json(viewer, URL, window="48h")

    assert len(demo.requests) == 3  # parts of three UTC days


def test_an_edited_cluster_never_shows_what_its_old_address_answered(
    viewer: Client, prod: Cluster, demo: DemoServer
) -> None:
    before = get_json(viewer, URL)
    Cluster.objects.filter(pk=prod.pk).update(opencost_url=demo.url("staging-us-1"))

    after = get_json(viewer, URL)

    assert after["totals"]["total"] != before["totals"]["total"]


def test_a_scoped_cluster_shows_its_scope_and_no_idle(viewer: Client, prod: Cluster) -> None:
    namespace = get_json(viewer, URL)["rows"][0]["key"]["namespace"]
    Cluster.objects.filter(pk=prod.pk).update(scope_filter=f'namespace:"{namespace}"')

    answer = get_json(viewer, URL, filter='namespace!:"nothing"')

    assert [row["key"]["namespace"] for row in answer["rows"]] == [namespace]
    assert answer["kpis"]["idle"] is None


def test_currencies_are_never_mixed(viewer: Client, prod: Cluster, staging: Cluster) -> None:
    Cluster.objects.filter(pk=staging.pk).update(currency="EUR")

    in_dollars, in_euros = get_json(viewer, URL), get_json(viewer, URL, currency="EUR")

    assert [(s["cluster"], s["state"]) for s in in_dollars["sources"]] == [
        ("prod", "fresh"),
        ("staging", "excluded"),
    ]
    assert in_euros["currency"] == "EUR"
    assert in_euros["sources"][0]["state"] == "excluded"


def test_a_null_cost_counts_zero_and_is_flagged(
    viewer: Client, prod: Cluster, demo: DemoServer
) -> None:
    demo.fault = Fault.NULL_TOTALS

    answer = get_json(viewer, URL)

    assert answer["reconciliation"]["unknown_rows"] > 0
    assert any("unknown_cost" in row["flags"] for row in answer["rows"])
    assert answer["reconciliation"]["difference"] == "0.000000"


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"window": "2d"}, "window"),
        ({"aggregate": "nmespace"}, "aggregate"),
        ({"aggregate": "pod,pod"}, "aggregate"),
        ({"filter": "namespace:shop"}, "filter"),
        ({"cluster": "nowhere"}, "cluster"),
        ({"idle": "spread"}, "idle"),
        ({"limit": "0"}, "limit"),
        ({"sort": "price"}, "sort"),
        ({"currency": "JPY"}, "currency"),
        ({"agregate": "pod"}, "agregate"),
    ],
)
def test_a_wrong_parameter_is_named_with_the_way_out(
    viewer: Client, prod: Cluster, parameters: dict[str, str], field: str
) -> None:
    response = viewer.get(URL, parameters)

    problem = response.json()
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert problem["field"] == field
    assert problem["code"] in {"invalid_input", "filter_syntax"}


def test_csv_has_stable_columns_and_the_same_sum(viewer: Client, prod: Cluster) -> None:
    response = viewer.get(URL, headers={"Accept": "text/csv"})

    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert response["Content-Type"].startswith("text/csv")
    assert "acme_namespace_2026-11-23_2026-11-23.csv" in response["Content-Disposition"]
    total = get_json(viewer, URL)["totals"]["total"]
    assert sum(Decimal(row["total_cost"]) for row in rows) == Decimal(total)


def test_a_problem_stays_a_problem_for_who_wants_csv(viewer: Client, prod: Cluster) -> None:
    response = viewer.get(URL, {"window": "2d"}, headers={"Accept": "text/csv"})

    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "invalid_input"


def test_without_a_session_nothing_is_told(client_of: object, acme: object) -> None:
    response = client_of(acme).get(URL)  # type: ignore[operator]  # the fixture is a function

    assert response.status_code == 401
    assert response.json()["code"] == "not_authenticated"
