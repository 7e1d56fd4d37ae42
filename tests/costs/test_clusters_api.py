"""Clusters by API: connect, change, test, remove, and what never gets out."""

from typing import Any

import pytest
from django.test import Client

from costinsights.costs.models import Cluster
from costinsights.local.demo_opencost import DEMO_TOKEN, DemoServer, Fault
from tests.costs.conftest import PROD, STAGING
from tests.costs.history.books import day, stored
from tests.costs.rows import cost_row
from tests.factories.costs import ClusterFactory

URL = "/api/v1/clusters/"


def post(client: Client, url: str, **body: Any) -> Any:
    return client.post(url, body, content_type="application/json")


def patch(client: Client, slug: str, **body: Any) -> Any:
    return client.patch(f"{URL}{slug}/", body, content_type="application/json")


def connect(client: Client, demo: DemoServer, **body: Any) -> Any:
    values = {"name": "Production EU", "currency": "EUR", "opencost_url": demo.url(PROD), **body}
    return post(client, URL, **values)


def test_connecting_saves_what_the_test_found(admin: Client, demo: DemoServer) -> None:
    response = connect(admin, demo)

    assert response.status_code == 201, response.json()
    cluster = response.json()
    assert cluster["slug"] == "production-eu"
    assert cluster["opencost_cluster_id"] == PROD
    assert cluster["opencost_version"]
    assert cluster["state"] == "connected"


def test_a_failed_test_saves_nothing_and_says_where_it_ended(
    admin: Client, demo: DemoServer
) -> None:
    demo.fault = Fault.UNAUTHORIZED

    response = connect(admin, demo)

    problem = response.json()
    assert response.status_code == 422
    assert problem["code"] == "connection_test_failed"
    assert [s["state"] for s in problem["steps"] if s["name"] == "credentials"] == ["failed"]
    assert not Cluster.objects.exists()


def test_the_secret_is_sealed_and_never_answered(admin: Client, demo: DemoServer) -> None:
    demo.fault = Fault.UNAUTHORIZED

    response = connect(admin, demo, auth_kind="bearer", secret=DEMO_TOKEN)

    cluster = Cluster.objects.get()
    assert cluster.secret == DEMO_TOKEN
    assert DEMO_TOKEN not in cluster.sealed_secret + repr(cluster) + response.content.decode()
    assert response.json()["has_secret"] is True


def test_a_new_address_needs_the_secret_again(admin: Client, demo: DemoServer) -> None:
    ClusterFactory.create(slug="prod", opencost_url=demo.url(PROD), secret=DEMO_TOKEN)

    response = patch(admin, "prod", opencost_url="http://127.0.0.1:9/elsewhere")

    assert response.status_code == 400
    assert response.json()["field"] == "secret"


def test_renaming_asks_opencost_nothing(admin: Client, prod: Cluster, demo: DemoServer) -> None:
    response = patch(admin, "prod", name="Production One")

    assert response.json()["name"] == "Production One"
    assert not demo.requests


def test_a_changed_connection_is_tested_before_it_is_saved(
    admin: Client, prod: Cluster, demo: DemoServer
) -> None:
    refused = patch(admin, "prod", opencost_url="http://127.0.0.1:9")
    accepted = patch(admin, "prod", opencost_url=demo.url(STAGING))

    assert refused.status_code == 422
    assert accepted.json()["opencost_cluster_id"] == STAGING


def test_a_private_address_outside_the_allowed_ones_is_refused(
    admin: Client, demo: DemoServer
) -> None:
    response = post(admin, f"{URL}test", opencost_url="http://169.254.169.254/latest")

    steps = {step["name"]: step for step in response.json()["steps"]}
    assert response.json()["ok"] is False
    assert steps["dns"]["reason"] == "address_refused"


def test_a_stored_cluster_is_tested_and_remembers_how_it_went(
    admin: Client, prod: Cluster, demo: DemoServer
) -> None:
    demo.fault = Fault.HTML

    response = post(admin, f"{URL}prod/test")

    assert response.json()["ok"] is False
    prod.refresh_from_db()
    assert prod.state == "failing"


def test_another_cluster_of_the_same_prometheus_is_pointed_out(
    admin: Client, demo: DemoServer
) -> None:
    connect(admin, demo)

    response = post(admin, f"{URL}test", opencost_url=demo.url(PROD))

    reasons = {step["reason"] for step in response.json()["steps"]}
    assert "cluster_known" in reasons


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"currency": "XYZ"}, "currency"),
        ({"opencost_url": "ftp://example.com"}, "opencost_url"),
        ({"opencost_url": "http://me:pw@example.com"}, "opencost_url"),
        ({"auth_kind": "bearer"}, "secret"),
        ({"auth_kind": "header", "auth_header_name": "Host", "secret": "x"}, "auth_header_name"),
        ({"scope_filter": "namespace:shop"}, "scope_filter"),
        ({"ca_bundle": "no certificate"}, "ca_bundle"),
    ],
)
def test_a_wrong_value_is_named(
    admin: Client, demo: DemoServer, body: dict[str, str], field: str
) -> None:
    problem = connect(admin, demo, **body).json()

    assert problem["status"] == 400
    assert problem["field"] == field


def test_missing_values_are_listed_by_field(admin: Client) -> None:
    problem = post(admin, URL).json()

    assert problem["code"] == "validation_failed"
    assert {error["field"] for error in problem["errors"]} == {"name", "currency", "opencost_url"}


def test_two_clusters_never_share_a_name(admin: Client, prod: Cluster, demo: DemoServer) -> None:
    response = connect(admin, demo, name="production")

    assert response.json()["field"] == "name"


def test_a_viewer_reads_and_changes_nothing(viewer: Client, prod: Cluster) -> None:
    assert viewer.get(URL).json()["results"][0]["slug"] == "prod"
    assert patch(viewer, "prod", name="Mine").status_code == 403
    assert post(viewer, URL).status_code == 403
    assert post(viewer, f"{URL}prod/test").status_code == 403
    assert viewer.delete(f"{URL}prod/").status_code == 403
    assert Cluster.objects.get().name == "Production"


def test_removing_forgets_the_cluster(admin: Client, prod: Cluster) -> None:
    assert admin.delete(f"{URL}prod/").status_code == 204
    assert admin.get(f"{URL}prod/").json()["code"] == "not_found"


def test_problems_of_the_framework_have_the_same_shape(admin: Client, prod: Cluster) -> None:
    answers = {
        404: admin.get(f"{URL}nowhere/"),
        405: admin.put(f"{URL}prod/", {}, content_type="application/json"),
        406: admin.get(URL, headers={"Accept": "image/png"}),
        415: admin.post(URL, "x", content_type="text/plain"),
        400: admin.post(URL, "{", content_type="application/json"),
    }

    for status, response in answers.items():
        problem = response.json()
        assert (response.status_code, problem["status"]) == (status, status)
        assert response["Content-Type"] == "application/problem+json"
        assert problem["type"] == f"urn:costinsights:problem:{problem['code']}"


def test_probing_is_throttled_and_says_how_long(admin: Client, clock: object) -> None:
    answers = [post(admin, f"{URL}test") for _ in range(21)]

    assert answers[-1].status_code == 429
    assert answers[-1].json()["code"] == "too_many_requests"
    assert int(answers[-1]["Retry-After"]) > 0


def test_connecting_again_with_the_same_key_connects_nothing_twice(
    admin: Client, demo: DemoServer
) -> None:
    """The view minds its own transactions: with a key, what it saves and the answer are one."""
    body = {"name": "Production EU", "currency": "EUR", "opencost_url": demo.url(PROD)}
    keyed: dict[str, Any] = {
        "content_type": "application/json",
        "headers": {"Idempotency-Key": "connect-prod"},
    }
    demo.fault = Fault.UNAUTHORIZED
    assert admin.post(URL, body, **keyed).status_code == 422
    demo.fault = Fault.NONE
    first, again = admin.post(URL, body, **keyed), admin.post(URL, body, **keyed)
    assert (first.status_code, again.content) == (201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert Cluster.objects.count() == 1


def test_a_cluster_with_stored_costs_keeps_its_currency(admin: Client) -> None:
    cluster = ClusterFactory.create(slug="prod", currency="USD")
    assert patch(admin, "prod", currency="EUR").status_code == 200
    stored(cluster, day(0).start, [cost_row(cpu_cost=1)])
    refused = patch(admin, "prod", currency="GBP")
    assert (refused.status_code, refused.json()["field"]) == (400, "currency")
    assert Cluster.objects.get().currency == "EUR"
