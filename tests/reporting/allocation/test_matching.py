"""The first condition that holds decides, judged as everywhere in the product."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costinsights.core.errors import InvalidInput
from costinsights.costs.current.idle import row_test
from costinsights.opencost.filters import Filter, parse_filter
from costinsights.opencost.rows import AllocatedCost, RowKind
from reporting.allocation.matching import FirstMatch, Match
from reporting.allocation.types import CostFact, FactKind
from tests.costs.rows import cost_row
from tests.reporting.allocation.examples import CONDITIONS, MONTHS, Month, examples


def first(fact: CostFact, *conditions: str) -> Match | None:
    return FirstMatch([parse_filter(text) if text else None for text in conditions]).of(fact)


def fact(**fields: object) -> CostFact:
    return CostFact(**{"kind": FactKind.WORKLOAD, "cluster": "prod", **fields})  # type: ignore[arg-type]  # a short cut


def test_the_first_condition_that_holds_wins_over_narrower_ones_after_it() -> None:
    match = first(fact(namespace="shop"), 'namespace<~:"s"', 'namespace:"shop"', "")
    assert match == Match(0)


def test_a_fact_that_meets_nothing_has_no_match() -> None:
    assert first(fact(namespace="shop"), 'namespace:"web"') is None


def test_a_cluster_is_known_by_its_slug_and_by_the_name_that_opencost_gives_it() -> None:
    row = fact(opencost_cluster="cluster-one")
    assert first(row, 'cluster:"prod"') == first(row, 'cluster:"cluster-one"') == Match(0)
    assert first(row, 'cluster!:"prod"') is first(row, 'cluster!:"cluster-one"') is None
    assert first(row, 'cluster!:"stage"') == Match(0)


def test_a_missing_name_is_found_as_unallocated() -> None:
    assert first(fact(), 'controllerName:"__unallocated__"') == Match(0)


def test_idle_cost_is_idle_in_every_field_and_not_missing() -> None:
    row = fact(kind=FactKind.IDLE)
    assert first(row, 'namespace:"__unallocated__"', 'namespace:"__idle__"') == Match(1)


def test_the_label_that_was_looked_at_is_told_with_its_value() -> None:
    row = fact(labels={"team": "shop", "app": "web"})
    assert first(row, 'label[team]:"shop"') == Match(0, "team", "shop")
    assert first(row, 'namespace:"x"|label[app]:"web"') == Match(0, "app", "web")
    assert first(row, 'label:"app"') == Match(0, "app", "web")


@pytest.mark.parametrize("field", ["node", "pod", "container", "provider", "services"])
def test_what_facts_do_not_have_is_refused_rather_than_never_met(field: str) -> None:
    with pytest.raises(InvalidInput, match="cluster, namespace"):
        FirstMatch([parse_filter(f'namespace:"shop"+{field}:"x"')])


def row_of(one: CostFact) -> AllocatedCost:
    return cost_row(
        kind=RowKind(one.kind.value),
        cluster=one.cluster,
        namespace=one.namespace,
        controller_kind=one.controller_kind,
        controller=one.controller,
        labels=one.labels,
        annotations=one.annotations,
    )


@examples(300)
@given(MONTHS, st.lists(st.sampled_from(CONDITIONS), max_size=5))
def test_finding_rules_by_value_answers_as_trying_each_of_them_on_a_row_of_opencost(
    month: Month, conditions: list[Filter | None]
) -> None:
    matcher = FirstMatch(conditions)
    tests = [row_test(condition) for condition in conditions]
    for one in month.facts:
        if one.kind is not FactKind.OVERHEAD:
            row = row_of(one)
            tried = next((place for place, passes in enumerate(tests) if passes(row)), None)
            found = matcher.of(one)
            assert (found.position if found else None) == tried
