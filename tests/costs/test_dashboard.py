"""The overview page as data: links, chips, drill path, table, charts."""

import datetime as dt
from decimal import Decimal

import pytest

from costinsights.core.periods import ChargePeriod
from costinsights.costs import charts, dashboard
from costinsights.costs.current.query import CurrentCostQuery
from costinsights.costs.current.rows import CostRow, Efficiency, Hours, Kind
from costinsights.costs.read_scope import EVERYTHING

NOW = dt.datetime(2026, 11, 23, 15, 20, tzinfo=dt.UTC)
CLUSTERS = [("prod", "Production"), ("staging", "Staging")]


def asked(**parameters: str) -> CurrentCostQuery:
    return CurrentCostQuery.parse(parameters, now=NOW, scope=EVERYTHING)


def line(name: str, units: float, kind: Kind = Kind.WORKLOAD, **key: str) -> CostRow:
    micros = round(units * 1_000_000)
    return CostRow(
        key=key or {"namespace": name},
        label=name,
        kind=kind,
        components={"cpu": micros},
        total=micros,
        hours=Hours(0, 0, 0, 0),
        efficiency=Efficiency(None, None, None),
        share=Decimal(0),
    )


def chart(*rows: CostRow) -> dict[str, charts.ChartSpec]:
    total = sum(row.total for row in rows)
    return charts.build_charts(rows, total, "USD", grouped_by="namespace", link=lambda _: "/x")


def test_a_row_opens_one_level_further_down_under_its_own_condition() -> None:
    url = dashboard.drill_link(asked(window="7d"), line("shop", 1), "/")
    assert url == "/?window=7d&aggregate=controller_kind&filter=namespace%3A%22shop%22"


@pytest.mark.parametrize("kind", [Kind.IDLE, Kind.OTHERS, Kind.TOTAL])
def test_a_row_that_is_no_workload_opens_nothing(kind: Kind) -> None:
    assert dashboard.drill_link(asked(), line("x", 1, kind), "/") == ""


def test_each_condition_is_a_chip_that_can_be_taken_away() -> None:
    chips = dashboard.chips(asked(filter='namespace:"shop"+label[team]!~:"core"'), "/")
    assert [(chip.field, chip.operator, chip.value) for chip in chips] == [
        ("Namespace", "is", "shop"),
        ("Label team", "does not contain", "core"),
    ]
    assert chips[1].remove_url == "/?filter=namespace%3A%22shop%22"


def test_alternatives_are_one_chip_with_their_text() -> None:
    (chip,) = dashboard.chips(asked(filter='pod:"a"|pod:"b"'), "/")
    assert (chip.field, chip.value) == ("", 'pod:"a"|pod:"b"')


def test_the_way_down_names_each_step_and_links_all_but_the_last() -> None:
    query = asked(cluster="prod", filter='namespace:"shop"', aggregate="controller_kind")
    path = dashboard.steps(query, CLUSTERS, "/")
    assert [step.label for step in path] == ["All", "Production", "shop"]
    assert [bool(step.url) for step in path] == [True, True, False]


@pytest.mark.parametrize(
    ("window", "text"),
    [
        ("today", "23 Nov 2026"),
        ("7d", "17 Nov – 23 Nov 2026"),
        ("2026-11-01T06:00:00Z,2026-11-02T00:00:00Z", "1 Nov, 06:00 – 2 Nov 2026, 00:00 UTC"),
    ],
)
def test_a_window_reads_with_both_ends(window: str, text: str) -> None:
    assert dashboard.period_text(asked(window=window)) == text


def test_a_custom_window_stays_choosable() -> None:
    window = str(ChargePeriod.parse("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z"))
    bar = dashboard.query_bar(asked(window=window), CLUSTERS, "/")
    assert [choice.value for choice in bar["windows"] if choice.selected] == [window]


def test_a_grouping_by_label_stays_choosable_in_words() -> None:
    bar = dashboard.query_bar(asked(aggregate="label:team"), CLUSTERS, "/")
    assert [choice.label for choice in bar["aggregates"] if choice.selected] == ["Label team"]


def test_colours_do_not_depend_on_rank() -> None:
    assert charts.colours(["web", "shop"]) == charts.colours(["shop", "web"])


def test_the_nine_largest_never_share_a_colour() -> None:
    keys = [f"namespace-{number}" for number in range(9)]
    assert len(set(charts.colours(keys).values())) == 9


def test_idle_and_what_has_no_owner_have_patterns_of_their_own() -> None:
    rows = [line("shop", 3), line("Idle", 1, Kind.IDLE), line("Unallocated", 1, Kind.UNALLOCATED)]
    assert charts.row_colours(rows)[1:] == ["idle", "unallocated"]


def test_a_doughnut_holds_nine_and_others_and_adds_up() -> None:
    rows = [line(f"n{number}", 20 - number) for number in range(12)]
    segments = chart(*rows)["shares"]["segments"]
    assert [segment["label"] for segment in segments][-1] == "Others (3)"
    assert sum(segment["value"] for segment in segments) == sum(20 - n for n in range(12))


def test_an_amount_below_zero_is_no_slice() -> None:
    segments = chart(line("shop", 3), line("credit", -1))["shares"]["segments"]
    assert [segment["label"] for segment in segments] == ["shop"]


def test_a_chart_says_its_total_and_its_largest_parts() -> None:
    rows = [line("a", 4), line("b", 3), line("c", 2), line("d", 1)]
    assert chart(*rows)["shares"]["description"] == (
        "Shares of the total by namespace: total $10.00; largest a $4.00, b $3.00, c $2.00."
    )


def test_kinds_are_stacked_by_namespace_with_idle_left_out() -> None:
    rows = [
        line("shop / job", 2, namespace="shop", controller_kind="job"),
        line("web / job", 1, namespace="web", controller_kind="job"),
        line("Idle", 9, Kind.IDLE, namespace="__idle__", controller_kind="__idle__"),
    ]
    spec = charts.kinds(rows, "USD", link=lambda _: "")
    assert [bar["text"] for bar in spec["bars"]] == ["$3.00"]
    assert [(series["label"], series["values"]) for series in spec["series"]] == [
        ("shop", [2.0]),
        ("web", [1.0]),
    ]
