"""The demo's rows held against what a real OpenCost 1.121 wrote: names, types, nullability, units."""

from itertools import chain
from typing import Any

import pytest

from tests.demo_opencost.asking import MONDAY, Rows, recorded, rows

NEWEST = "freepod-opencost_allocation.json"
GIB = 1024**3


@pytest.fixture(scope="module")
def real() -> list[dict[str, Any]]:
    return list(chain.from_iterable(one.values() for one in recorded(NEWEST)))


@pytest.fixture(scope="module")
def demo() -> Rows:
    return rows(
        window="2026-10-26T08:00:00Z,2026-10-26T09:00:00Z",
        aggregate="namespace,controllerKind,controller,container",
        includeIdle="true",
    )


def kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else type(value).__name__


def is_container(row: dict[str, Any]) -> bool:
    return "rawAllocationOnly" in row


def test_every_field_has_the_recorded_name_and_no_other(
    real: list[dict[str, Any]], demo: Rows
) -> None:
    recorded_names = set(chain.from_iterable(real))
    demo_names = set(chain.from_iterable(demo.values()))

    assert demo_names == recorded_names


def test_fields_come_in_the_recorded_order(real: list[dict[str, Any]], demo: Rows) -> None:
    container = next(row for row in real if is_container(row))
    ours = next(row for row in demo.values() if is_container(row))

    assert list(ours) == list(container)


def test_types_are_the_recorded_ones_null_included(real: list[dict[str, Any]], demo: Rows) -> None:
    allowed: dict[str, set[str]] = {}
    for row in real:
        for name, value in row.items():
            allowed.setdefault(name, set()).add(kind(value))
    allowed["lbAllocations"].add("dict")  # the recorded cluster has no balancer with pods

    for row in demo.values():
        for name, value in row.items():
            assert kind(value) in allowed[name], f"{row['name']}: {name} is {value!r}"


def test_a_row_without_a_pod_lacks_what_the_recorded_one_lacks(
    real: list[dict[str, Any]], demo: Rows
) -> None:
    theirs = next(row for row in real if row["properties"].get("container") == "__unmounted__")
    ours = next(
        row for row in demo.values() if row["properties"].get("container") == "__unmounted__"
    )

    assert set(ours) == set(theirs)
    assert ours["gpuAllocation"] is theirs["gpuAllocation"] is None


def test_nested_objects_have_the_recorded_fields(real: list[dict[str, Any]], demo: Rows) -> None:
    def shape(found: list[dict[str, Any]], name: str) -> set[str]:
        return set(chain.from_iterable(row[name] for row in found if row.get(name)))

    def volumes(found: list[dict[str, Any]]) -> set[str]:
        inner = chain.from_iterable((row["pvs"] or {}).values() for row in found)
        return set(chain.from_iterable(inner))

    ours = list(demo.values())
    without_gpu = [row for row in ours if row["gpuCost"] == 0]
    assert shape(without_gpu, "gpuAllocation") == shape(real, "gpuAllocation")
    assert shape(ours, "rawAllocationOnly") == shape(real, "rawAllocationOnly")
    assert shape(ours, "window") == shape(real, "window")
    assert volumes(ours) == volumes(real)


def test_a_rows_properties_have_recorded_names_and_types(
    real: list[dict[str, Any]], demo: Rows
) -> None:
    known = {name: kind(value) for row in real for name, value in row["properties"].items()}
    known |= {
        "annotations": "dict",
        "namespaceAnnotations": "dict",
    }  # nobody annotated the recorded

    for row in demo.values():
        for name, value in row["properties"].items():
            assert kind(value) == known[name]
            assert value, "OpenCost leaves empty properties out"


def test_map_keys_and_names_follow_the_recorded_pattern(demo: Rows) -> None:
    found = demo["catalog/statefulset/statefulset:catalog-postgres/postgres"]
    loose = demo["legacy-erp/__unallocated__/__unallocated__/__unmounted__"]

    assert found["name"] == "catalog/statefulset/statefulset:catalog-postgres/postgres"
    assert loose["properties"]["pod"] == "legacy-erp-unmounted-pvcs"
    assert next(iter(loose["pvs"])).startswith("cluster=prod-eu-1:name=pvc-")


def test_averages_and_prices_have_the_recorded_units(
    real: list[dict[str, Any]], demo: Rows
) -> None:
    for row in chain(real, demo.values()):
        hours = row["minutes"] / 60
        assert row["cpuCores"] * hours == pytest.approx(row["cpuCoreHours"], abs=1e-4)
        assert row["ramBytes"] * hours == pytest.approx(row["ramByteHours"], rel=1e-6, abs=1)
    container = demo["catalog/statefulset/statefulset:catalog-postgres/postgres"]
    assert container["ramCost"] / (container["ramByteHours"] / GIB) == pytest.approx(
        0.0049, rel=1e-3
    )


def test_numbers_have_at_most_five_decimals_and_whole_ones_no_point(demo: Rows) -> None:
    for row in demo.values():
        for value in row.values():
            if isinstance(value, float):
                assert round(value, 5) == value
                assert not value.is_integer()


def test_idle_looks_like_the_recorded_idle_but_is_never_negative() -> None:
    theirs = recorded("kartverket-opencost_response.json")[0]["__idle__"]
    ours = rows(window=MONDAY, aggregate="namespace", includeIdle="true")["__idle__"]

    assert ours["properties"] == {"cluster": "prod-eu-1"}
    assert set(theirs["properties"]) == {"cluster"}
    zero = [name for name, value in theirs.items() if value == 0 and name in ours]
    assert {name: ours[name] for name in zero} == dict.fromkeys(zero, 0)
    assert ours["cpuCost"] > 0
    assert ours["ramCost"] > 0
