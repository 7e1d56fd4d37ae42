"""What real installations answered, grouped: nulls, negative idle, merged rows. Σ lines = total there too."""

from pathlib import Path

import pytest

from costinsights.costs.current.grouping import ClusterRows, Grouped, group_costs
from costinsights.costs.current.query import CurrentCostQuery
from costinsights.costs.current.rows import Flag, Kind
from costinsights.costs.read_scope import EVERYTHING
from costinsights.opencost.schema import decode_allocations
from tests.costs.conftest import NOW

DATA = Path(__file__).parent.parent / "data" / "opencost"
FREEPOD, KARTVERKET = "freepod-opencost_allocation.json", "kartverket-opencost_response.json"


def group(sample: str, **parameters: str) -> Grouped:
    rows = decode_allocations((DATA / sample).read_bytes(), period=None).rows
    query = CurrentCostQuery.parse(parameters, now=NOW, scope=EVERYTHING)
    return group_costs([ClusterRows("real", "Real", rows)], query)


@pytest.mark.parametrize("sample", [FREEPOD, KARTVERKET])
@pytest.mark.parametrize("idle", ["separate", "share", "hide"])
@pytest.mark.parametrize(
    "aggregate", ["namespace", "controller_kind", "cluster,node,pod", "label:app"]
)
def test_real_rows_add_up(sample: str, aggregate: str, idle: str) -> None:
    answer = group(sample, aggregate=aggregate, idle=idle, limit="3")

    assert answer.rows
    assert answer.reconciliation.difference == 0
    assert abs(answer.reconciliation.opencost_difference) < 1_000  # rounding, no more


def test_a_real_null_load_balancer_is_flagged_not_zeroed_away() -> None:
    answer = group(FREEPOD)

    flagged = [row for row in answer.rows if Flag.UNKNOWN_COST in row.flags]
    assert flagged
    assert answer.reconciliation.unknown_rows >= 1


def test_real_negative_idle_is_shown_as_it_is() -> None:
    idle = [row for row in group(KARTVERKET).rows if row.kind == Kind.IDLE]

    assert [row.total < 0 for row in idle] == [True]
    assert Flag.NEGATIVE in idle[0].flags
