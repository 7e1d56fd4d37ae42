"""Who a workload belongs to."""

import pytest

from costinsights.opencost.filters import parse_filter
from reporting.allocation.mapping import Mapped, Mapper
from reporting.allocation.types import Bucket, CostFact, LineType, MappingRule
from tests.reporting.allocation.made import (
    CENTERS,
    allocated,
    amounts,
    costs,
    only,
    rules,
    workload,
)


def split_by(*targets: tuple[str, int]) -> MappingRule:
    return MappingRule(7, "platform", parse_filter('namespace:"platform"'), targets)


def mapped(fact: CostFact, *mapping: MappingRule) -> Mapped:
    return Mapper(mapping, [center.code for center in CENTERS]).of(fact)


def test_the_first_rule_that_matches_decides_and_is_noted_with_its_label() -> None:
    asked = rules(('label[team]:"shop"', "CC100"), ('namespace:"shop"', "CC200"))
    allocation = allocated(workload("shop", cpu=10), mapping=asked)
    line = only(allocation.lines, Bucket.CENTER)
    assert (line.center, line.mapping_rule) == ("CC100", 1)
    assert (line.label_key, line.label_value) == ("team", "shop")


def test_what_nobody_maps_is_a_visible_line() -> None:
    allocation = allocated(workload("lost", cpu=10, ram=5), workload("shop", cpu=7))
    line = only(allocation.lines, Bucket.UNMAPPED)
    assert (line.line_type, line.namespace, line.list_cost) == (LineType.DIRECT, "lost", 15)


def test_a_split_gives_each_component_away_to_the_last_micro_unit() -> None:
    rule = split_by(("CC100", 333_333), ("CC200", 333_333), ("CC300", 333_334))
    parts = mapped(workload("platform", cpu=100, ram=-100, gpu_hours=2), rule).parts
    assert [part.costs for part in parts] == [
        costs(cpu=33, ram=-33),
        costs(cpu=33, ram=-33),
        costs(cpu=34, ram=-34),
    ]
    assert sum(part.usage[2] for part in parts) == 2


def test_a_part_for_a_centre_that_is_gone_is_unmapped_with_the_rule_that_meant_it() -> None:
    rule = split_by(("CC100", 250_000), ("CC999", 750_000))
    allocation = allocated(workload("platform", cpu=100), mapping=[rule])
    assert amounts(allocation, LineType.DIRECT) == {"CC100": 25, "unmapped": 75}
    assert only(allocation.lines, Bucket.UNMAPPED).mapping_rule == 7


@pytest.mark.parametrize("weights", [(500_000, 400_000), (1_100_000, -100_000)])
def test_targets_that_are_no_whole_are_refused(weights: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="rule 7"):
        Mapper([split_by(("CC100", weights[0]), ("CC200", weights[1]))], ["CC100", "CC200"])


def test_facts_of_one_workload_with_other_labels_or_windows_are_one_line() -> None:
    first = workload("shop", cpu=10, cpu_used=1, snapshot="12 r1")
    later = workload("shop", cpu=5, cpu_used=2, snapshot="13 r2, 12 r1")
    line = only(allocated(later, first).lines, Bucket.CENTER)
    assert (line.list_cost, line.usage[4], line.snapshot) == (15, 3, "12 r1, 13 r2")
