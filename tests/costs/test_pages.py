"""The overview and the cluster pages, through HTTP, as people of each role see them."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from costinsights.costs.models import AuthKind, Cluster
from costinsights.local.demo_opencost import DEMO_TOKEN, DemoServer, Fault
from tenants.models import Tenant
from tests.costs.conftest import PROD, STAGING, get_json
from tests.factories.costs import ClusterFactory

HTMX = {"HX-Request": "true"}


def text(response: Any) -> str:
    return str(response.content.decode())


def test_the_page_never_waits_for_an_opencost(
    viewer: Client, prod: Cluster, demo: DemoServer
) -> None:
    response = viewer.get("/")

    assert response.status_code == 200
    assert response.context["costs_pending"] is True
    assert not demo.requests


def test_htmx_gets_the_results_and_their_numbers(viewer: Client, prod: Cluster) -> None:
    response = viewer.get("/", headers=HTMX)

    page = text(response)
    assert "<html" not in page
    assert 'id="results"' in page
    assert response.context["costs"].reconciliation.difference == 0
    assert "HX-Request" in response["Vary"]


def test_the_page_shows_at_once_what_is_kept(viewer: Client, prod: Cluster) -> None:
    viewer.get("/", headers=HTMX)

    response = viewer.get("/")

    assert response.context["costs_pending"] is False
    assert "data-chart" in text(response)


def test_a_workspace_without_clusters_says_how_to_connect_one(
    viewer: Client, admin: Client
) -> None:
    assert "Ask an owner or admin" in text(viewer.get("/"))
    assert "/clusters/connect/" in text(admin.get("/"))


def test_a_wrong_question_keeps_the_page_and_says_why(viewer: Client, prod: Cluster) -> None:
    response = viewer.get("/", {"filter": "namespace:shop"}, headers=HTMX)

    assert response.status_code == 200
    assert "at character" in text(response)


def test_a_filter_that_matches_nothing_offers_to_clear_it(viewer: Client, prod: Cluster) -> None:
    response = viewer.get("/", {"filter": 'namespace:"nowhere"'}, headers=HTMX)

    assert "Clear filters" in text(response)


def test_a_source_that_is_down_is_never_shown_as_zero(
    viewer: Client, prod: Cluster, demo: DemoServer
) -> None:
    demo.fault = Fault.DOWN

    page = text(viewer.get("/", headers=HTMX))

    assert "OpenCost cannot be reached" in page


def test_an_opencost_without_data_is_waited_for(
    viewer: Client, prod: Cluster, demo: DemoServer
) -> None:
    demo.fault = Fault.EMPTY

    assert "Waiting for the first data" in text(viewer.get("/", headers=HTMX))


def test_the_csv_has_the_total_of_the_api(viewer: Client, prod: Cluster) -> None:
    lines = text(viewer.get("/costs.csv")).splitlines()

    column = lines[0].split(",").index("total_cost")
    total = sum(Decimal(line.split(",")[column]) for line in lines[1:])
    assert total == Decimal(get_json(viewer, "/api/v1/costs/current")["totals"]["total"])


def connection(demo: DemoServer, **values: str) -> dict[str, str]:
    return {"opencost_url": demo.url(PROD), "auth_kind": "none", **values}


def test_connecting_takes_two_steps(admin: Client, demo: DemoServer) -> None:
    first = admin.post("/clusters/connect/", connection(demo))
    confirm = admin.get(first["Location"])
    second = admin.post(first["Location"], {"name": "Production", "currency": "EUR"})

    assert first["Location"] == "/clusters/connect/confirm/"
    assert PROD in text(confirm)
    assert second["Location"] == "/clusters/"
    assert Cluster.objects.get().currency == "EUR"


def test_a_failed_test_shows_its_steps_and_keeps_the_form(admin: Client, demo: DemoServer) -> None:
    demo.fault = Fault.HTML

    response = admin.post("/clusters/connect/", connection(demo))

    assert response.status_code == 422
    assert "The test did not pass" in text(response)
    assert demo.url(PROD) in text(response)


def test_the_secret_waits_sealed_between_the_steps_and_is_never_shown(
    admin: Client, demo: DemoServer
) -> None:
    demo.fault = Fault.UNAUTHORIZED
    given = connection(demo, auth_kind="bearer", secret=DEMO_TOKEN)

    first = admin.post("/clusters/connect/", given)
    confirm = admin.get(first["Location"])
    admin.post(first["Location"], {"name": "Production", "currency": "EUR"})

    assert DEMO_TOKEN not in text(confirm) + str(dict(admin.session))
    assert Cluster.objects.get().secret == DEMO_TOKEN


def test_the_second_step_needs_the_first(admin: Client) -> None:
    assert admin.get("/clusters/connect/confirm/")["Location"] == "/clusters/connect/"
    post = admin.post("/clusters/connect/confirm/", {"name": "x", "currency": "USD"})
    assert post["Location"] == "/clusters/connect/"


def test_the_currency_must_be_confirmed(admin: Client, demo: DemoServer) -> None:
    first = admin.post("/clusters/connect/", connection(demo))

    response = admin.post(first["Location"], {"name": "Production", "currency": ""})

    assert response.status_code == 422
    assert not Cluster.objects.exists()


def test_members_see_the_clusters_and_their_state(viewer: Client, prod: Cluster) -> None:
    page = text(viewer.get("/clusters/"))

    assert "Production" in page
    assert prod.opencost_url in page
    assert "/clusters/connect/" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/clusters/connect/",
        "/clusters/connect/confirm/",
        "/clusters/prod/",
        "/clusters/prod/test/",
        "/clusters/prod/remove/",
    ],
)
def test_only_admins_manage_clusters(
    viewer: Client, admin: Client, prod: Cluster, path: str
) -> None:
    assert viewer.get(path).status_code == 403
    assert viewer.post(path, {"typed": "Production"}).status_code == 403
    assert admin.get(path).status_code in {200, 302}
    assert Cluster.objects.filter(pk=prod.pk).exists()


def test_editing_never_prints_the_secret(admin: Client, demo: DemoServer) -> None:
    ClusterFactory.create(slug="prod", opencost_url=demo.url(PROD), secret=DEMO_TOKEN)

    page = text(admin.get("/clusters/prod/"))

    assert DEMO_TOKEN not in page
    assert "Leave empty to keep the stored one" in page


def test_saving_a_new_address_tests_it_first(
    admin: Client, prod: Cluster, demo: DemoServer
) -> None:
    values = {"name": "Production", "currency": "USD", "auth_kind": "none"}

    refused = admin.post("/clusters/prod/", {**values, "opencost_url": "http://127.0.0.1:9"})
    accepted = admin.post("/clusters/prod/", {**values, "opencost_url": demo.url(STAGING)})

    assert refused.status_code == 422
    assert accepted["Location"] == "/clusters/"
    prod.refresh_from_db()
    assert prod.opencost_cluster_id == STAGING


def test_taking_the_credentials_away_forgets_the_secret(admin: Client, demo: DemoServer) -> None:
    cluster = ClusterFactory.create(name="P", slug="p", opencost_url=demo.url(PROD), secret="x")

    admin.post("/clusters/p/", {"name": "P", "currency": "USD", **connection(demo)})

    cluster.refresh_from_db()
    assert (cluster.auth_kind, cluster.sealed_secret) == (AuthKind.NONE, "")


def test_testing_a_stored_cluster_shows_the_steps(
    admin: Client, prod: Cluster, demo: DemoServer
) -> None:
    assert "Production answers" in text(admin.post("/clusters/prod/test/"))
    demo.fault = Fault.DOWN
    assert "Production does not answer" in text(admin.post("/clusters/prod/test/"))


def test_removing_wants_the_name_typed(admin: Client, prod: Cluster) -> None:
    refused = admin.post("/clusters/prod/remove/", {"typed": "prod"})
    accepted = admin.post("/clusters/prod/remove/", {"typed": "Production"})

    assert refused.status_code == 422
    assert accepted["Location"] == "/clusters/"
    assert not Cluster.objects.exists()


def test_a_cluster_of_another_tenant_does_not_exist_here(admin: Client, acme: Tenant) -> None:
    assert admin.get("/clusters/prod/").status_code == 404


def test_a_visitor_is_sent_to_sign_in(client_of: Any, acme: Tenant) -> None:
    assert client_of(acme).get("/")["Location"].startswith("/sign-in/")
