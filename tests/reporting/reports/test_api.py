"""Reports as programs see them."""

from typing import Any

import pytest

from costinsights.accounts.models import AuditEntry, Role, User
from reporting.models import Period, ReportDefinition, ReportRun
from tests.reporting.reports.conftest import Ran
from tests.reporting.statements.programs import Program

pytestmark = pytest.mark.django_db
FINANCE = {"name": "Finance", "kind": "statements", "formats": ["journal", "csv"]}
TEAMS = {
    "name": "Teams",
    "kind": "costs",
    "parameters": {"group_by": "cluster"},
    "formats": ["csv"],
}


def test_a_report_is_made_changed_and_deleted(program: Program) -> None:
    made = program("post", "reports/", FINANCE)
    assert made.status_code == 201, made.content
    place = f"reports/{made.json()['id']}/"
    assert made.json()["parameters"] == {"month": "last", "centers": []}
    assert made.json()["formats"] == ["csv", "journal"]
    assert program("post", "reports/", FINANCE).status_code == 409
    changed = program("patch", place, {"parameters": {"month": "2026-09"}})
    assert changed.json()["parameters"]["month"] == "2026-09"
    assert len(program("get", "reports/").json()["results"]) == 1
    assert program("delete", place).status_code == 204
    assert program("get", place).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"parameters": {"month": "2026-13"}}, "month"),
        ({"parameters": {"month": "2999-01"}}, "month"),
        ({"parameters": {"month": 9}}, "month"),
        ({"parameters": {"centers": ["none"]}}, "centers"),
        ({"parameters": {"centers": "SHOP"}}, "centers"),
        ({"parameters": {"centres": []}}, "centres"),
        ({"formats": ["docx"]}, "formats"),
        ({"name": " "}, "name"),
        (TEAMS | {"parameters": {"step": "moon"}}, "step"),
        (TEAMS | {"parameters": {"window": 30}}, "window"),
        (TEAMS | {"parameters": {"filter": "namespace:("}}, "filter"),
        (TEAMS | {"formats": ["pdf"]}, "formats"),
    ],
)
def test_what_does_not_fit_is_named(program: Program, change: dict[str, Any], field: str) -> None:
    answer = program("post", "reports/", FINANCE | change)
    assert answer.status_code == 400
    problem = answer.json()
    named = [problem.get("field"), *(error["field"] for error in problem.get("errors", []))]
    assert field in named


def test_a_run_is_asked_for_made_and_downloaded(
    closed: Period, statements: ReportDefinition, program: Program, ran: Ran
) -> None:
    asked = program("post", f"reports/{statements.pk}/runs", {})
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    assert program("post", f"report-runs/{asked.json()['id']}/cancel", {}).status_code == 202
    run = program("get", f"report-runs/{ran(statements, program.member).pk}/").json()
    assert (run["state"], run["done"], len(run["files"])) == ("done", run["whole"], 2)
    assert "held" not in run["summary"]
    place = run["files"][0]["url"].removeprefix("/api/v1/")
    assert len(program.file(place)) == run["files"][0]["bytes"]
    assert AuditEntry.objects.filter(action="report.downloaded").count() == 1
    assert len(program("get", f"reports/{statements.pk}/runs").json()["results"]) == 2


def test_a_link_is_for_one_member_and_one_file(
    closed: Period, statements: ReportDefinition, program: Program, approver: User, ran: Ran
) -> None:
    run = ran(statements, program.member)
    first, second = (
        file["url"].removeprefix("/api/v1/")
        for file in program("get", f"report-runs/{run.pk}/").json()["files"]
    )
    token = first.partition("?")[2]
    assert program("get", f"{second.partition('?')[0]}?{token}").status_code == 400
    assert program("get", second.partition("?")[0]).status_code == 400
    assert Program(approver)("get", first).status_code == 400


def test_others_runs_are_for_those_who_see_everything(
    closed: Period, statements: ReportDefinition, analyst: User, approver: User, ran: Ran
) -> None:
    run = ran(statements, analyst)
    assert Program(approver)("get", f"report-runs/{run.pk}/").status_code == 200
    for other in (Program(role=Role.VIEWER), Program(role=Role.ANALYST, scope_namespaces=["pay"])):
        for place in ("", "files/1"):
            assert other("get", f"report-runs/{run.pk}/{place}").status_code == 404


def test_a_limited_member_sees_only_own_reports(statements: ReportDefinition) -> None:
    limited = Program(role=Role.ANALYST, scope_namespaces=["pay"])
    assert limited("get", "reports/").json()["results"] == []
    assert limited("post", f"reports/{statements.pk}/runs", {}).status_code == 404
    assert limited("post", "reports/", TEAMS).status_code == 201
    assert len(limited("get", "reports/").json()["results"]) == 1


def test_a_viewer_makes_none(statements: ReportDefinition) -> None:
    viewer = Program(role=Role.VIEWER)
    assert viewer("post", "reports/", TEAMS).status_code == 403
    assert viewer("delete", f"reports/{statements.pk}/").status_code == 403
    assert viewer("post", f"reports/{statements.pk}/runs", {}).status_code == 202


def test_a_preview_stores_nothing(closed: Period, program: Program) -> None:
    shown = program("post", "reports/preview", {"kind": "statements"}).json()
    assert shown["columns"][0] == "number"
    assert "CI-2026-10-PAY-r1" in [row[0] for row in shown["rows"]]
    costs = {"kind": "costs", "parameters": {"window": "lastmonth", "group_by": "namespace"}}
    shown = program("post", "reports/preview", costs).json()
    total = sum(float(row[-1]) for row in shown["rows"])
    assert f"{total:.6f}" == shown["summary"]["total"]
    assert shown["summary"]["previous"] is None  # nothing is stored of September
    assert not ReportDefinition.objects.exists()
    assert not ReportRun.objects.exists()


def test_a_preview_is_held_by_the_members_limit(closed: Period) -> None:
    limited = Program(role=Role.VIEWER, scope_namespaces=["pay"])
    shown = limited("post", "reports/preview", {"kind": "costs"}).json()
    assert {row[0] for row in shown["rows"]} == {"pay"}
    shown = limited("post", "reports/preview", {"kind": "statements"}).json()
    assert (shown["rows"], shown["summary"]["total"]) == ([], None)
