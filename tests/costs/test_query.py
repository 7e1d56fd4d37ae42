"""Parameters become a question, or an error that names the parameter; drafts become one spelling."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costinsights.core.errors import InvalidInput
from costinsights.costs.current.drill import branches_of, breadcrumb, drill
from costinsights.costs.current.grouping import ClusterRows, group_costs
from costinsights.costs.current.query import PARAMETERS, CurrentCostQuery
from costinsights.costs.drafts import checked_scope, checked_url, free_slug
from costinsights.costs.read_scope import EVERYTHING
from tests.costs.conftest import NOW
from tests.costs.rows import EXAMPLES, cost_row


def parse(**parameters: str) -> CurrentCostQuery:
    return CurrentCostQuery.parse(parameters, now=NOW, scope=EVERYTHING)


def test_nothing_asked_is_today_by_namespace() -> None:
    query = parse()

    assert (query.window, query.aggregate_text, str(query.sort)) == ("today", "namespace", "-total")
    assert query.parameters() == {}


def test_a_question_survives_its_own_link() -> None:
    query = parse(
        window="7d",
        aggregate="namespace,label:app",
        filter='namespace:"shop"',
        cluster="b,a",
        idle="share",
        limit="5",
        sort="-cpu",
        currency="eur",
    )

    assert CurrentCostQuery.parse(query.parameters(), now=NOW, scope=EVERYTHING) == query


@settings(EXAMPLES, max_examples=500)
@given(st.dictionaries(st.sampled_from(PARAMETERS), st.text(max_size=40)))
def test_any_text_is_a_question_or_a_named_error(parameters: dict[str, str]) -> None:
    named = ""
    try:
        query = CurrentCostQuery.parse(parameters, now=NOW, scope=EVERYTHING)
    except InvalidInput as error:
        named = error.field

    assert (
        named in PARAMETERS
        or CurrentCostQuery.parse(query.parameters(), now=NOW, scope=EVERYTHING) == query
    )


def test_the_way_down_can_be_read_back() -> None:
    query = parse(aggregate="cluster")
    rows = [cost_row(cpu_cost=5, cluster="any")]
    taken = []
    while query is not None:
        answer = group_costs([ClusterRows("prod", "Production", rows)], query)
        taken.append(query.aggregate_text)
        deeper = drill(query, answer.rows[0])
        if deeper is None:
            break
        query = deeper

    assert taken == ["cluster", "namespace", "controller_kind", "controller", "pod", "container"]
    crumbs = breadcrumb(query, {"prod": "Production"})
    assert [crumb.label for crumb in crumbs] == [
        "All",
        "Production",
        "shop",
        "deployment",
        "api",
        "api-1",
    ]
    back = crumbs[2].query
    assert back is not None
    assert (back.aggregate_text, len(branches_of(back.filter))) == ("controller_kind", 1)


def test_a_filter_typed_by_a_person_stays_on_the_way_down() -> None:
    query = parse(filter='namespace:"shop"|label[app]:"web"')
    answer = group_costs([ClusterRows("p", "P", [cost_row(cpu_cost=1)])], query)

    deeper = drill(query, answer.rows[0])

    assert deeper is not None
    assert deeper.filter_text == '(namespace:"shop"|label[app]:"web")+namespace:"shop"'


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" HTTPS://OpenCost.Example.com:9003/model/ ", "https://opencost.example.com:9003/model"),
        ("http://[::1]:9003", "http://[::1]:9003"),
    ],
)
def test_an_address_has_one_spelling(typed: str, stored: str) -> None:
    assert checked_url(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "opencost",
        "ftp://x",
        "http://",
        "http://a b",
        "http://u:p@x",
        "http://x/?q",
        "http://x/#f",
        "http://x:99999",
        "http://x\n.com",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_url(typed)

    assert refused.value.field == "opencost_url"


def test_a_scope_that_cannot_be_read_points_at_the_place() -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_scope('namespace:"a"+')

    assert refused.value.field == "scope_filter"
    assert refused.value.extra["position"] == 14


def test_slugs_are_made_from_names_and_never_taken_twice() -> None:
    assert free_slug("Prod EU", set()) == "prod-eu"
    assert free_slug("Prod EU", {"prod-eu", "prod-eu-2"}) == "prod-eu-3"
    assert free_slug("生产", set()) == "cluster"
    assert len(free_slug("x" * 90, {"x" * 40})) <= 40
