"""The page of a layer, the strip beside allocations, data health; and that limited members see none of it."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from costinsights.accounts.models import Role, User
from costinsights.core.periods import DAY, utc_day
from costinsights.costs.layers.models import LayerSource, SourceState
from costinsights.costs.models import Cluster
from costinsights.opencost.layer_rows import Layer
from tenants.models import Tenant
from tests.costs.history.books import stored
from tests.costs.layers.books import layer_cost, layer_stored
from tests.costs.rows import cost_row
from tests.factories.accounts import UserFactory
from tests.factories.costs import ClusterFactory


@pytest.fixture
def cluster(acme: Tenant) -> Cluster:
    """Yesterday's allocations, assets and bill."""
    made: Cluster = ClusterFactory.create(name="Production", slug="prod")
    yesterday = utc_day(timezone.now()) - DAY
    stored(made, yesterday, [cost_row(namespace="shop", cpu_cost=9_000_000, minutes=1440.0)])
    for row in (
        layer_cost(Layer.ASSETS, 10_000_000, resource_type="Node"),
        layer_cost(Layer.CLOUD, 30_000_000, service="RDS", kubernetes_cost=0),
    ):
        layer_stored(made, yesterday.date(), [row])
    return made


@pytest.fixture
def limited(acme: Tenant, client_of: Callable[..., Client]) -> Client:
    client = client_of(acme)
    member: User = UserFactory.create(role=Role.VIEWER, scope_namespaces=["shop"])
    client.force_login(member)  # type: ignore[arg-type]  # the stubs know one kind of user
    return client


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def test_what_is_beside_allocations_is_shown_and_in_no_total(
    cluster: Cluster, viewer: Client
) -> None:
    page = text(viewer, "/history/?window=7d")
    assert "Beside these allocations" in page
    assert "$30.00" in page  # out of cluster
    assert "$1.00 <small>over 1 cluster day</small>" in page
    assert 'Updated, total $9.00"' in page


def test_a_layers_page_shows_its_lines_and_the_overhead(cluster: Cluster, viewer: Client) -> None:
    page = text(viewer, "/history/layers/?layer=assets&window=7d")
    assert 'aria-current="page">Infrastructure (assets)' in page
    assert "<span>Node</span>" in page
    assert "Cluster cost not allocated" in page


def test_a_bill_shows_what_is_out_of_cluster(cluster: Cluster, viewer: Client) -> None:
    page = text(viewer, "/history/layers/?layer=cloud&window=7d&group_by=service,cluster")
    assert "Out of cluster" in page
    assert "RDS / Production" in page
    assert "Of it Kubernetes" not in page  # nothing of it is


def test_an_empty_layer_says_why(cluster: Cluster, viewer: Client) -> None:
    LayerSource.objects.update_or_create(
        cluster=cluster,
        layer=Layer.CUSTOM,
        defaults={"state": SourceState.ABSENT, "message": "The feature is off."},
    )
    page = text(viewer, "/history/layers/?layer=custom")
    assert "Nothing is stored of this layer" in page
    assert "The feature is off." in page
    assert "The source has none" in text(viewer, "/history/data/")


@pytest.mark.parametrize("query", ["layer=carbon", "layer=cloud&group_by=pod", "step=hour"])
def test_a_question_that_cannot_be_answered_is_explained(
    cluster: Cluster, viewer: Client, query: str
) -> None:
    assert "This question cannot be answered" in text(viewer, f"/history/layers/?{query}")


def test_a_limited_member_sees_no_layer_anywhere(cluster: Cluster, limited: Client) -> None:
    assert "are not shown to you" in text(limited, "/history/layers/", status=403)
    page = text(limited, "/history/?window=7d")
    assert "$9.00" in page
    assert "Beside these allocations" not in page
    assert "history/layers" not in page
    assert "Cost layers" not in text(limited, "/history/data/")
