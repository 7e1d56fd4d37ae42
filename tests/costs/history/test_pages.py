"""The history pages through HTTP: their numbers are the API's and the books', and each state says what it is."""

from typing import Any

import pytest
import time_machine
from django.test import Client

from costinsights.accounts.models import Role, User
from costinsights.core.templatetags.display import money_text, signed_money
from costinsights.core.tenancy import public_context
from costinsights.costs.history import ledger
from costinsights.costs.history.models import IngestState
from costinsights.costs.models import Cluster
from tenants.models import Tenant
from tests.costs.history.books import NOW, day, stored
from tests.costs.rows import cost_row, idle_row
from tests.factories.accounts import UserFactory
from tests.factories.costs import ClusterFactory

PERIOD = {"start": "2026-11-01", "end": "2026-11-03", "step": "day"}
HTMX = {"HX-Request": "true"}


def text(response: Any) -> str:
    return str(response.content.decode())


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def prod(acme: Tenant) -> Cluster:
    """Two days before a period of two, of which the second day is partial."""
    cluster = ClusterFactory.create(name="Production", slug="prod")
    cpu = {"cpu_cost": 3_000_000, "cpu_core_hours": 30.0, "minutes": 1440.0}
    stored(cluster, day(2).start, [cost_row(**cpu), cost_row(namespace="gone", ram_cost=500_000)])
    stored(cluster, day(3).start, [cost_row(**cpu)])
    more = {**cpu, "cpu_cost": 4_500_000, "cpu_core_hours": 60.0}
    stored(cluster, day(4).start, [cost_row(**more), idle_row(cpu_cost=250_000)])
    stored(cluster, day(5).start, [cost_row(namespace="web", ram_cost=1_000_000, minutes=600.0)])
    return cluster


def test_the_page_has_the_numbers_of_the_api(viewer: Client, prod: Cluster) -> None:
    page = viewer.get("/history/", PERIOD)
    api = viewer.get("/api/v1/costs/history", PERIOD).json()

    assert page.status_code == 200
    assert api["totals"]["total"] == "5.750000"
    assert page.context["totals"].total == 5_750_000
    assert page.context["answer"].difference == 0
    assert "Reconciles with the ledger" in text(page)
    labels = [(line.label, line.total) for line in page.context["lines"]]
    assert labels == [("shop", 4_500_000), ("web", 1_000_000), ("Idle", 250_000)]


def test_the_chart_stacks_to_each_steps_total(viewer: Client, prod: Cluster) -> None:
    chart = viewer.get("/history/", PERIOD).context["chart"]["timeline"]

    stacked = [sum(values) for values in zip(*(s["values"] for s in chart["series"]), strict=True)]
    assert stacked == [step["value"] for step in chart["steps"]] == [4.75, 1.0]
    assert [step["state"] for step in chart["steps"]] == ["complete", "partial"]


def test_a_cluster_without_data_does_not_stretch_the_daily_average(
    viewer: Client, prod: Cluster
) -> None:
    alone = viewer.get("/history/", PERIOD).context["kpis"]["average"]
    ClusterFactory.create(name="New")
    beside = viewer.get("/history/", PERIOD).context["kpis"]
    assert beside["average"] == alone
    assert beside["completeness"] < 1


def test_a_step_without_data_has_no_value(viewer: Client, prod: Cluster) -> None:
    period = {**PERIOD, "end": "2026-11-05"}
    chart = viewer.get("/history/", period).context["chart"]["timeline"]

    assert [step["value"] for step in chart["steps"]] == [4.75, 1.0, None, None]
    assert chart["steps"][3]["text"] == "nothing stored"


def test_a_comparison_has_the_deltas_of_the_api(viewer: Client, prod: Cluster) -> None:
    page = viewer.get("/history/", {**PERIOD, "compare": "previous"})
    rows = viewer.get("/api/v1/costs/compare", PERIOD).json()["rows"]

    shown = {line.label: line.delta for line in page.context["lines"]}
    assert shown == {row["label"]: round(float(row["delta"]) * 1e6) for row in rows}
    assert page.context["chart"]["timeline"]["ghost"]["values"] == [3.5, 3.0]
    assert signed_money(page.context["totals"].delta, "USD") in text(page)


def test_movers_say_why(viewer: Client, prod: Cluster) -> None:
    page = viewer.get("/history/", {**PERIOD, "compare": "previous"})

    rising, falling = page.context["risers"], page.context["fallers"]
    assert [mover.label for mover in rising] == ["web"]
    assert [mover.label for mover in falling] == ["shop", "gone"]
    assert falling[0].drivers == "−$1.50 from a lower CPU price"


def test_a_column_sorts_and_unknown_comes_last(viewer: Client, prod: Cluster) -> None:
    asked = {**PERIOD, "compare": "previous"}
    rising = viewer.get("/history/", {**asked, "sort": "-ratio"}).context["lines"]

    assert [line.label for line in rising] == ["shop", "gone", "web", "Idle"]
    assert [line.change for line in rising] == ["", "gone", "new", "new"]


def test_going_down_keeps_the_amount_and_how_the_page_looks(viewer: Client, prod: Cluster) -> None:
    page = viewer.get("/history/", {**PERIOD, "compare": "previous", "chart": "lines"})
    below = viewer.get(page.context["lines"][0].url)

    assert "compare=previous" in page.context["lines"][0].url
    assert below.context["totals"].total == page.context["lines"][0].total
    assert below.context["totals"].delta == page.context["lines"][0].delta
    assert below.context["bar"]["styles"][1][2] is True


def test_two_dimensions_come_from_two_fields(viewer: Client, prod: Cluster) -> None:
    page = viewer.get("/history/", {**PERIOD, "group_by": "cluster", "then_by": "namespace"})

    assert page.context["lines"][0].label == "Production / shop"
    assert "group_by=cluster%2Cnamespace" in page.context["page_url"]


def test_htmx_gets_the_results_alone(viewer: Client, prod: Cluster) -> None:
    page = text(viewer.get("/history/", PERIOD, headers=HTMX))

    assert "<html" not in page
    assert 'id="results"' in page


def test_an_address_that_cannot_be_answered_says_why(viewer: Client, prod: Cluster) -> None:
    assert "is no window" in text(viewer.get("/history/", {"window": "soon"}))
    assert "at character" in text(viewer.get("/history/", {"filter": "namespace:shop"}))
    assert "is nothing this page compares" in text(viewer.get("/history/", {"compare": "never"}))


def test_each_state_has_its_words(viewer: Client, acme: Tenant) -> None:
    assert "Ask an owner or admin" in text(viewer.get("/history/"))
    prod = ClusterFactory.create(name="Production", slug="prod")
    assert "Nothing is stored for" in text(viewer.get("/history/"))
    stored(prod, day(5).start, [cost_row(cpu_cost=1_000_000)])
    asked = {"filter": 'namespace:"nowhere"'}
    assert "No costs match this filter" in text(viewer.get("/history/", asked))


def test_a_running_backfill_is_shown_with_its_days(viewer: Client, prod: Cluster) -> None:
    IngestState.objects.create(cluster=prod, stored_since=day(5).start)
    ledger.start_backfill(prod, now=NOW, days=40)

    page = viewer.get("/history/", PERIOD)

    assert "Older days of Production are being read: 3 of" in text(page)


def test_sample_data_is_marked(viewer: Client, acme: Tenant) -> None:
    sample = ClusterFactory.create(slug="sample", is_demo=True)
    stored(sample, day(5).start, [cost_row(cpu_cost=1_000_000)])

    assert "results is-sample" in text(viewer.get("/history/"))


def test_a_plan_without_history_says_which_has_it(viewer: Client, acme: Tenant) -> None:
    with public_context():
        acme.plan = "community"
        acme.save()

    for path in ("/history/", "/history/data/"):
        assert "part of the" in text(viewer.get(path))


@pytest.fixture
def limited(acme: Tenant, client_of: Any) -> Client:
    """A member who sees the namespace web alone."""
    client: Client = client_of(acme)
    member: User = UserFactory.create(role=Role.VIEWER, scope_namespaces=["web"])
    client.force_login(member)  # type: ignore[arg-type]  # the stubs know one kind of user
    return client


def test_a_limited_member_sees_the_own_costs_and_no_totals(limited: Client, prod: Cluster) -> None:
    page = limited.get("/history/", {**PERIOD, "compare": "previous"})
    health = text(limited.get("/history/data/"))

    assert page.context["totals"].total == 1_000_000
    assert [line.label for line in page.context["lines"]] == ["web"]
    assert page.context["answer"].ledger_total is None
    assert money_text(4_750_000, "USD") not in health
    assert "Label keys" not in health
