"""What a limited member sees is the sum of the rows that match, at every level, and nothing of the others."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costinsights.accounts.models import Role, User
from costinsights.costs.current.drill import drill
from costinsights.costs.current.grouping import ClusterRows, group_costs
from costinsights.costs.current.query import CurrentCostQuery
from costinsights.costs.current.rows import Kind
from costinsights.costs.read_scope import EVERYTHING, ReadScope
from costinsights.costs.selectors import read_scope_of
from costinsights.opencost.filters import AnyOf
from costinsights.opencost.schema import AllocatedCost, RowKind
from tests.costs.rows import EXAMPLES, NAMESPACES, clusters, cost_row, idle_row, queries

NOW = dt.datetime(2026, 11, 23, 15, 20, tzinfo=dt.UTC)
_labels = st.sampled_from(["app=web", "app=api", "team=blue", "team=red", "app.k8s.io/x=web"])
scopes = st.builds(
    ReadScope.limited_to,
    st.lists(st.sampled_from([*NAMESPACES, "__idle__", "__unmounted__"]), max_size=3),
    st.lists(_labels, max_size=2),
)


def matches(row: AllocatedCost, scope: ReadScope) -> bool:
    """Written down again, apart from the filter language."""
    if row.kind == RowKind.IDLE:
        return False
    by_name = row.namespace in scope.namespaces
    return by_name or any(
        row.labels.get(name.replace(".", "_").replace("/", "_")) == value
        for name, value in scope.labels
    )


def visible(data: list[ClusterRows], scope: ReadScope) -> list[ClusterRows]:
    """The data as if the others' rows had never been."""
    return [ClusterRows(c.slug, c.name, [r for r in c.rows if matches(r, scope)]) for c in data]


@EXAMPLES
@given(clusters(), queries(), scopes)
def test_the_answer_is_that_of_a_world_without_the_others_rows(
    data: list[ClusterRows], query: CurrentCostQuery, scope: ReadScope
) -> None:
    seen = group_costs(data, query.narrowed(scope=scope))
    alone = group_costs(visible(data, scope), query.narrowed(scope=EVERYTHING))
    assert (seen.rows, seen.totals, seen.seen_rows) == (alone.rows, alone.totals, alone.seen_rows)
    assert seen.reconciliation == alone.reconciliation
    assert (seen.hidden_idle, seen.kpis.idle) == (None, None)
    assert not any(row.kind == Kind.IDLE for row in seen.rows)


@EXAMPLES
@given(clusters(), queries(), scopes)
def test_every_level_down_adds_up_to_the_rows_that_match(
    data: list[ClusterRows], query: CurrentCostQuery, scope: ReadScope
) -> None:
    query = query.narrowed(scope=scope, filter=None, filter_text="", clusters=(), limit=1000)
    expected = sum(row.total for cluster in data for row in cluster.rows if matches(row, scope))
    assert group_costs(data, query).totals.total == expected
    _walk(data, query)


def _walk(data: list[ClusterRows], query: CurrentCostQuery, depth: int = 0) -> None:
    """Each line that opens holds exactly its own total, and never a row out of scope."""
    chosen = [c for c in data if not query.clusters or c.slug in query.clusters]
    for line in group_costs(chosen, query).rows:
        below = drill(query, line)
        if below is None or depth > 4:
            continue
        assert below.scope == query.scope
        inner = [c for c in data if not below.clusters or c.slug in below.clusters]
        assert group_costs(inner, below).totals.total == line.total
        _walk(data, below, depth + 1)


@EXAMPLES
@given(clusters(), queries())
def test_without_a_limit_nothing_changes(data: list[ClusterRows], query: CurrentCostQuery) -> None:
    for cluster in data:
        assert EVERYTHING.visible(cluster.rows) is cluster.rows
    assert group_costs(data, query).seen_rows == {c.slug: len(c.rows) for c in data}


@EXAMPLES
@given(scopes, scopes, queries())
def test_two_limits_share_a_cached_answer_only_when_they_are_equal(
    one: ReadScope, other: ReadScope, query: CurrentCostQuery
) -> None:
    digests = [query.narrowed(scope=scope).digest() for scope in (one, other, EVERYTHING)]
    assert (digests[0] == digests[1]) is (one == other)
    assert digests[2] not in digests[:2]


def test_a_question_without_a_scope_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="scope"):
        CurrentCostQuery.parse({}, now=None)  # type: ignore[call-arg,arg-type]  # that is the test


@pytest.mark.parametrize(
    ("namespaces", "labels"),
    [(["__idle__"], []), ([""], []), ([], ["team="]), ([], ["team=__unallocated__"]), ([], ["=x"])],
)
def test_a_limit_that_names_nothing_shows_nothing(namespaces: list[str], labels: list[str]) -> None:
    scope = ReadScope.limited_to(namespaces, labels)
    rows = [cost_row(), cost_row(namespace=""), cost_row(namespace="__unmounted__"), idle_row()]
    assert scope.condition == AnyOf(())
    assert list(scope.visible(rows)) == []


def test_a_persons_text_cannot_widen_their_scope() -> None:
    scope = ReadScope.limited_to(["shop"], [])
    rows = [cost_row(cpu_cost=1), cost_row(namespace="web", cpu_cost=10)]
    for text in ('namespace:"web"', 'namespace:"shop"|namespace:"web"', 'namespace!:"none"'):
        query = CurrentCostQuery.parse({"filter": text}, now=NOW, scope=scope)
        assert group_costs([ClusterRows("c", "C", rows)], query).totals.total in (0, 1)


def test_the_scope_is_what_the_members_row_says() -> None:
    viewer = User(role=Role.VIEWER, scope_namespaces=["b", "a"], scope_labels=["x/y=z"])
    scope = read_scope_of(viewer)
    assert (scope.namespaces, scope.labels) == (("a", "b"), (("x/y", "z"),))
    assert scope.words == "namespaces a, b or label x/y=z"
    assert read_scope_of(User(role=Role.VIEWER)) is EVERYTHING
