"""Runs: what they make, for whom, and what happens to them on the way."""

import csv
import datetime as dt
import io
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from openpyxl import load_workbook

from costinsights.accounts.models import Role, User
from costinsights.core.errors import Conflict
from reporting import files
from reporting.models import CostCenter, Period, ReportDefinition, ReportRun, Statement
from reporting.reports import kinds, running
from reporting.reports.asking import ask_for_run, ask_to_stop
from reporting.reports.kept import KEPT, forget_expired, may_open
from reporting.reports.running import LOST_AFTER, do_run, lost_runs
from reporting.reports.services import delete_report
from tests.factories.accounts import UserFactory
from tests.reporting.reports.conftest import Ran

pytestmark = pytest.mark.django_db


def rows_of(run: ReportRun, wanted: str = "csv") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(bytes_of(run, wanted).decode())))


def bytes_of(run: ReportRun, wanted: str) -> bytes:
    (file,) = (one for one in run.files if one["format"] == wanted)
    with files.opened("acme", file["sha256"]) as kept:
        return kept.read()


def test_statements_of_a_closed_month_add_up_in_the_file_and_the_summary(
    closed: Period, statements: ReportDefinition, analyst: User, ran: Ran
) -> None:
    run = ran(statements, analyst)
    assert (run.state, run.message, run.summary["is_preliminary"]) == ("done", "", False)
    billed = sum(float(row["billed_cost"]) for row in rows_of(run))
    assert f"{billed:.2f}" == f"{float(run.summary['total']):.2f}"
    assert [file["name"] for file in run.files] == [
        "CI-2026-10-r1.csv",
        "CI-2026-10-r1.journal.csv",
    ]
    assert run.done == run.whole == 2 * Statement.objects.filter(revision=1).count()


def test_a_month_that_nobody_prepared_is_prepared_for_it(
    october: Period, statements: ReportDefinition, analyst: User, ran: Ran
) -> None:
    run = ran(statements, analyst)
    assert (run.state, run.summary["is_preliminary"]) == ("done", True)
    assert run.files[0]["name"] == "CI-2026-10-preliminary.csv"
    assert Period.objects.get().prepared_by == analyst


def test_what_somebody_prepared_stays_theirs(
    october: Period, statements: ReportDefinition, analyst: User, approver: User, ran: Ran
) -> None:
    ran(statements, analyst)
    ran(statements, approver)
    assert Period.objects.get().prepared_by == analyst


def test_a_viewer_gets_the_closed_statements_of_own_centers_only(
    closed: Period, centers: dict[str, CostCenter], statements: ReportDefinition, ran: Ran
) -> None:
    viewer = UserFactory.create(role=Role.VIEWER)
    assert ran(statements, viewer).message.startswith("There are no statements of October 2026")
    centers["PAY"].readers.add(viewer)
    run = ran(statements, viewer)
    assert {row["cost_center_code"] for row in rows_of(run)} == {"PAY"}
    assert run.summary["total"] == f"{Statement.objects.get(code='PAY').billed / 1e6:.6f}"


def test_a_center_stands_for_all_below_it(
    closed: Period,
    centers: dict[str, CostCenter],
    statements: ReportDefinition,
    analyst: User,
    ran: Ran,
) -> None:
    CostCenter.objects.filter(code="PAY").update(parent=centers["SHOP"])
    for code, wanted in (("SHOP", {"SHOP", "PAY"}), ("PAY", {"PAY"})):
        statements.parameters = {"month": "2026-10", "centers": [code]}
        statements.save()
        assert {row["cost_center_code"] for row in rows_of(ran(statements, analyst))} == wanted


def test_costs_are_the_same_in_every_format(
    prod: Any, costs: ReportDefinition, analyst: User, ran: Ran
) -> None:
    run = ran(costs, analyst)
    assert (run.state, run.message) == ("done", "")
    total = sum(float(row["total_cost"] or 0) for row in rows_of(run))
    assert f"{total:.6f}" == run.summary["total"]
    sheet = load_workbook(io.BytesIO(bytes_of(run, "xlsx"))).worksheets[0]
    (place,) = (cell.column for cell in sheet[1] if cell.value == "total_cost")
    cells = [sheet.cell(line, place).value for line in range(2, sheet.max_row + 1)]
    assert f"{sum(cell or 0 for cell in cells):.6f}" == run.summary["total"]
    assert None in cells  # October has days that nothing is stored of


def test_a_limited_member_gets_costs_within_the_limit(
    prod: Any, costs: ReportDefinition, ran: Ran
) -> None:
    limited = UserFactory.create(role=Role.ANALYST, scope_namespaces=["pay"])
    run = ran(costs, limited)
    assert {row["namespace"] for row in rows_of(run)} == {"pay"}
    User.objects.filter(pk=limited.pk).update(scope_namespaces=["shop"])
    assert not may_open(run, User.objects.get(pk=limited.pk))


def test_a_second_run_waits_for_the_first(statements: ReportDefinition, analyst: User) -> None:
    now = timezone.now()
    ask_for_run(statements, by=analyst, now=now)
    with pytest.raises(Conflict):
        ask_for_run(statements, by=analyst, now=now)


def test_a_run_in_the_queue_is_cancelled_at_once(
    statements: ReportDefinition, analyst: User
) -> None:
    run = ask_for_run(statements, by=analyst, now=timezone.now())
    assert ask_to_stop(run, now=timezone.now()).state == "cancelled"
    assert do_run(run.pk, now=timezone.now()) == ""
    with pytest.raises(Conflict):
        ask_to_stop(run, now=timezone.now())


def test_a_run_at_work_is_cancelled_before_its_next_step(
    costs: ReportDefinition, prod: Any, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ask_for_run(costs, by=analyst, now=timezone.now())
    make = kinds.make

    def stopped(*given: Any, **more: Any) -> Any:
        ask_to_stop(run, now=timezone.now())
        return make(*given, **more)

    monkeypatch.setattr(running, "make", stopped)
    assert do_run(run.pk, now=timezone.now()) == "cancelled"
    run.refresh_from_db()
    assert (run.files, run.message) == ([], "It was cancelled. No files were kept.")


def test_a_lost_run_is_taken_over_once(
    costs: ReportDefinition, prod: Any, analyst: User, clock: time_machine.Traveller
) -> None:
    run = ask_for_run(costs, by=analyst, now=timezone.now())
    ReportRun.objects.update(state="running", attempts=1, seen_at=timezone.now())
    assert (lost_runs(now=timezone.now()), do_run(run.pk, now=timezone.now())) == ([], "")
    clock.shift(LOST_AFTER + dt.timedelta(seconds=1))
    assert lost_runs(now=timezone.now()) == [run.pk]
    assert do_run(run.pk, now=timezone.now()) == "done"
    ReportRun.objects.update(state="running", seen_at=timezone.now() - 2 * LOST_AFTER)
    assert lost_runs(now=timezone.now()) == []
    assert ReportRun.objects.get().message.startswith("The job was lost twice")


def test_a_job_that_lost_its_run_leaves_it_alone(
    costs: ReportDefinition, prod: Any, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ask_for_run(costs, by=analyst, now=timezone.now())
    make = kinds.make

    def overtaken(*given: Any, **more: Any) -> Any:
        made = make(*given, **more)
        ReportRun.objects.update(attempts=2)
        return made

    monkeypatch.setattr(running, "make", overtaken)
    assert do_run(run.pk, now=timezone.now()) == ""
    run.refresh_from_db()
    assert (run.state, run.files) == ("running", [])


def test_a_member_who_is_gone_gets_nothing(
    costs: ReportDefinition, analyst: User, ran: Ran
) -> None:
    User.objects.filter(pk=analyst.pk).update(is_active=False)
    assert ran(costs, analyst).state == "failed"


def test_files_are_forgotten_when_their_time_is_over_and_nobody_names_them(
    closed: Period,
    statements: ReportDefinition,
    analyst: User,
    ran: Ran,
    clock: time_machine.Traveller,
) -> None:
    first, second = ran(statements, analyst), ran(statements, analyst)
    assert first.files[0]["sha256"] == second.files[0]["sha256"]
    clock.shift(KEPT)
    ReportRun.objects.filter(pk=second.pk).update(expires_at=timezone.now() + KEPT)
    assert forget_expired(now=timezone.now()) == 1
    assert files.verify("acme", second.files[0]["sha256"])
    ReportRun.objects.update(expires_at=timezone.now())
    forget_expired(now=timezone.now())
    assert not files.verify("acme", second.files[0]["sha256"])


def test_a_deleted_report_takes_its_files_along(
    closed: Period,
    statements: ReportDefinition,
    analyst: User,
    ran: Ran,
    django_capture_on_commit_callbacks: Any,
) -> None:
    run = ran(statements, analyst)
    with django_capture_on_commit_callbacks(execute=True):
        delete_report(statements, by=analyst)
    assert not any(files.verify("acme", file["sha256"]) for file in run.files)
