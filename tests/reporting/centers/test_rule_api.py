"""Mapping and share rules as programs keep them: checked on entry, in one order."""

from typing import Any

import pytest

from reporting.models import CostCenter, MappingRule, ShareRule
from tests.factories.reporting import CostCenterFactory
from tests.reporting.statements.programs import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("centers")]
ALL = [{"cost_center": "SHOP", "percent": "100"}]
MAPPING = {"name": "Shop", "filter": 'namespace:"shop"', "targets": ALL}
SHARE: dict[str, Any] = {"name": "Idle", "source": "idle", "method": "proportional"}


def made(program: Program, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = program("post", path, body)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def order(kind: Any) -> list[tuple[int, str]]:
    return list(kind.objects.values_list("position", "name"))


def test_a_mapping_rule_comes_back_as_it_was_given(program: Program) -> None:
    thirds = [
        {"cost_center": "SHOP", "percent": "33.3333"},
        {"cost_center": "PAY", "percent": "66.6667"},
    ]
    rule = made(program, "mapping-rules/", {**MAPPING, "targets": thirds})
    assert rule["targets"] == thirds
    assert (
        rule["sentence"]
        == 'What matches namespace:"shop" is split: 33.3333% SHOP and 66.6667% PAY.'
    )
    changed = program("patch", f"mapping-rules/{rule['id']}/", {"is_active": False}).json()
    assert changed == {**rule, "is_active": False}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"filter": 'pod:"x"'}, "filter"),
        ({"filter": 'namespace:"x'}, "filter"),
        ({"targets": []}, "targets"),
        ({"targets": [{"cost_center": "SHOP", "percent": "99.9999"}]}, "targets"),
        ({"targets": [{"cost_center": "SHOP", "percent": "50"}] * 2}, "targets"),
        ({"targets": [{"cost_center": "NONE", "percent": "100"}]}, "targets"),
        ({"targets": [{"cost_center": "ENG", "percent": "100"}]}, "targets"),
        ({"targets": [{"cost_center": "SHOP", "percent": "NaN"}]}, "targets"),
        ({"valid_from": "2026-03-01", "valid_to": "2026-02-01"}, "valid_to"),
    ],
)
def test_a_mapping_rule_that_cannot_work_is_refused(
    program: Program, values: dict[str, Any], field: str
) -> None:
    CostCenterFactory.create(code="ENG", level="department")
    answer = program("post", "mapping-rules/", {**MAPPING, **values})
    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"source": "filter"}, "filter"),
        ({"filter": 'namespace:"x"'}, "filter"),
        ({"method": "weights"}, "targets"),
        ({"method": "retain", "targets": [{"cost_center": "SHOP"}]}, "targets"),
        ({"source": "fixed", "fixed_amount": "0", "fixed_currency": "USD"}, "fixed_amount"),
        ({"source": "fixed", "fixed_amount": "10", "fixed_currency": "XXY"}, "fixed_currency"),
        (
            {"source": "fixed", "method": "exclude", "fixed_amount": "1", "fixed_currency": "USD"},
            "method",
        ),
    ],
)
def test_a_share_rule_that_cannot_work_is_refused(
    program: Program, values: dict[str, Any], field: str
) -> None:
    answer = program("post", "share-rules/", {**SHARE, **values})
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_a_share_rule_says_itself_in_words(program: Program) -> None:
    rule = made(program, "share-rules/", {**SHARE, "by_cluster": True})
    assert rule["sentence"] == (
        "Idle cost is spread in proportion to direct cost among the cost centres that have direct cost, each "
        "cluster’s by itself; where nobody has any, it is spread evenly."
    )
    fixed = {
        "name": "Licences",
        "source": "fixed",
        "fixed_amount": "1200.5",
        "fixed_currency": "usd",
    }
    weights = [{"cost_center": "SHOP", "weight": 3}, {"cost_center": "PAY"}]
    rule = made(program, "share-rules/", {**fixed, "method": "weights", "targets": weights})
    assert rule["fixed_amount"] == "1200.500000"
    assert rule["sentence"] == (
        "A fixed 1,200.50 USD a month is spread by fixed weights: SHOP 75% and PAY 25%."
    )
    changed = program("patch", f"share-rules/{rule['id']}/", {"name": "Licence"}).json()
    assert changed == {**rule, "name": "Licence"}


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [("mapping-rules/", MappingRule, MAPPING), ("share-rules/", ShareRule, SHARE)],
)
def test_rules_have_one_order(program: Program, path: str, kind: Any, body: dict[str, Any]) -> None:
    a, b, c = (made(program, path, {**body, "name": name})["id"] for name in "abc")
    assert order(kind) == [(1, "a"), (2, "b"), (3, "c")]
    assert program("post", f"{path}order", {"ids": [c, a, b]}).json() == {"ids": [c, a, b]}
    program("patch", f"{path}{b}/", {"position": 1})
    assert order(kind) == [(1, "b"), (2, "c"), (3, "a")]
    assert program("delete", f"{path}{c}/").status_code == 204
    assert order(kind) == [(1, "b"), (2, "a")]
    assert program("post", f"{path}order", {"ids": [c, a, b]}).status_code == 409
    assert program("post", f"{path}order", {"ids": [a, a]}).status_code == 400
    made(program, path, {**body, "name": "first", "position": 1})
    assert order(kind) == [(1, "first"), (2, "b"), (3, "a")]


def test_a_charged_centre_stays_at_its_level(
    program: Program, centers: dict[str, CostCenter]
) -> None:
    made(program, "mapping-rules/", MAPPING)
    answer = program("patch", f"cost-centers/{centers['SHOP'].pk}/", {"level": "department"})
    assert (answer.status_code, answer.json()["field"]) == (409, "level")
