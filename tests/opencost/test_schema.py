"""Decoding: exact numbers, or a named error."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costinsights.core.money import micros_from_number
from costinsights.core.periods import ChargePeriod
from costinsights.opencost.errors import OpenCostAnswerInvalid, OpenCostQueryFailed
from costinsights.opencost.rows import RowFlag, RowKind
from costinsights.opencost.schema import _micros, decode_allocations, envelope_error
from tests.fakes.opencost_rows import (
    DAY,
    allocated_cost,
    envelope,
    idle_cost,
    wire_answer,
    wire_row,
)

Wire = dict[str, Any]


def decoded(**changes: Any) -> Any:
    """One row whose JSON differs from a good one in `changes`; "absent" takes a name away."""
    wire = wire_row(allocated_cost())
    for name, value in changes.items():
        wire[name] = value
        if value == "absent":
            del wire[name]
    return decode_allocations(envelope([{"key": wire}]), period=DAY).rows[0]


def refused(body: bytes) -> str:
    with pytest.raises(OpenCostAnswerInvalid) as caught:
        decode_allocations(body, period=DAY)
    assert not caught.value.retry_is_useful
    return caught.value.reason


def test_a_row_survives_the_wire() -> None:
    row = allocated_cost(
        cpu="1.23456", ram_cost=70_000, services=("a", "b"), labels={"app": "web"}, cpu_usage=0.25
    )

    assert decode_allocations(wire_answer(row), period=DAY).rows == [row]


def test_adjustments_belong_to_their_component() -> None:
    row = decoded(cpuCost=1.5, cpuCostAdjustment=-0.25, ramCostAdjustment=0.1, totalCost=1.35)

    assert (row.cpu_cost, row.ram_cost, row.total, row.flags) == (1_250_000, 100_000, 1_350_000, ())


@pytest.mark.parametrize("value", [None, "absent"])
def test_an_unknown_component_counts_nothing_and_is_named(value: object) -> None:
    row = decoded(loadBalancerCost=value, totalCost=None)

    assert row.unknown == ("load_balancer",)
    assert (row.load_balancer_cost, row.total, row.reported_total) == (0, 1_500_000, None)


def test_a_null_adjustment_makes_the_component_unknown_but_keeps_what_is_known() -> None:
    row = decoded(cpuCostAdjustment=None)

    assert (row.unknown, row.cpu_cost) == (("cpu",), 1_500_000)


def test_a_row_without_any_cost_is_refused() -> None:
    wire = {
        name: None if "Cost" in name else value for name, value in wire_row(idle_cost()).items()
    }

    assert refused(envelope([{"x": wire}])) == "no_cost"


def test_negative_idle_of_old_versions_is_kept_and_flagged() -> None:
    answer = decode_allocations(wire_answer(idle_cost("-186.571"), old=True), period=DAY)

    assert answer.envelope == "old"
    assert answer.rows[0].total == -186_571_000
    assert answer.rows[0].flags == (RowFlag.NEGATIVE_IDLE,)


def test_a_total_that_is_not_the_sum_of_its_parts_is_flagged_and_not_used() -> None:
    row = decoded(totalCost=1.6)

    assert (row.total, row.reported_total) == (1_500_000, 1_600_000)
    assert row.flags == (RowFlag.TOTAL_DIFFERS,)
    assert decoded(totalCost=1.50002).flags == ()


@pytest.mark.parametrize(
    ("name", "properties", "kind"),
    [
        ("__idle__", {}, RowKind.IDLE),
        ("cluster-one/__idle__", {"cluster": "cluster-one"}, RowKind.IDLE),
        ("a/__idle__", {"namespace": "a"}, RowKind.WORKLOAD),
        ("my__idle__thing", {"namespace": "my__idle__thing"}, RowKind.WORKLOAD),
        ("__unmounted__", {}, RowKind.UNMOUNTED),
        ("c//x/x-unmounted-pvcs/__unmounted__", {"namespace": "x", "container": "__unmounted__"}, RowKind.UNMOUNTED),
        ("shop", {"namespace": "shop"}, RowKind.WORKLOAD),
        ("", {}, RowKind.WORKLOAD),
    ],
)  # fmt: skip
def test_idle_and_unmounted_are_known_by_exact_names(
    name: str, properties: Wire, kind: RowKind
) -> None:
    assert decoded(name=name, properties=properties).kind is kind


def test_keys_are_never_read() -> None:
    wire = wire_row(allocated_cost(node="node/with/slashes", namespace="shop"))
    answer = decode_allocations(envelope([{"a/b/c/d/e/f": wire}]), period=DAY)

    assert (answer.rows[0].node, answer.rows[0].namespace) == ("node/with/slashes", "shop")


def test_services_are_sorted_and_named_once() -> None:
    row = decoded(properties={"services": ["traefik", "ssh", "traefik"]})

    assert row.services == ("ssh", "traefik")


@pytest.mark.parametrize("data", [None, [], [None], [{}], [{}, None, {}]])
@pytest.mark.parametrize("old", [False, True])
def test_no_data_is_an_empty_answer(data: object, old: bool) -> None:
    assert decode_allocations(envelope(data, old=old), period=DAY).rows == []


def test_an_empty_asset_set_is_an_empty_answer() -> None:
    message = "error accumulating: AllocationSetRange has empty AssetSet in accumulation"
    body = envelope(None, code=500, message=message)

    assert decode_allocations(body, period=DAY).rows == []


@pytest.mark.parametrize("data", [None, "", {}, [{"x": "y"}]])
def test_an_error_under_http_200_is_an_error(data: object) -> None:
    with pytest.raises(OpenCostQueryFailed, match="prometheus is down") as caught:
        decode_allocations(
            envelope(data, code=500, message="prometheus is down", old=True), period=DAY
        )

    assert caught.value.retry_is_useful


def test_rows_of_several_sets_of_the_window_are_all_taken() -> None:
    first, second = wire_row(allocated_cost("a")), wire_row(allocated_cost("b"))
    body = envelope([{"x": first}, None, {"x": second}])

    assert [row.namespace for row in decode_allocations(body, period=DAY).rows] == ["a", "b"]


def test_a_row_of_another_window_is_refused() -> None:
    other = ChargePeriod.parse("2026-01-01T00:00Z", "2026-01-01T23:00Z")

    assert refused(wire_answer(allocated_cost(), allocated_cost(period=other))) == "window"


def test_a_window_in_another_offset_is_the_same_window() -> None:
    window = {"start": "2026-01-01T05:00:00+05:00", "end": "2026-01-02T05:00:00+05:00"}

    assert decoded(window=window).window == DAY


def test_a_life_past_the_window_is_flagged() -> None:
    assert decoded(end="2026-01-02T00:05:00Z").flags == (RowFlag.LIFE_OUTSIDE_WINDOW,)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"cpuCost": "1.5"}, "wrong_type"),
        ({"cpuCost": True}, "wrong_type"),
        ({"cpuCost": [1]}, "wrong_type"),
        ({"cpuCost": 1e300}, "amount_out_of_range"),
        ({"totalCost": 1e300}, "amount_out_of_range"),
        ({"minutes": -1}, "amount_out_of_range"),
        ({"cpuCoreHours": -0.5}, "amount_out_of_range"),
        ({"ramByteHours": 1e22}, "amount_out_of_range"),
        ({"cpuCoreUsageAverage": -3}, "amount_out_of_range"),
        ({"window": None}, "no_window"),
        ({"window": {}}, "no_window"),
        ({"window": "today"}, "wrong_type"),
        ({"window": {"start": "2024-13-01T00:00:00Z", "end": None}}, "wrong_type"),
        ({"window": {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}}, "window"),
        ({"window": {"start": "2026-01-01T00:00:00", "end": "2026-01-02T00:00:00"}}, "window"),
        ({"start": "2026-01-01T12:00:00Z", "end": "2026-01-01T11:00:00Z"}, "life"),
        ({"properties": "shop"}, "wrong_type"),
        ({"properties": {"namespace": 7}}, "wrong_type"),
        ({"properties": {"labels": {"a": 1}}}, "wrong_type"),
        ({"properties": {"namespace": "a\0b"}}, "nul_character"),
        ({"properties": {"labels": {"a": "\0"}}}, "nul_character"),
    ],
)  # fmt: skip
def test_what_is_not_what_it_should_be_is_named(changes: Wire, reason: str) -> None:
    with pytest.raises(OpenCostAnswerInvalid) as caught:
        decoded(**changes)

    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e400", "0x10", "01", "9" * 400]
)
def test_numbers_that_are_none_never_get_in(number: str) -> None:
    body = wire_answer(allocated_cost()).replace(b'"cpuCost": 1.5', f'"cpuCost": {number}'.encode())

    assert refused(body) in ("not_json", "wrong_type")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty_body"),
        (b" \n", "empty_body"),
        (b"<html>hi</html>", "not_json"),
        (b"null", "wrong_type"),
        (b"[]", "wrong_type"),
        (b"{}", "no_code"),
        (b'{"code":200}', "no_data_member"),
        (b'{"code":200,"data":{}}', "wrong_type"),
        (b'{"code":200,"data":[[]]}', "wrong_type"),
        (b'{"code":200,"data":[{"x":null}]}', "wrong_type"),
        (b'{"code":"200","data":[]}', "wrong_type"),
        (b'\xef\xbb\xbf{"code":200,"data":[]}', "not_json"),
        ('{"code":200,"data":[]}'.encode("utf-16"), "not_text"),
        (b'{"code":200,"data":[{"\xff":{}}]}', "not_text"),
        (b'{"code":200,"data":[]} trailing', "not_json"),
        (b'{"code":200,"data":' + b"[" * 100_000, "wrong_type"),
        (b'{"code":200,"x":' + b"[" * 100_000 + b"]" * 100_000 + b',"data":[]}', "too_deep"),
        (b"Invalid 'window' parameter\n{\"code\":500}", "not_json"),
    ],
)  # fmt: skip
def test_an_answer_that_is_no_answer_is_named(body: bytes, reason: str) -> None:
    assert refused(body) == reason


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_truncated_answer_is_refused(cut: int) -> None:
    body = wire_answer(allocated_cost(), allocated_cost("b"))

    assert refused(body[: len(body) * cut // 40]) in ("not_json", "wrong_type")


@pytest.mark.parametrize("name", ["cpuCost", "totalCost", "window", "properties"])
def test_a_name_that_stands_twice_is_refused(name: str) -> None:
    value = json.dumps(wire_row(allocated_cost())[name])
    once = wire_answer(allocated_cost()).decode()
    twice = once.replace(f'"{name}":', f'"{name}": {value}, "{name}":', 1)
    assert json.loads(twice) == json.loads(once)

    assert refused(twice.encode()) == "duplicate_name"


@pytest.mark.parametrize("name", ["cpuCost", "externalCost", "window", "properties"])
@pytest.mark.parametrize("times", [1, -1], ids=["in one row", "in every row"])
def test_a_name_that_stands_twice_is_found_in_a_large_answer_too(name: str, times: int) -> None:
    large = wire_answer(*[allocated_cost(f"n{number}") for number in range(600)]).decode()
    place = f'"{name}":'
    twice = large.replace(place, f"{place} null, {place}", times)
    assert len(large) > 400_000

    assert len(decode_allocations(large.encode(), period=DAY).rows) == 600
    assert refused(twice.encode()) == "duplicate_name"


def test_a_row_that_stands_twice_is_refused() -> None:
    row = json.dumps(wire_row(allocated_cost()))

    assert refused(f'{{"code":200,"data":[{{"a":{row},"a":{row}}}]}}'.encode()) == "duplicate_name"


def test_a_label_named_like_a_cost_is_no_duplicate() -> None:
    row = allocated_cost(labels={"cpuCost": "7", "window": "north"}, annotations={"x": '"cpuCost"'})

    assert decode_allocations(wire_answer(row), period=DAY).rows == [row]


def test_unknown_fields_are_passed_over() -> None:
    assert decoded(gpuAllocation={"gpuDevice": None}, pvs={"a": {"cost": 1}}, invented=[1]).cpu_cost


@given(st.floats(-9e9, 9e9))
def test_the_short_way_to_micro_units_is_the_long_one(amount: float) -> None:
    assert _micros(amount) == micros_from_number(amount)


@given(st.integers(-900_000_000_000, 900_000_000_000))
def test_five_decimals_are_held_exactly(hundred_thousandths: int) -> None:
    assert _micros(float(f"{hundred_thousandths}e-5")) == hundred_thousandths * 10


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"code":400,"message":"bad\\nrequest"}', "bad"),
        (b"Invalid 'window' parameter: x\n{\"code\":500}", "Invalid 'window' parameter: x"),
        (b"<html>secret</html>", ""),
        (b"a\x1b[31mb", "a [31mb"),
        (b"x" * 5000, "x" * 200),
        (b"", ""),
        (b"[1]", "[1]"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_an_error_body_is_shown_as_one_short_line(body: bytes, text: str) -> None:
    assert envelope_error(body) == text
