"""Schedules: once for each due moment, and mails that say no more than they may."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from costinsights.accounts.models import Role, User, Workspace
from costinsights.core.mail import send_mail
from reporting.models import CostCenter, Period, ReportDefinition, ReportRun, ReportSchedule
from reporting.reports import mails, tasks
from reporting.reports.due import runs_due
from reporting.reports.running import do_run
from tests.accounts.test_mail_on_the_wire import Inbox, inbox
from tests.factories.accounts import UserFactory
from tests.reporting.statements.programs import Program

__all__ = ["inbox"]
pytestmark = pytest.mark.django_db
MONTHLY = {"frequency": "monthly", "day": 6, "hour": 6, "recipients": ["cfo@finance.test"]}


@pytest.fixture
def schedule(statements: ReportDefinition, program: Program, clock: Any) -> ReportSchedule:
    """On the sixth of November, a day after the clock of these tests."""
    made = program("post", f"reports/{statements.pk}/schedules", MONTHLY)
    assert made.status_code == 201, made.content
    return ReportSchedule.objects.get()


def done(clock: time_machine.Traveller) -> ReportRun:
    clock.move_to(dt.datetime(2026, 11, 6, 6, tzinfo=dt.UTC))
    (run,) = runs_due(now=timezone.now())
    do_run(run, now=timezone.now())
    return ReportRun.objects.get(pk=run)


def test_two_ticks_make_one_run(schedule: ReportSchedule, clock: time_machine.Traveller) -> None:
    due = schedule.next_run_at
    assert due == dt.datetime(2026, 11, 6, 6, tzinfo=dt.UTC)
    clock.move_to(dt.datetime(2027, 1, 20, tzinfo=dt.UTC))  # two more moments went by
    assert len(runs_due(now=timezone.now())) == 1
    ReportSchedule.objects.update(next_run_at=due)  # as a tick sees it that began as early
    assert runs_due(now=timezone.now()) == []
    schedule.refresh_from_db()
    assert schedule.next_run_at == dt.datetime(2027, 2, 6, 6, tzinfo=dt.UTC)
    assert ReportRun.objects.get().due_at == due


def test_another_time_zone_moves_what_is_ahead(
    schedule: ReportSchedule, clock: time_machine.Traveller
) -> None:
    workspace = Workspace.objects.first() or Workspace()
    workspace.display_time_zone = "Asia/Kathmandu"
    workspace.save()
    assert runs_due(now=timezone.now()) == []
    schedule.refresh_from_db()
    assert schedule.next_run_at == dt.datetime(2026, 11, 6, 0, 15, tzinfo=dt.UTC)


def test_a_paused_schedule_waits(schedule: ReportSchedule, program: Program, clock: Any) -> None:
    place = f"report-schedules/{schedule.pk}/"
    paused = program("patch", place, {"is_active": False}).json()
    assert (paused["is_active"], paused["next_run_at"]) == (False, None)
    clock.move_to(dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    assert runs_due(now=timezone.now()) == []
    assert program("post", f"{place}run", {}).status_code == 202
    assert (
        program("patch", place, {"is_active": True}).json()["next_run_at"].startswith("2026-12-06")
    )
    assert program("delete", place).status_code == 204


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"day": 29}, "day"),
        ({"frequency": "weekly", "day": 8}, "day"),
        ({"hour": 24}, "hour"),
        ({"recipients": ["cfo"]}, "recipients"),
        ({"recipients": [f"{n}@finance.test" for n in range(21)]}, "recipients"),
    ],
)
def test_what_does_not_fit_is_named(
    statements: ReportDefinition, program: Program, change: dict[str, Any], field: str
) -> None:
    answer = program("post", f"reports/{statements.pk}/schedules", MONTHLY | change)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_members_who_may_not_see_it_are_no_recipients(
    statements: ReportDefinition, costs: ReportDefinition, program: Program
) -> None:
    viewer = UserFactory.create(role=Role.VIEWER)
    limited = UserFactory.create(role=Role.ANALYST, scope_namespaces=["pay"])
    for report, member, code in (
        (statements, viewer, 400),
        (costs, viewer, 201),
        (costs, limited, 400),
    ):
        body = MONTHLY | {"recipients": [member.email]}
        assert program("post", f"reports/{report.pk}/schedules", body).status_code == code


def test_the_mail_arrives_with_summary_and_a_page_that_asks_for_sign_in(
    closed: Period, schedule: ReportSchedule, clock: Any, inbox: Inbox, client: Client
) -> None:
    run = done(clock)
    assert run.state == "done", run.message
    assert (tasks.mail_reports(), tasks.mail_reports()) == (1, 0)
    [message] = inbox.mails
    text, html = (part.get_content() for part in message.iter_parts())
    assert inbox.recipients == ["cfo@finance.test"]
    assert message["Subject"].startswith("Finance: $")
    for part in (text, html):
        assert "Statements of October 2026" in part
        assert f"http://acme.localhost/reporting/runs/{run.pk}/" in part
    page = client.get(f"/reporting/runs/{run.pk}/", headers={"host": "acme.localhost"})
    assert (page.status_code, "/sign-in/" in page["Location"]) == (302, True)


def test_a_mail_that_failed_half_way_makes_no_doubles(
    closed: Period, schedule: ReportSchedule, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ReportSchedule.objects.update(recipients=["a@finance.test", "b@finance.test"])
    done(clock)
    real, tried = send_mail, list[str]()

    def failing(**given: Any) -> None:
        tried.append(given["to"])
        if tried == ["a@finance.test", "b@finance.test"]:
            raise OSError("the mail server is gone")
        real(**given)

    monkeypatch.setattr(mails, "send_mail", failing)
    with pytest.raises(OSError, match="gone"):
        mails.send_due(now=timezone.now())
    assert mails.send_due(now=timezone.now()) == 0
    assert mails.send_due(now=timezone.now() + mails.TRIES_AFTER) == 1
    assert [sent.to for sent in mail.outbox] == [["a@finance.test"], ["b@finance.test"]]


def test_owners_get_their_own_closed_statement(
    closed: Period, schedule: ReportSchedule, centers: dict[str, CostCenter], clock: Any
) -> None:
    ReportSchedule.objects.update(to_owners=True, recipients=[])
    done(clock)
    mails.send_due(now=timezone.now())
    told = {tuple(sent.to): sent.subject.partition(":")[0] for sent in mail.outbox}
    assert told == {
        ("pay@acme.test",): "CI-2026-10-PAY-r1",
        ("shop@acme.test",): "CI-2026-10-SHOP-r1",
    }


def test_owners_are_not_told_of_what_is_preliminary(
    october: Period, schedule: ReportSchedule, clock: Any
) -> None:
    ReportSchedule.objects.update(to_owners=True)
    assert done(clock).summary["is_preliminary"]
    mails.send_due(now=timezone.now())
    (sent,) = mail.outbox
    assert sent.to == ["cfo@finance.test"]
    assert "preliminary" in sent.subject


def test_a_failure_is_told_once_to_whose_rights_it_had(
    schedule: ReportSchedule, analyst: User, clock: Any
) -> None:
    User.objects.filter(pk=analyst.pk).update(role=Role.VIEWER)
    assert done(clock).state == "failed"
    assert [mails.send_due(now=timezone.now()) for _ in range(2)] == [1, 0]
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([analyst.email], "Finance could not be made")
    assert "There are no statements of October 2026" in sent.body


def test_the_tick_sends_jobs_for_what_is_due(
    schedule: ReportSchedule, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.move_to(dt.datetime(2026, 11, 6, 6, 2, tzinfo=dt.UTC))
    sent: list[int] = []
    monkeypatch.setattr(tasks.make_report, "enqueue_on_commit", lambda run_id: sent.append(run_id))
    assert tasks.look_after_reports() == 1
    assert sent == [ReportRun.objects.get().pk]
