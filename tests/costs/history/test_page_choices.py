"""What the history page lets people choose: period, dimensions, comparison, columns; and what its address says."""

from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.test import Client

from costinsights.accounts.models import Role
from costinsights.costs.history.lines import Answering
from costinsights.costs.history.models import LabelKey
from costinsights.costs.models import Cluster
from tenants.models import Tenant
from tests.costs.history.books import NOW, day, stored
from tests.costs.rows import cost_row, idle_row
from tests.factories.costs import ClusterFactory

PERIOD = {"start": "2026-11-01", "end": "2026-11-03", "step": "day"}


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def prod(acme: Tenant) -> Cluster:
    """Twelve namespaces on four days, the first two of which are an earlier period."""
    cluster = ClusterFactory.create(name="Production", slug="prod")
    for number in (2, 3, 4, 5):
        rows = [
            cost_row(namespace=f"n{n:02}", cpu_cost=(20 - n) * 1_000_000, ram_cost=500_000)
            for n in range(12)
        ]
        stored(cluster, day(number).start, [*rows, idle_row(cpu_cost=250_000)])
    return cluster


@pytest.fixture
def viewer(member_of: Any) -> Client:
    client: Client = member_of(Role.VIEWER)
    return client


def shown(client: Client, **asked: Any) -> Any:
    return client.get("/history/", {**PERIOD, **asked}).context


@pytest.mark.parametrize("compare", ["", "previous"])
def test_chart_and_table_have_the_same_rows_in_the_same_colours(
    viewer: Client, prod: Cluster, compare: str
) -> None:
    page = shown(viewer, compare=compare)

    table = [(line.label, line.colour) for line in page["lines"]]
    chart = [(each["label"], each["colour"]) for each in page["chart"]["timeline"]["series"]]
    assert table == chart
    assert [label for label, _ in table][-3:] == ["n08", "Others (3)", "Idle"]


def test_rows_past_the_ninth_have_the_colour_of_others(viewer: Client, prod: Cluster) -> None:
    page = shown(viewer, limit="1000")

    plain = [line.colour for line in page["lines"] if line.kind == "workload"]
    assert len(set(plain[:9])) == 9
    assert plain[9:] == ["others"] * 3
    assert len(page["chart"]["timeline"]["series"]) == 11


def test_a_comparison_adds_each_period_up_once(viewer: Client, prod: Cluster) -> None:
    with patch.object(Answering, "prepared", wraps=Answering.prepared) as prepared:
        shown(viewer, compare="previous")
    assert prepared.call_count == 2


def test_a_period_of_ones_own_begins_where_it_is_said(viewer: Client, prod: Cluster) -> None:
    page = shown(viewer, compare="custom", compare_start="2026-10-30")

    assert page["compared"].totals.delta == 0
    assert "compare_start=2026-10-30" in page["page_url"]
    assert shown(viewer, compare="custom")["previous_words"] == "30 Oct – 31 Oct 2026"


def test_nothing_stored_before_is_no_change(viewer: Client, prod: Cluster) -> None:
    page = viewer.get("/history/", {**PERIOD, "compare": "last_year"})

    assert page.context["compared"] is None
    assert "there is nothing to compare with" in page.content.decode()


def test_days_of_the_calendar_are_both_included(viewer: Client, prod: Cluster) -> None:
    asked = {"window": "30d", "first_day": "2026-11-01", "last_day": "2026-11-02"}
    page = viewer.get("/history/", asked, headers={"HX-Request": "true"})

    period = page.context["query"].period
    assert (period.start.day, period.end.day) == (1, 3)
    assert page["HX-Push-Url"] == "/history/?start=2026-11-01&end=2026-11-03"
    ahead = viewer.get("/history/", {"first_day": "2026-11-20", "last_day": "2026-11-24"})
    assert "lies in the future" in ahead.content.decode()


def test_whole_steps_leave_away_what_has_not_ended(viewer: Client, prod: Cluster) -> None:
    page = viewer.get("/history/", {"window": "month", "step": "week", "complete": "1"})

    period = page.context["query"].period
    assert (period.start.day, period.end.day) == (2, 23)
    assert "window=month&step=week&complete=1" in page.context["page_url"]
    assert "start=2026-11-02&end=2026-11-23" in page.context["api_call"]


def test_three_dimensions_are_chips_and_a_label_says_its_coverage(
    viewer: Client, prod: Cluster
) -> None:
    day_of = day(5).start.date()
    seen = {"first_seen_on": day_of, "last_seen_on": day_of}
    LabelKey.objects.create(name="team", is_stored=True, covered_cost=3, whole_cost=4, **seen)
    bar = shown(viewer, group_by="cluster", then_by="namespace", third_by="controller_kind")["bar"]

    assert [chip.label for chip in bar["groups"]] == ["Cluster", "Namespace", "Workload kind"]
    assert "group_by=cluster%2Ccontroller_kind" in bar["groups"][1].remove_url
    assert bar["further_groups"] == []
    labels = shown(viewer)["bar"]["further_groups"][1].offers
    assert [(offer.label, offer.note) for offer in labels] == [("team", "on 75.0% of cost")]


def test_columns_are_chosen_remembered_and_sorted_by(viewer: Client, prod: Cluster) -> None:
    asked = {**PERIOD, "columns": ["none", "ram", "cpu"], "sort": "cpu"}
    page = viewer.get("/history/", asked).context

    assert [column.label for column in page["columns"]][-2:] == ["CPU", "RAM"]
    assert [line.components for line in page["lines"]][:2] == [
        [500_000, 0],
        [24_000_000, 1_000_000],
    ]
    assert [column.label for column in shown(viewer)["columns"]][-2:] == ["CPU", "RAM"]
    assert "Efficiency" in [c.label for c in shown(viewer, columns="efficiency")["columns"]]


def test_exports_have_every_row_and_the_same_period(viewer: Client, prod: Cluster) -> None:
    exports = dict(shown(viewer, compare="custom", compare_start="2026-10-30")["exports"])

    assert list(exports) == [
        "Series as CSV",
        "Series as Parquet",
        "Comparison as CSV",
        "Comparison as Parquet",
    ]
    for address in exports.values():
        assert viewer.get(address).status_code == 200
    assert "limit=1000" in exports["Series as Parquet"]
