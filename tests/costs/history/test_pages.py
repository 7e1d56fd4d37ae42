"""The history pages through HTTP: their numbers are the API's and the books', and each state says what it is."""

from typing import Any

import pytest
import time_machine
from django.test import Client

from costinsights.core.templatetags.display import signed_money
from costinsights.costs.models import Cluster
from tenants.models import Tenant
from tests.costs.history.books import NOW, day, stored
from tests.costs.rows import cost_row, idle_row
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
