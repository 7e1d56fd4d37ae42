"""What lines look like: keys, kinds, Others, efficiency, idle, in small examples."""

from decimal import Decimal

import pytest

from costinsights.costs.current.dimensions import parse_aggregate
from costinsights.costs.current.grouping import ClusterRows, Grouped, group_costs
from costinsights.costs.current.query import CurrentCostQuery
from costinsights.costs.current.rows import Flag, Kind
from costinsights.costs.read_scope import EVERYTHING
from costinsights.opencost.schema import AllocatedCost, RowKind
from tests.costs.conftest import NOW
from tests.costs.rows import cost_row, idle_row


def group(*rows: AllocatedCost, **parameters: str) -> Grouped:
    return group_costs(
        [ClusterRows("prod", "Production", rows)],
        CurrentCostQuery.parse(parameters, now=NOW, scope=EVERYTHING),
    )


def amounts(answer: Grouped) -> dict[str, int]:
    return {row.label: row.total for row in answer.rows}


def test_a_missing_label_is_unallocated() -> None:
    answer = group(
        cost_row(labels={"app_kubernetes_io_name": "web"}, cpu_cost=5),
        cost_row(cpu_cost=3),
        aggregate="label:app.kubernetes.io/name",
    )

    assert amounts(answer) == {"web": 5, "Unallocated": 3}
    assert answer.rows[1].kind == Kind.UNALLOCATED
    assert answer.kpis.unallocated == 3


def test_volumes_without_a_pod_are_a_kind_of_their_own() -> None:
    answer = group(
        cost_row(kind=RowKind.UNMOUNTED, namespace="__unmounted__", pv_cost=7), cost_row(cpu_cost=1)
    )

    assert [(row.label, row.kind) for row in answer.rows] == [
        ("Unmounted", Kind.UNMOUNTED),
        ("shop", Kind.WORKLOAD),
    ]


def test_what_is_past_the_limit_becomes_others_and_idle_stays() -> None:
    rows = [cost_row(namespace=f"n{number}", cpu_cost=number) for number in range(1, 6)]
    answer = group(*rows, idle_row(cpu_cost=50), limit="2")

    assert amounts(answer) == {"n5": 5, "n4": 4, "Others (3)": 6, "Idle": 50}
    assert answer.rows[2].members == 3


def test_idle_is_shared_by_component_in_proportion_to_cost() -> None:
    answer = group(
        cost_row(namespace="a", cpu_cost=30, ram_cost=10),
        cost_row(namespace="b", cpu_cost=10, ram_cost=10),
        idle_row(cpu_cost=8, ram_cost=3),
        idle="share",
    )

    assert {row.label: row.components["cpu"] for row in answer.rows} == {"a": 36, "b": 12}
    assert {row.label: row.components["ram"] for row in answer.rows} == {"a": 12, "b": 11}
    assert all(row.flags == [Flag.IDLE_SHARED] for row in answer.rows)


def test_idle_that_nobody_uses_stays_apart_and_says_so() -> None:
    answer = group(cost_row(cpu_cost=30), idle_row(cpu_cost=8, gpu_cost=5), idle="share")

    idle = next(row for row in answer.rows if row.kind == Kind.IDLE)
    assert (idle.total, idle.flags) == (5, [Flag.IDLE_NOT_SHARED])


def test_a_namespace_carries_the_same_share_of_idle_under_a_filter() -> None:
    rows = [cost_row(namespace="a", cpu_cost=30), cost_row(namespace="b", cpu_cost=10)]
    whole = group(*rows, idle_row(cpu_cost=8), idle="share")
    part = group(*rows, idle_row(cpu_cost=8), idle="share", filter='namespace:"a"')

    assert amounts(part) == {"a": amounts(whole)["a"]} == {"a": 36}


def test_idle_is_shared_within_its_own_cluster() -> None:
    query = CurrentCostQuery.parse(
        {"aggregate": "cluster", "idle": "share"}, now=NOW, scope=EVERYTHING
    )
    clusters = [
        ClusterRows("one", "One", [cost_row(cpu_cost=1), idle_row(cpu_cost=9)]),
        ClusterRows("two", "Two", [cost_row(cpu_cost=1)]),
    ]

    assert amounts(group_costs(clusters, query)) == {"One": 10, "Two": 1}


def test_efficiency_is_weighed_by_cost() -> None:
    answer = group(
        cost_row(cpu_cost=75, ram_cost=25, cpu_request=4, cpu_usage=1, ram_request=8, ram_usage=4)
    )

    efficiency = answer.rows[0].efficiency
    assert (efficiency.cpu, efficiency.ram) == (Decimal("0.2500"), Decimal("0.5000"))
    assert efficiency.total == Decimal("0.3125")


def test_efficiency_of_rows_together_counts_their_time() -> None:
    answer = group(
        cost_row(cpu_cost=1, cpu_request=1, cpu_usage=1, minutes=60),
        cost_row(cpu_cost=1, cpu_request=1, cpu_usage=0, minutes=180),
    )

    assert answer.rows[0].efficiency.cpu == Decimal("0.2500")


@pytest.mark.parametrize(
    ("request_", "usage", "expected"),
    [(None, 1.0, None), (0.0, 0.0, None), (0.0, 0.5, Decimal(1)), (1e-9, 64.0, Decimal(9999))],
)
def test_efficiency_without_a_request(
    request_: float | None, usage: float, expected: Decimal | None
) -> None:
    answer = group(cost_row(cpu_cost=1, cpu_request=request_, cpu_usage=usage))

    assert answer.rows[0].efficiency.cpu == expected


def test_a_null_component_is_flagged_in_its_line_and_counted() -> None:
    answer = group(cost_row(cpu_cost=5, unknown=("load_balancer",)), cost_row(namespace="b"))

    assert answer.rows[0].flags == [Flag.UNKNOWN_COST]
    assert answer.reconciliation.unknown_rows == 1


def test_opencosts_own_total_is_only_compared() -> None:
    answer = group(cost_row(cpu_cost=100, reported_total=90), cost_row(cpu_cost=5))

    assert answer.kpis.total == 105
    assert answer.reconciliation.opencost_total == 90
    assert answer.reconciliation.opencost_difference == 10


def test_a_line_without_a_value_sorts_last_either_way() -> None:
    rows = [
        cost_row(namespace="none", cpu_cost=9),
        cost_row(namespace="low", cpu_cost=1, cpu_request=4, cpu_usage=1),
        cost_row(namespace="high", cpu_cost=1, cpu_request=1, cpu_usage=1),
    ]

    assert list(amounts(group(*rows, sort="-efficiency"))) == ["high", "low", "none"]
    assert list(amounts(group(*rows, sort="efficiency"))) == ["low", "high", "none"]


def test_hidden_idle_is_said() -> None:
    answer = group(cost_row(cpu_cost=5), idle_row(cpu_cost=8), idle="hide")

    assert (answer.kpis.total, answer.hidden_idle, answer.kpis.idle) == (5, 8, 8)


def test_dimensions_combine_into_one_key() -> None:
    answer = group(cost_row(cpu_cost=1), aggregate="cluster,namespace,controller_kind")

    assert answer.rows[0].key == {
        "cluster": "prod",
        "namespace": "shop",
        "controller_kind": "deployment",
    }
    assert answer.rows[0].label == "Production / shop / deployment"


def test_a_dimension_keeps_the_name_it_was_asked_by() -> None:
    (dimension,) = parse_aggregate("label:app.kubernetes.io/name")

    assert str(dimension) == "label:app.kubernetes.io/name"
