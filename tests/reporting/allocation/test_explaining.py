"""Why this share? The answer holds everything that is needed to work it out again."""

import pytest

from reporting.allocation.explaining import Explanation, driver_text, explain, ratio_text
from reporting.allocation.types import (
    Bucket,
    Driver,
    LineType,
    PoolSource,
    ShareMethod,
    ShareRule,
    StretchAllocation,
)
from tests.reporting.allocation.made import UNIT, allocated, idle, share, workload

FACTS = (
    workload("shop", cpu=2 * UNIT),
    workload("data", cpu=1 * UNIT),
    idle(10 * UNIT),
)


def why(rule: ShareRule, center: str = "CC100") -> Explanation:
    return answer(allocated(*FACTS, shares=(rule,)), center)


def answer(allocation: StretchAllocation, center: str) -> Explanation:
    pools = {pool.key: pool for pool in allocation.pools}
    (line,) = [line for line in allocation.lines if line.pool and line.center == center]
    found = explain(line, pools)
    assert found is not None
    return found


def test_a_proportional_share_names_driver_ratio_and_source_rows() -> None:
    found = why(share(by_cluster=True, name="Idle of clusters"))
    assert (found.driver_value, found.driver_total) == (2 * UNIT, 3 * UNIT)
    assert (found.weight, found.weight_total) == (2 * UNIT, 3 * UNIT)
    assert (found.pool_total, found.amount) == (10 * UNIT, 6_666_667)
    assert found.sources == [("prod", "", "", 10 * UNIT)]
    assert found.text == (
        "Idle of clusters: idle cost of prod, 10.000000. Spread in proportion to direct cost: "
        "2.000000 of 3.000000. The ratio is 2000000 of 3000000, 0.666666667. That makes 6.666667."
    )


def test_the_ratio_has_enough_digits_to_work_the_amount_out_again() -> None:
    assert ratio_text(1, 3, 0) == "0.333333"
    assert ratio_text(1, 3, 10_000 * UNIT) == "0.333333333333"
    assert ratio_text(7, 7, 5) == "1.000000"


def test_a_fall_back_is_told() -> None:
    found = why(share(driver=Driver.RAM_USED))
    assert (found.used_fallback, found.driver_value) == (True, None)
    assert "Nobody has any GiB-hours of memory used, so it is spread evenly." in found.text


def test_weights_that_nobody_can_take_are_told() -> None:
    rule = share(method=ShareMethod.WEIGHTS, targets=(("CC100", 0),))
    assert "Nobody can take a part by the rule, so it is spread evenly." in why(rule).text


def test_a_weight_without_a_centre_is_told() -> None:
    rule = share(method=ShareMethod.WEIGHTS, targets=(("CC100", 3), ("GONE", 1)))
    assert "By fixed weights." in why(rule).text
    assert "so its part is kept central" in why(rule, center="").text


def test_a_driver_below_zero_is_told() -> None:
    facts = (*FACTS, workload("search", cpu=-5))
    found = answer(allocated(*facts, shares=(share(),)), "CC100")
    assert "Below zero and counted as zero: CC200." in found.text


def test_what_is_kept_central_says_so_without_a_ratio() -> None:
    rule = share(PoolSource.IDLE, ShareMethod.RETAIN, name="Idle")
    assert why(rule, "").text == "Idle: idle cost, 10.000000. Kept central. That makes 10.000000."


def test_a_direct_line_is_no_share() -> None:
    lines = allocated(*FACTS).lines
    assert {explain(line, {}) for line in lines} == {None}
    assert {line.bucket for line in lines} == {Bucket.CENTER, Bucket.RETAINED}
    assert {line.line_type for line in lines} == {LineType.DIRECT, LineType.IDLE}


@pytest.mark.parametrize(
    ("driver", "value", "expected"),
    [
        (Driver.COST, 1_500_000, "1.500000"),
        (Driver.CPU_CORE_HOURS, 1_500_000, "1.500000"),
        (Driver.RAM_REQUESTED, 3 * 2**29, "1.500"),
        (Driver.RAM_USED, -3 * 2**29, "-1.500"),
    ],
)
def test_a_driver_is_written_in_its_own_unit(driver: Driver, value: int, expected: str) -> None:
    assert driver_text(driver, value) == expected
