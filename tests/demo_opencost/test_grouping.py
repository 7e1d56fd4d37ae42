"""aggregate, accumulate, step: the demo groups as OpenCost does, oddities included."""

import pytest

from tests.demo_opencost.asking import MONDAY, rows, sets, total

TWO_DAYS = "2026-10-26T00:00:00Z,2026-10-28T00:00:00Z"


def test_several_keys_join_in_the_order_asked_for() -> None:
    found = rows(window=MONDAY, aggregate="namespace,controllerKind,controller")

    assert found["payments/deployment/deployment:payments-api"]["properties"] == {
        "cluster": "prod-eu-1",
        "controller": "payments-api",
        "controllerKind": "deployment",
        "namespace": "payments",
        "namespaceLabels": found["payments/deployment/deployment:payments-api"]["properties"][
            "namespaceLabels"
        ],
        "namespaceAnnotations": {"finops_acme_test_owner": "payments-leads"},
    }


def test_the_default_grain_is_the_container() -> None:
    explicit = rows(window=MONDAY, aggregate="cluster,node,namespace,pod,container")

    assert rows(window=MONDAY) == explicit
    assert all(key == row["name"] for key, row in explicit.items())


def test_an_unknown_word_is_dropped_without_a_word() -> None:
    assert list(rows(window=MONDAY, aggregate="nmespace")) == [""]
    assert list(rows(window=MONDAY, aggregate="all")) == [""]


def test_words_are_read_in_any_case() -> None:
    query = {"window": MONDAY, "filter": 'namespace:"vault"'}

    assert rows(aggregate="NameSpace", **query) == rows(aggregate="namespace", **query)


@pytest.mark.parametrize("name", ["cost-centre", "cost_centre", "cost/centre"])
def test_label_names_are_sanitised(name: str) -> None:
    assert "CC-1010" in rows(window=MONDAY, aggregate=f"label:{name}")


def test_a_missing_label_is_unallocated() -> None:
    found = rows(window=MONDAY, aggregate="label:team,namespace")

    assert "__unallocated__/legacy-erp" in found
    assert "payments/payments" in found


def test_annotations_group_too() -> None:
    found = rows(window=MONDAY, aggregate="annotation:finops.acme.test/owner")

    assert set(found) == {"__unallocated__", "payments-leads"}


def test_team_product_and_environment_stand_for_fixed_labels() -> None:
    query = {"window": MONDAY}

    assert set(rows(aggregate="team", **query)) == set(rows(aggregate="label:team", **query))
    assert set(rows(aggregate="product", **query)) == set(rows(aggregate="label:app", **query))
    assert set(rows(aggregate="environment", **query)) == set(rows(aggregate="label:env", **query))


def test_a_kind_as_key_shows_other_kinds_as_unallocated() -> None:
    found = rows(window=MONDAY, aggregate="statefulset", filter='namespace:"search"')

    assert set(found) == {"opensearch-data", "opensearch-master", "__unallocated__"}


def test_services_take_the_first_and_unmounted_stays_unmounted() -> None:
    found = rows(window=MONDAY, aggregate="service")

    assert {"kube-dns", "__unallocated__", "__unmounted__"} <= set(found)


def test_labels_vanish_from_groups_unless_asked_for() -> None:
    query = {"window": MONDAY, "aggregate": "namespace"}
    plain = rows(**query)["payments"]["properties"]
    kept = rows(**query, includeAggregatedMetadata="true")["payments"]["properties"]

    assert "labels" not in plain
    assert "services" not in plain
    assert kept["labels"]["team"] == "payments"
    assert "app" not in kept["labels"]


def test_idle_is_one_row_whatever_the_aggregate() -> None:
    for aggregate in ("cluster", "namespace,pod", "label:team"):
        assert "__idle__" in rows(window=MONDAY, aggregate=aggregate, includeIdle="1")
        assert "__idle__" not in rows(window=MONDAY, aggregate=aggregate, includeIdle="yes")


def test_a_step_cuts_the_window_into_sets() -> None:
    found = sets(window=TWO_DAYS, step="12h", aggregate="cluster")

    assert [one["prod-eu-1"]["window"]["start"] for one in found] == [
        "2026-10-26T00:00:00Z",
        "2026-10-26T12:00:00Z",
        "2026-10-27T00:00:00Z",
        "2026-10-27T12:00:00Z",
    ]


def test_a_step_that_does_not_fit_overruns_the_window() -> None:
    found = sets(window=MONDAY, step="18h", aggregate="cluster")

    assert found[-1]["prod-eu-1"]["window"]["end"] == "2026-10-27T12:00:00Z"


def test_accumulate_makes_one_set_of_many() -> None:
    steps = sets(window=TWO_DAYS, step="1d", aggregate="namespace")
    (one,) = sets(window=TWO_DAYS, step="1d", aggregate="namespace", accumulate="true")

    assert len(steps) == 2
    assert total(one) == pytest.approx(sum(map(total, steps)), abs=1e-3)
    assert one["payments"]["window"]["end"] == "2026-10-28T00:00:00Z"
    assert one["payments"]["minutes"] == 2880


def test_calendar_accumulation_widens_the_query_to_whole_units() -> None:
    (week,) = sets("initech-1", window=MONDAY, accumulate="week", aggregate="cluster")
    (month,) = sets("initech-1", window=MONDAY, accumulateBy="month", aggregate="cluster")

    assert week["initech-1"]["window"]["start"] == "2026-10-25T00:00:00Z"
    assert month["initech-1"]["window"] == {
        "start": "2026-10-01T00:00:00Z",
        "end": "2026-11-01T00:00:00Z",
    }
