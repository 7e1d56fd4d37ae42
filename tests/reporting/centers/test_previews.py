"""A preview's amounts are those that a preparation with the rule then has."""

from typing import Any

import pytest

from costinsights.core.money import amount_text
from costinsights.costs.models import Cluster
from reporting.centers.previewing import unmapped_workloads
from reporting.models import CostCenter, MappingRule, Period, ShareRule, Statement
from reporting.statements.closing import prepare
from tests.reporting.statements.conftest import store_day
from tests.reporting.statements.programs import Program

pytestmark = pytest.mark.django_db
NOBODY = {
    "name": "Cron",
    "filter": 'namespace:"nobody"',
    "targets": [{"cost_center": "PAY", "percent": "100"}],
}


def previewed(program: Program, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = program("post", f"{path}preview", body)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def billed(period: Period, program: Program) -> dict[str, str]:
    prepare(period, by=program.member)
    rows = Statement.objects.filter(period=period, revision=0)
    return {row.code: amount_text(row.billed) for row in rows}


def changes(shown: dict[str, Any], key: str) -> dict[str, str]:
    zero = "0.000000"
    return {
        one["cost_center"] or one["bucket"]: one[key]
        for one in shown["changes"]
        if one[key] != zero
    }


def nonzero(amounts: dict[str, str]) -> dict[str, str]:
    return {code: text for code, text in amounts.items() if text != "0.000000"}


def test_a_mapping_preview_is_what_a_preparation_then_bills(
    october: Period, program: Program
) -> None:
    shown = previewed(program, "mapping-rules/", NOBODY)
    assert shown["window"]["start"] == "2026-10-01"
    assert shown["matched"] == amount_text(5 * 250_003)
    assert shown["taken_from"] == [{"rule": 0, "name": "Unmapped", "cost": shown["matched"]}]
    assert [one["controller"] for one in shown["workloads"]] == ["cron"]
    assert changes(shown, "before") == nonzero(billed(october, program))
    program("post", "mapping-rules/", NOBODY)
    assert changes(shown, "after") == nonzero(billed(october, program))


def test_a_preview_names_the_rule_it_takes_from(october: Period, program: Program) -> None:
    taken = {**NOBODY, "filter": 'namespace:"shop"'}
    assert previewed(program, "mapping-rules/", taken)["matched"] == "0.000000"
    shown = previewed(program, "mapping-rules/", {**taken, "position": 1})
    assert [one["name"] for one in shown["taken_from"]] == ['namespace:"shop"']


def test_a_stored_rule_is_previewed_in_its_place(october: Period, program: Program) -> None:
    rule = MappingRule.objects.get(filter='namespace:"shop"')
    body = {**NOBODY, "filter": rule.filter, "rule": rule.pk}
    shown = previewed(program, "mapping-rules/", body)
    assert (shown["taken_from"], shown["workload_count"]) == ([], 1)
    program("patch", f"mapping-rules/{rule.pk}/", {"targets": NOBODY["targets"]})
    assert changes(shown, "after") == nonzero(billed(october, program))
    assert program("post", "mapping-rules/preview", {**body, "rule": 987}).status_code == 404


def test_a_share_dry_run_is_what_a_preparation_then_bills(
    october: Period, program: Program
) -> None:
    idle = ShareRule.objects.get(source="idle")
    body = {"name": "Idle", "source": "idle", "method": "weights", "rule": idle.pk}
    body["targets"] = [{"cost_center": "SHOP", "weight": 3}, {"cost_center": "PAY", "weight": 1}]
    shown = previewed(program, "share-rules/", body)
    [pool] = shown["pools"]
    assert shown["total"] == pool["total"] == amount_text(5 * 1_000_010)
    assert {one["cost_center"]: one["ratio"] for one in pool["shares"]} == {
        "SHOP": "0.750000",
        "PAY": "0.250000",
    }
    program("patch", f"share-rules/{idle.pk}/", {k: v for k, v in body.items() if k != "rule"})
    assert changes(shown, "after") == nonzero(billed(october, program))


def test_a_driver_that_nobody_has_falls_back(october: Period, program: Program) -> None:
    body = {"name": "Fees", "source": "fixed", "fixed_amount": "10", "fixed_currency": "USD"}
    MappingRule.objects.all().delete()
    shown = previewed(program, "share-rules/", {**body, "method": "proportional"})
    assert shown["pools"][0]["used_fallback"]


def test_facts_that_are_kept_follow_what_is_stored(
    october: Period, program: Program, prod: Cluster
) -> None:
    first = previewed(program, "mapping-rules/", NOBODY)
    assert previewed(program, "mapping-rules/", NOBODY) == first
    store_day(prod, 26)
    assert previewed(program, "mapping-rules/", NOBODY)["matched"] == amount_text(6 * 250_003)


def test_what_nobody_pays_is_listed_by_its_cost(october: Period) -> None:
    _, whole, [found] = unmapped_workloads()
    assert (found.namespace, found.cost, whole) == ("nobody", 5 * 250_003, 5 * 250_003)


def test_nothing_stored_is_said(
    program: Program, centers: dict[str, CostCenter], clock: Any
) -> None:
    answer = program("post", "mapping-rules/preview", NOBODY)
    assert (answer.status_code, answer.json()["field"]) == (400, "window")
