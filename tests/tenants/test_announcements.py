"""Announcements stand above tenants' pages: in their time, for their plans, within a minute."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from costinsights.accounts.models import Role
from costinsights.core.tenancy import public_context
from tenants import announcements
from tenants.models import Announcement, Tenant
from tests.factories.accounts import PASSWORD, UserFactory
from tests.tenants.staff import member, signed_in

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def announce(title: str, **fields: Any) -> None:
    with public_context():
        Announcement.objects.create(title=title, **{"starts_at": NOW - HOUR, **fields})
    announcements.forget()


def titles(at: dt.datetime = NOW, plan: str = "saas") -> list[str]:
    return [notice.title for notice in announcements.announcements_at(at, plan=plan)]


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, True),
        ({"ends_at": NOW + HOUR}, True),
        ({"ends_at": NOW}, False),
        ({"starts_at": NOW}, True),
        ({"starts_at": NOW + HOUR / 3600}, False),
        ({"plans": ["saas", "community"]}, True),
        ({"plans": ["enterprise"]}, False),
    ],
)
def test_an_announcement_is_shown_in_its_time_and_to_its_plans(
    db: None, fields: dict[str, Any], shown: bool
) -> None:
    announce("Maintenance", **fields)
    assert titles() == (["Maintenance"] if shown else [])


def test_the_newest_stands_first(db: None) -> None:
    announce("old", starts_at=NOW - 2 * HOUR)
    announce("new")
    assert titles() == ["new", "old"]


def test_rows_are_read_once_a_minute_and_one_that_starts_meanwhile_comes_on_time(
    db: None, django_assert_num_queries: Any
) -> None:
    announce("soon", starts_at=NOW + dt.timedelta(seconds=30))
    assert titles() == []
    with django_assert_num_queries(0):
        assert titles(NOW + dt.timedelta(seconds=30)) == ["soon"]


def test_a_member_sees_it_on_every_page_and_a_change_by_staff_at_once(
    acme: Tenant, django_capture_on_commit_callbacks: Any
) -> None:
    owner = UserFactory.create(role=Role.OWNER)
    browser = Client(HTTP_HOST="acme.localhost")
    browser.post("/sign-in/", {"email": owner.email, "password": PASSWORD})
    assert b"Maintenance on Sunday" not in browser.get("/clusters/").content
    form = {
        "title": "Maintenance on Sunday",
        "text": "From 06:00 to 06:30 UTC.",
        "link": "https://status.example/",
        "level": "warning",
        "plans": ["enterprise"],
        "starts_at_0": "2020-01-01",
        "starts_at_1": "00:00:00",
        "ends_at_0": "",
        "ends_at_1": "",
    }
    with public_context():
        staff = signed_in(member("ada@platform.test", "Operations"))
    with django_capture_on_commit_callbacks(execute=True):
        answer = staff.post("/tenants/announcement/add/", form)
    assert answer.status_code == 302, answer.context["errors"]
    shown = browser.get("/clusters/").content.decode()
    assert "Maintenance on Sunday" in shown
    assert 'href="https://status.example/"' in shown
    with django_capture_on_commit_callbacks(execute=True), public_context():
        row = Announcement.objects.get()
        staff.post(f"/tenants/announcement/{row.pk}/delete/", {"post": "yes"})
    assert b"Maintenance on Sunday" not in browser.get("/clusters/").content


def test_an_end_before_the_start_is_refused_beside_its_field(db: None) -> None:
    staff = signed_in(member("ada@platform.test", "Operations"))
    form = {
        "title": "x",
        "level": "info",
        "starts_at_0": "2026-01-02",
        "starts_at_1": "00:00:00",
        "ends_at_0": "2026-01-01",
        "ends_at_1": "00:00:00",
    }
    answer = staff.post("/tenants/announcement/add/", form)
    assert "The end must be after the start." in answer.content.decode()


def test_staff_look_at_an_announcement_before_anybody_else_does(db: None) -> None:
    with public_context():
        row = Announcement.objects.create(
            title="Next week", text="We move.", starts_at=timezone.now() + 24 * HOUR
        )
    staff = signed_in(member("ada@platform.test", "Support"))
    shown = staff.get(f"/tenants/announcement/{row.pk}/preview/").content.decode()
    assert "Next week" in shown
    assert "We move." in shown


def test_a_tenant_on_trial_gets_what_is_for_the_greater_plan(globex: Tenant) -> None:
    announce("For Enterprise", plans=["enterprise"])
    with time_machine.travel(NOW, tick=False), public_context():
        globex.trial_plan, globex.trial_ends_at = "enterprise", NOW + HOUR
        assert titles(plan=globex.plan_at(NOW)) == ["For Enterprise"]
