"""Sample data: generated here, marked everywhere, never mixed with real costs unasked."""

import csv
import io
from collections.abc import Callable
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client

from costinsights.accounts.models import Role
from costinsights.costs.models import Cluster
from costinsights.costs.samples import load_sample_data, remove_sample_data
from tenants.models import Tenant
from tests.costs.conftest import NOW, get_json
from tests.factories.costs import ClusterFactory

URL = "/api/v1/costs/current"


@pytest.fixture
def sample(acme: Tenant, clock: time_machine.Traveller) -> Cluster:
    return load_sample_data(now=NOW)


def test_sample_data_has_numbers_without_any_request(viewer: Client, sample: Cluster) -> None:
    answer = get_json(viewer, URL)  # the test has no network beside 127.0.0.1
    assert Decimal(answer["totals"]["total"]) > 0
    assert answer["reconciliation"]["difference"] == "0.000000"
    assert answer["sample"] is True
    assert answer["sources"][0]["sample"] is True
    assert all("sample" in row["flags"] for row in answer["rows"])


def test_the_same_moment_has_the_same_sample_costs(viewer: Client, sample: Cluster) -> None:
    before = get_json(viewer, URL, window="yesterday")["totals"]
    remove_sample_data()
    load_sample_data(now=NOW)
    assert get_json(viewer, URL, window="yesterday")["totals"] == before


def test_every_page_and_file_with_sample_numbers_says_so(viewer: Client, sample: Cluster) -> None:
    part = viewer.get("/", headers={"HX-Request": "true"}).content.decode()
    exported = viewer.get("/costs.csv")
    rows = list(csv.DictReader(io.StringIO(exported.content.decode())))
    assert "is-sample" in part
    assert {row["sample"] for row in rows} == {"true"}
    assert "sample-data_acme" in exported["Content-Disposition"]
    for path in ("/", "/clusters/", "/settings/profile/"):
        assert "Sample data is loaded." in viewer.get(path).content.decode()


def test_a_real_cluster_takes_the_samples_place_in_all_clusters(
    viewer: Client, prod: Cluster, sample: Cluster
) -> None:
    everything, alone = get_json(viewer, URL), get_json(viewer, URL, cluster="prod")
    assert everything["totals"] == alone["totals"]
    assert everything["sample"] is False
    assert [source["cluster"] for source in everything["sources"]] == ["prod"]


def test_asked_for_by_name_both_are_added_and_marked(
    viewer: Client, prod: Cluster, sample: Cluster
) -> None:
    both = get_json(viewer, URL, cluster="prod,sample", aggregate="cluster")
    flags = {row["key"]["cluster"]: "sample" in row["flags"] for row in both["rows"]}
    assert both["sample"] is True
    assert flags == {"prod": False, "sample": True}


def test_the_sample_cluster_has_no_connection_to_test_or_change(
    admin: Client, sample: Cluster
) -> None:
    tested = admin.post("/api/v1/clusters/sample/test")
    changed = admin.patch(
        "/api/v1/clusters/sample/", {"name": "Mine"}, content_type="application/json"
    )
    assert {tested.status_code, changed.status_code} == {409}
    assert tested.json()["code"] == "sample_has_no_connection"
    assert admin.get("/clusters/sample/").status_code == 404
    assert admin.post("/clusters/sample/test/").status_code == 404


def test_one_click_loads_and_one_click_removes(admin: Client) -> None:
    admin.post("/sample-data/")
    admin.post("/sample-data/")
    assert Cluster.objects.filter(is_demo=True).count() == 1
    admin.post("/sample-data/remove/")
    assert not Cluster.objects.exists()


def test_only_admins_load_and_remove(signed_in: Callable[[Role], Client]) -> None:
    analyst = signed_in(Role.ANALYST)
    assert analyst.post("/sample-data/").status_code == 403
    assert analyst.put("/api/v1/workspace/sample-data").status_code == 403
    load_sample_data(now=NOW)
    assert analyst.post("/sample-data/remove/").status_code == 403
    assert analyst.delete("/api/v1/workspace/sample-data").status_code == 403
    assert Cluster.objects.filter(is_demo=True).exists()


def test_the_api_loads_and_removes(admin: Client) -> None:
    loaded = admin.put("/api/v1/workspace/sample-data").json()
    assert (loaded["slug"], loaded["sample"]) == ("sample", True)
    assert admin.delete("/api/v1/workspace/sample-data").status_code == 204
    assert not Cluster.objects.exists()


def test_a_name_that_is_taken_is_left_to_its_owner(acme: Tenant) -> None:
    ClusterFactory.create(name="sample cluster", slug="sample")
    sample = load_sample_data(now=NOW)
    assert (sample.name, sample.slug) == ("Sample cluster 2", "sample-2")


def test_the_database_keeps_a_second_sample_cluster_out(sample: Cluster) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ClusterFactory.create(is_demo=True)
