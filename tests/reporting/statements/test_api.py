"""Months and statements as programs see them: roles, visibility, files, reasons."""

import csv
import hashlib
import io
from decimal import Decimal
from typing import Any

import pytest

from costinsights.accounts.models import AuditEntry, Role, User
from reporting import files
from reporting.exports.formats import Format
from reporting.models import CostCenter, Period, Statement, StatementFile
from reporting.statements.closing import close, prepare
from tests.reporting.statements.conftest import store_day
from tests.reporting.statements.programs import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed(october: Period, analyst: User, approver: User) -> Period:
    close(prepare(october, by=analyst), by=approver)
    october.refresh_from_db()
    return october


@pytest.fixture
def program(analyst: User) -> Program:
    return Program(analyst)


def statement_of(code: str, revision: int = 1) -> Statement:
    return Statement.objects.get(code=code, revision=revision)


def test_a_month_is_begun_prepared_and_closed(
    prod: Any, rules: None, program: Program, approver: User
) -> None:
    assert program("post", "periods/", {"month": "2026-10"}).status_code == 201
    assert program("post", "periods/", {"month": "2026-10"}).status_code == 409
    asked = program("post", "periods/2026-10/prepare", {})
    assert (asked.status_code, asked.json()["work"]["state"]) == (202, "queued")
    assert program("post", "periods/2026-10/prepare", {}).status_code == 409
    assert program("post", "periods/2026-10/cancel", {}).status_code == 202
    Period.objects.update(work_state="idle")
    prepare(Period.objects.get(), by=program.member)
    shown = program("get", "periods/2026-10/").json()
    assert (shown["state"], shown["reconciliation"]["difference"]) == ("preliminary", "0.000000")
    assert program("post", "periods/2026-10/close", {}).status_code == 403
    asked = Program(approver)("post", "periods/2026-10/close", {})
    assert (asked.status_code, asked.json()["work"]["kind"]) == (202, "close")


@pytest.mark.parametrize("month", ["2026-13", "1999-01", "2027-01", "x"])
def test_a_month_that_cannot_be_is_refused(program: Program, clock: Any, month: str) -> None:
    assert program("post", "periods/", {"month": month}).status_code == 400


def test_months_are_for_analysts_who_see_everything(closed: Period) -> None:
    limited = Program(role=Role.ANALYST, scope_namespaces=["shop"])
    for program in (Program(role=Role.VIEWER), limited):
        for path in ("periods/", "periods/2026-10/", "periods/2026-10/late-data"):
            assert program("get", path).status_code == 403


def test_a_viewer_sees_closed_statements_of_own_centres_only(
    closed: Period, centers: dict[str, CostCenter]
) -> None:
    program = Program(role=Role.VIEWER)
    assert program("get", "statements/").json()["results"] == []
    centers["PAY"].readers.add(program.member)
    (found,) = program("get", "statements/").json()["results"]
    assert found["number"] == "CI-2026-10-PAY-r1"
    other = statement_of("SHOP").pk
    for place in ("", "lines/", "document", "events/", "disputes/", "lines/1/explain", "diff/1"):
        assert program("get", f"statements/{found['id']}/{place}").status_code == 200
        assert program("get", f"statements/{other}/{place}").status_code == 404


def test_lines_and_document_agree_with_the_statement(closed: Period, program: Program) -> None:
    statement = statement_of("SHOP")
    detail = program("get", f"statements/{statement.pk}/").json()
    lines = program("get", f"statements/{statement.pk}/lines/").json()["results"]
    billed = sum(Decimal(line["billed_cost"]) for line in lines)
    assert f"{billed:.6f}" == detail["summary"]["billed"] == detail["statement"]["billed"]
    text = program("get", f"statements/{statement.pk}/document").content
    assert hashlib.sha256(text).hexdigest() == statement.sha256


def test_a_share_says_where_it_came_from(closed: Period, program: Program) -> None:
    statement = statement_of("PAY")
    line = statement.lines.get(line_type="shared")
    found = program("get", f"statements/{statement.pk}/lines/{line.position}/explain").json()
    assert (found["pool"], found["driver"]) == ("Platform", "cost")
    assert found["sources"] == [
        {"cluster": "prod", "namespace": "kube-system", "controller": "dns", "cost": "2.500005"}
    ]
    ratio = Decimal(found["driver_value"]) / Decimal(found["driver_total"])
    assert abs(ratio * Decimal(found["pool_total"]) - Decimal(found["amount"])) < Decimal("0.00001")
    assert found["ratio"] in found["text"]


def test_a_preliminary_share_says_it_too(october: Period, analyst: User, program: Program) -> None:
    prepare(october, by=analyst)
    line = statement_of("PAY", 0).lines.get(line_type="shared")
    found = program("get", f"statements/{line.statement_id}/lines/{line.position}/explain").json()
    assert found["sources_in_all"] == 1


def test_a_direct_line_names_the_rule_that_took_it(closed: Period, program: Program) -> None:
    line = statement_of("PAY").lines.get(line_type="direct")
    found = program("get", f"statements/{line.statement_id}/lines/{line.position}/explain").json()
    assert found["rule"]["filter"] == 'namespace:"pay"'
    assert "splits" in found["text"]


@pytest.mark.parametrize("wanted", [each for each in Format if each is not Format.PDF])
def test_a_closed_file_is_kept_and_always_the_same(
    closed: Period, program: Program, wanted: Format
) -> None:
    address = f"statements/{statement_of('SHOP').pk}/?format={wanted}"
    first = program.file(address)
    kept = StatementFile.objects.get()
    assert kept.sha256 == hashlib.sha256(first).hexdigest()
    files.forget("acme", kept.sha256)
    assert program.file(address) == first
    assert StatementFile.objects.count() == 1
    assert AuditEntry.objects.filter(action="statement.downloaded").count() == 2


def test_every_file_of_a_month_comes_to_its_total(closed: Period, program: Program) -> None:
    whole = sum(Decimal(one.billed).scaleb(-6) for one in Statement.objects.all())
    rows = list(csv.DictReader(io.StringIO(program.file("periods/2026-10/?format=csv").decode())))
    assert sum(Decimal(row["billed_cost"]) for row in rows) == whole
    rows = list(csv.DictReader(io.StringIO(program.file("periods/2026-10/?format=focus").decode())))
    assert sum(Decimal(row["BilledCost"]) for row in rows) == whole


def test_a_preliminary_file_is_not_kept(october: Period, analyst: User, program: Program) -> None:
    prepare(october, by=analyst)
    assert b"CI-2026-10-SHOP-p" in program.file("periods/2026-10/?format=csv")
    assert not StatementFile.objects.exists()


def test_a_large_file_is_made_by_a_job(
    closed: Period, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reporting.downloads.MOST_LINES_OF_TEXT", 1)
    asked = program("get", "periods/2026-10/?format=csv")
    assert (asked.status_code, asked["Retry-After"]) == (202, "2")
    assert asked.json() == {"state": "rendering", "done": 0, "whole": 3}
    from reporting.rendering import make_by_job

    make_by_job("period", closed.closes.get().pk, Format.CSV)
    assert program.file("periods/2026-10/?format=csv")


def test_the_sign_off_goes_its_way(closed: Period, analyst: User, approver: User) -> None:
    owner, pk = Program(role=Role.VIEWER), statement_of("PAY").pk
    CostCenter.objects.get(code="PAY").readers.add(owner.member)
    wrong = owner("post", f"statements/{pk}/disputes/", {"text": "Not ours", "position": 1})
    assert wrong.status_code == 201
    answer = f"statements/{pk}/disputes/{wrong.json()['id']}/resolve"
    assert owner("post", answer, {"text": "no"}).status_code == 403
    assert Program(analyst)("post", answer, {"text": "It is."}).status_code == 200
    assert owner("post", f"statements/{pk}/accept", {}).json()["state"] == "accepted"
    assert Program(analyst)("post", f"statements/{pk}/approve", {}).status_code == 403
    assert Program(approver)("post", f"statements/{pk}/approve", {}).json()["state"] == "final"
    events = owner("get", f"statements/{pk}/events/").json()["results"]
    assert [event["action"] for event in events] == ["disputed", "resolved", "accepted", "approved"]
    assert owner("get", f"statements/{pk}/verify").json()["holds"]


def test_late_data_are_shown_and_carried_forward(closed: Period, prod: Any, approver: User) -> None:
    store_day(prod, 28, extra=1_000_000)
    program = Program(approver)
    found = program("get", "periods/2026-10/late-data").json()
    assert (found["days"], found["amount"]) == (["prod 2026-10-28"], "1.000000")
    assert program("post", "periods/2026-10/late-data", {"reason": ""}).status_code == 400
    carried = program("post", "periods/2026-10/late-data", {"reason": "restated"})
    assert (carried.status_code, carried.json()["lines"]) == (201, len(found["changes"]))


def test_revisions_differ_line_by_line(
    closed: Period, prod: Any, analyst: User, approver: User
) -> None:
    store_day(prod, 28, extra=1_000_000)
    program = Program(approver)
    reopened = program("post", "periods/2026-10/reopen", {"reason": "restated"}).json()
    assert (reopened["state"], reopened["revision"]) == ("open", 1)
    close(prepare(Period.objects.get(), by=analyst), by=approver)
    after = statement_of("SHOP", 2)
    found = program("get", f"statements/{after.pk}/diff/1").json()
    changes = sum(Decimal(line["change"]) for line in found["lines"])
    assert (
        f"{changes:.6f}"
        == f"{Decimal(found['billed_after']) - Decimal(found['billed_before']):.6f}"
    )
    assert found["changed_lines"] == len(found["lines"]) > 0
    assert len(program("get", "periods/2026-10/closes/").json()["results"]) == 2
    assert program("post", "periods/2026-10/verify", {}).json()["holds"]


def test_the_list_is_filtered(closed: Period, program: Program) -> None:
    def numbers(query: str) -> list[str]:
        found = program("get", f"statements/?{query}")
        return sorted(one["code"] for one in found.json()["results"])

    assert numbers("month=2026-10&revision=latest") == ["PAY", "SHOP", "unmapped"]
    assert numbers("code=PAY") == ["PAY"]
    assert numbers("state=issued") == ["PAY", "SHOP"]
    assert numbers("revision=7") == []
    assert program("get", "statements/?state=gone").status_code == 400
