"""What no row change shows reaches the audit log: sign-ins, lock-outs, second factors, ended sessions."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from costinsights.accounts import audit_signals, invitations, second_factor, sessions, signing_in
from costinsights.accounts import members as member_services
from costinsights.accounts.models import Role, User
from costinsights.core.actor import ActorKind, current_actor
from tests.accounts.codes import code_at, with_app
from tests.accounts.people import sign_in
from tests.factories.accounts import PASSWORD, UserFactory

NOW = dt.datetime(2026, 11, 23, 15, 20, 10, tzinfo=dt.UTC)


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """(action, target, whoever acted) of every event so far."""
    noted: list[tuple[str, str, str]] = []

    def note(action: str, *, target: str = "", details: Any = None) -> None:
        assert PASSWORD not in str(details)
        actor = current_actor()
        who = actor.label if actor.kind == ActorKind.MEMBER else ""
        noted.append((action, target, who))

    for module in (
        audit_signals,
        invitations,
        member_services,
        second_factor,
        sessions,
        signing_in,
    ):
        monkeypatch.setattr(module, "record_event", note)
    return noted


def test_signing_in_and_out_leaves_two_entries(
    events: list[Any], browser: Client, ada: User
) -> None:
    sign_in(browser, ada)
    browser.post("/sign-out/")
    assert [event[:2] for event in events] == [
        ("sign_in.succeeded", ada.email),
        ("sign_in.ended", ada.email),
    ]
    assert events[0][2] == ada.email  # the member acted, not a visitor


def test_failures_and_the_lock_out_name_the_address_that_was_typed(
    events: list[Any], browser: Client, ada: User
) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(browser, " ADA@people.test", "a-wrong-password")
    actions = [event[0] for event in events]
    assert actions.count("sign_in.failed") == settings.AXES_FAILURE_LIMIT
    assert "sign_in.locked" in actions
    assert {event[1] for event in events} == {ada.email}


def test_both_steps_leave_one_sign_in(events: list[Any], browser: Client, ada: User) -> None:
    with time_machine.travel(NOW, tick=False):
        with_app(ada, at=NOW)
        sign_in(browser, ada)
        browser.post("/sign-in/code/", {"code": "000000"})
        browser.post("/sign-in/code/", {"code": code_at(NOW)})
    assert [event[0] for event in events] == [
        "second_factor.enabled",
        "sign_in.failed",
        "sign_in.succeeded",
    ]


def test_ended_sessions_and_second_factors_are_noted(events: list[Any], ada: User) -> None:
    other = UserFactory.create()
    with_app(other, at=timezone.now())
    member_services.sign_out(by=ada, member=other)
    member_services.reset_second_factor(by=ada, member=other)
    assert [event[:2] for event in events] == [
        ("second_factor.enabled", other.email),
        ("session.revoked", other.email),
        ("second_factor.disabled", other.email),
    ]


def test_an_accepted_invitation_is_noted(
    events: list[Any], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "_new_secret", lambda: "known")
    now = timezone.now()
    invitations.invite(by=ada, email="grace@people.test", role=Role.VIEWER, at=now)
    invitations.accept(secret="known", name="Grace", password=PASSWORD, at=now)
    assert [event[:2] for event in events] == [("invitation.accepted", "grace@people.test")]
