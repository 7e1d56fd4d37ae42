"""The filter language: read, written, judged like OpenCost does, and never a way out of a scope."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costinsights.core.errors import InvalidInput
from costinsights.opencost.filters import (
    DEEPEST_FILTER,
    LONGEST_FILTER,
    MAP_FIELDS,
    NAME_FIELDS,
    AllOf,
    AnyOf,
    Comparison,
    Filter,
    FilterSyntaxError,
    Operator,
    all_of,
    compare,
    equals,
    parse_filter,
)
from costinsights.opencost.rows import AllocatedCost
from tests.fakes.opencost_rows import allocated_cost

ROW = allocated_cost(
    "shop",
    cluster="eu-1",
    node="node/7",
    controller_kind="deployment",
    controller="web",
    pod="web-5d9",
    container="nginx",
    provider_id="aws:///i-0",
    services=("front", "web"),
    labels={"app_kubernetes_io_name": "web", "team": ""},
    annotations={"owner": "ann+bob"},
)
BARE = allocated_cost("", cluster="", node="", pod="", container="")

texts = st.text(st.characters(exclude_characters='"', exclude_categories=["Cs"]), max_size=8)
comparisons = st.one_of(
    st.builds(
        Comparison,
        st.sampled_from([*NAME_FIELDS, "services"]),
        st.sampled_from(Operator),
        st.lists(texts, min_size=1, max_size=3).map(tuple),
    ),
    st.builds(
        Comparison,
        st.sampled_from(MAP_FIELDS),
        st.sampled_from(Operator),
        st.lists(texts, min_size=1, max_size=3).map(tuple),
        st.from_regex(r"[A-Za-z0-9_]{0,6}", fullmatch=True),
    ),
)
trees: st.SearchStrategy[Filter] = st.recursive(
    comparisons,
    lambda inner: st.builds(
        lambda kind, branches: kind(tuple(branches)),
        st.sampled_from([AllOf, AnyOf]),
        st.lists(inner, min_size=2, max_size=3),
    ),
    max_leaves=8,
)
names = st.sampled_from(["", "a", "shop", "web", "__unallocated__", "eu-1"]) | texts
rows = st.builds(
    allocated_cost,
    names,
    cluster=names,
    node=names,
    pod=names,
    container=names,
    controller=names,
    services=st.lists(names, max_size=2).map(tuple),
    labels=st.dictionaries(st.sampled_from(["app", "team"]), names),
)
# Pieces of the language in any order: far likelier to be nearly a filter than random text is.
PIECES = (
    *("(", ")", "+", "|", ",", ":", "!:", '"a"', '"', "[", "]", "namespace", "label", "[app]", " "),
    *('cluster:"b"', 'namespace:"shop"', ')|cluster:"b"', "%2B", '"+"', "\n", "\\", "__idle__"),
)
fragments = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ('namespace:"shop"', True),
        ('namespace:"Shop"', False),
        ('namespace:"a","shop"', True),
        ('namespace!:"a","shop"', False),
        ('namespace!:"a","b"', True),
        ('namespace~:"ho"', True),
        ('namespace!~:"ho"', False),
        ('namespace<~:"sh"', True),
        ('namespace!<~:"sh"', False),
        ('pod~>:"5d9"', True),
        ('pod!~>:"5d9"', False),
        ('node:"node/7"', True),
        ('cluster:"eu-1"', True),
        ('controllerKind:"deployment"+controllerName:"web"', True),
        ('container:"nginx"|container:"x"', True),
        ('provider<~:"aws:"', True),
        ('services:"web"', True),
        ('services~:"we"', False),
        ('services!:"web"', False),
        ('services<~:"fr"', True),
        ('services:"__unallocated__"', False),
        ('label[app.kubernetes.io/name]:"web"', True),
        ('label[app_kubernetes_io_name]:"web"', True),
        ('label[team]:"__unallocated__"', True),
        ('label[absent]:""', True),
        ('label[absent]!:"x"', True),
        ('label:"app.kubernetes.io/name"', True),
        ('label~:"team"', True),
        ('label!:"team"', False),
        ('label<~:"app"', True),
        ('label:"nothing"', False),
        ('annotation[owner]:"ann+bob"', True),
        ('annotation:"owner"', True),
        ('(namespace:"x"|pod:"web-5d9")+cluster:"eu-1"', True),
        ('namespace:"x"|(pod:"web-5d9"+cluster:"eu-2")', False),
        (' namespace\t:\n"shop" , "x" ', True),
        ('((namespace:"shop"))', True),
        ('namespace:""', False),
        ('namespace:"__unallocated__"', False),
    ],
)  # fmt: skip
def test_rows_are_judged_as_opencost_does(text: str, matches: bool) -> None:
    assert parse_filter(text).matches(ROW) is matches


@pytest.mark.parametrize("field", [*NAME_FIELDS, "services", "label[x]", "annotation[x]"])
def test_unallocated_finds_what_is_empty(field: str) -> None:
    assert parse_filter(f'{field}:"__unallocated__"').matches(BARE)


@pytest.mark.parametrize(
    ("text", "position", "hint"),
    [
        ("", 0, "For example"),
        ("   ", 3, "For example"),
        ("namespace", 9, "operators"),
        ('namespace="shop"', 9, "colon"),
        ("namespace:shop", 10, '"shop"'),
        ("namespace:'shop'", 10, "straight double quotes"),
        ("namespace:“shop”", 10, "straight double quotes"),
        ('namespace:"shop', 10, "Close"),
        ('namespace:"shop",', 17, "double quotes"),
        ('Namespace:"x"', 0, "“namespace”"),
        ('namspace:"x"', 0, "“namespace”"),
        ('controller:"x"', 0, "“controllerName”"),
        ('service:"x"', 0, "“services”"),
        ('label[app:"x"', 5, "]"),
        ('label[]:"x"', 5, "label[app]"),
        ('pod[x]:"x"', 3, "label and annotation"),
        ('namespace:"a" pod:"b"', 14, "%2B"),
        ('namespace:"a"+', 14, "Fields that work"),
        ('+namespace:"a"', 0, "Fields that work"),
        ('namespace:"a"+pod:"b"|pod:"c"', 21, "parentheses"),
        ('(namespace:"a"', 0, "Add a )"),
        ('namespace:"a")', 13, "Remove"),
        ("()", 1, "Fields that work"),
        ('namespace!"a"', 9, "operators"),
        ('namespace:"a"&&pod:"b"', 13, "AND is written +"),
        ('namespace:"a";', 13, "AND is written +"),
        ('team:"x"', 0, "Fields that work: cluster, node, namespace"),
        ('nodeLabel[x]:"x"', 0, "Fields that work"),
        ("(" * (DEEPEST_FILTER + 1) + 'pod:"x"', DEEPEST_FILTER, "20 levels"),
        ('pod:"' + "x" * LONGEST_FILTER, LONGEST_FILTER, "4,000"),
        ("\ud800", 0, "half of a character"),
        ("\0", 0, "For example"),
    ],
)  # fmt: skip
def test_a_syntax_error_has_its_position_and_a_way_out(text: str, position: int, hint: str) -> None:
    with pytest.raises(FilterSyntaxError) as caught:
        parse_filter(text)

    assert caught.value.position == position
    assert hint in caught.value.hint
    assert (caught.value.field, caught.value.extra["position"]) == ("filter", position)
    caught.value.message.encode()


@given(trees)
def test_a_rendered_filter_reads_back_as_itself(tree: Filter) -> None:
    assert parse_filter(tree.render()) == tree


@given(trees, rows)
def test_and_is_the_intersection_and_negation_the_complement(
    tree: Filter, row: AllocatedCost
) -> None:
    other = equals("namespace", "shop")
    both = all_of(other, tree)
    assert both is not None
    assert both.matches(row) == (other.matches(row) and tree.matches(row))
    for operator in Operator:
        if not operator.is_negated:
            plain = compare("namespace", operator, "shop", "a")
            negated = compare("namespace", Operator(f"!{operator.value}"), "shop", "a")
            assert plain.matches(row) != negated.matches(row)


@settings(max_examples=1000)
@given(trees, trees.map(lambda tree: tree.render()) | fragments | st.text(max_size=30), rows)
def test_no_text_a_person_types_escapes_the_scope(
    scope: Filter, text: str, row: AllocatedCost
) -> None:
    try:
        typed = parse_filter(text)
    except FilterSyntaxError:
        return
    combined = all_of(scope, typed)
    assert combined is not None

    reread = parse_filter(combined.render())

    assert isinstance(reread, AllOf)
    assert reread.branches == (scope, typed)
    if reread.matches(row):
        assert scope.matches(row)


@given(fragments | st.text(max_size=40))
def test_any_text_is_a_filter_or_a_syntax_error_inside_the_text(text: str) -> None:
    error = None
    try:
        tree = parse_filter(text)
    except FilterSyntaxError as caught:
        error = caught

    if error is None:
        assert parse_filter(tree.render()) == tree
    else:
        assert 0 <= error.position <= len(text)
        assert error.hint


def test_nothing_to_ask_is_no_filter_and_one_filter_is_itself() -> None:
    one = equals("namespace", "shop")

    assert all_of() is None
    assert all_of(None, None) is None
    assert all_of(None, one) is one


def test_programs_build_filters_from_parts() -> None:
    assert (
        equals("label", "web", key="app.kubernetes.io/name").render()
        == 'label[app_kubernetes_io_name]:"web"'
    )
    assert equals("namespace", "a)|cluster:", "b+c").render() == 'namespace:"a)|cluster:","b+c"'


@pytest.mark.parametrize(
    ("field", "value", "key"),
    [("namespace", 'a"b', ""), ("team", "a", ""), ("namespace", "a", "k"), ("pod", "\ud800", "")],
)  # fmt: skip
def test_what_the_language_cannot_say_is_refused(field: str, value: str, key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        equals(field, value, key=key)

    caught.value.message.encode()
    str(caught.value.extra).encode()


def test_a_comparison_needs_a_value() -> None:
    with pytest.raises(InvalidInput):
        compare("namespace", Operator.EQUALS)
