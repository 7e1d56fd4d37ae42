"""Σ lines = total, whatever is asked of whatever rows."""

from hypothesis import given, settings

from costinsights.costs.current.drill import drill
from costinsights.costs.current.grouping import ClusterRows, group_costs
from costinsights.costs.current.query import CurrentCostQuery, IdleMode, SortOrder
from costinsights.costs.current.rows import Kind
from costinsights.opencost.schema import COMPONENTS
from tests.costs.rows import EXAMPLES, clusters, queries


@settings(EXAMPLES, max_examples=500)
@given(clusters(), queries())
def test_lines_add_up_to_the_total_exactly(
    data: list[ClusterRows], query: CurrentCostQuery
) -> None:
    answer = group_costs(data, query)

    assert answer.reconciliation.difference == 0
    assert sum(row.total for row in answer.rows) == answer.totals.total == answer.kpis.total
    for name in COMPONENTS:
        assert sum(row.components[name] for row in answer.rows) == answer.totals.components[name]
    assert all(sum(row.components.values()) == row.total for row in answer.rows)


@settings(EXAMPLES, max_examples=200)
@given(clusters(), queries())
def test_without_a_filter_the_total_is_what_the_rows_cost(
    data: list[ClusterRows], query: CurrentCostQuery
) -> None:
    answer = group_costs(data, query.narrowed(filter=None, filter_text=""))

    everything = sum(row.total for cluster in data for row in cluster.rows)
    assert answer.kpis.total + (answer.hidden_idle or 0) == everything


@settings(EXAMPLES, max_examples=200)
@given(clusters(), queries())
def test_sharing_idle_moves_money_and_makes_none(
    data: list[ClusterRows], query: CurrentCostQuery
) -> None:
    unfiltered = query.narrowed(filter=None, filter_text="")
    shared = group_costs(data, unfiltered.narrowed(idle=IdleMode.SHARE))
    separate = group_costs(data, unfiltered.narrowed(idle=IdleMode.SEPARATE))

    assert shared.totals.components == separate.totals.components
    assert shared.kpis.idle == separate.kpis.idle


@settings(EXAMPLES, max_examples=200)
@given(clusters(), queries())
def test_drilling_into_a_line_never_changes_its_total(
    data: list[ClusterRows], query: CurrentCostQuery
) -> None:
    answer = group_costs(data, query)

    for row in answer.rows:
        deeper = drill(query, row)
        if deeper is None:
            continue
        chosen = [c for c in data if not deeper.clusters or c.slug in deeper.clusters]
        below = group_costs(chosen, deeper)
        # Going into a cluster or a node shows its idle cost too, which has a line of its own above.
        idle = [line for line in answer.rows if line.kind == Kind.IDLE and line.key == row.key]
        assert below.kpis.total == sum(line.total for line in [row, *idle])
        assert below.reconciliation.difference == 0


@settings(EXAMPLES, max_examples=150)
@given(clusters(), queries())
def test_the_limit_changes_the_number_of_lines_only(
    data: list[ClusterRows], query: CurrentCostQuery
) -> None:
    short, long = (group_costs(data, query.narrowed(limit=n)) for n in (2, 1000))

    assert short.totals == long.totals
    ranked = [row for row in short.rows if row.kind not in {Kind.OTHERS, Kind.IDLE}]
    assert ranked == [row for row in long.rows if row.kind != Kind.IDLE][: len(ranked)]
    assert len(ranked) <= 2


@settings(EXAMPLES, max_examples=200)
@given(clusters(), queries())
def test_the_order_of_rows_from_opencost_changes_no_amount(
    data: list[ClusterRows], query: CurrentCostQuery
) -> None:
    query = query.narrowed(
        idle=IdleMode.SEPARATE, limit=1000, sort=SortOrder("name", descending=False)
    )
    turned = [ClusterRows(c.slug, c.name, list(reversed(c.rows))) for c in data]

    first, second = group_costs(data, query), group_costs(turned, query)

    assert [(r.key, r.components) for r in first.rows] == [
        (r.key, r.components) for r in second.rows
    ]


@settings(EXAMPLES, max_examples=200)
@given(clusters(), queries())
def test_hidden_idle_is_exactly_what_was_left_out(
    data: list[ClusterRows], query: CurrentCostQuery
) -> None:
    hidden = group_costs(data, query.narrowed(idle=IdleMode.HIDE))
    shown = group_costs(data, query.narrowed(idle=IdleMode.SEPARATE))

    assert hidden.kpis.total + (hidden.hidden_idle or 0) == shown.kpis.total
    assert not any(row.kind == Kind.IDLE for row in hidden.rows)
