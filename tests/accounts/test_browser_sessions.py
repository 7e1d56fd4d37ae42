"""Where a member is signed in: the list, ending one or all others, and how long a session lives."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from costinsights.accounts import tasks
from costinsights.accounts.clients import device_words
from costinsights.accounts.models import Role, Scope, TenantSession, User
from tenants.models import Tenant
from tests.accounts.people import is_signed_in, sign_in
from tests.factories.accounts import UserFactory, token_of

NOW = dt.datetime(2026, 11, 23, 15, 20, tzinfo=dt.UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Safari/604.1"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def phone(acme: Tenant, ada: User, client_of: Any) -> Client:
    """Ada's other browser."""
    client: Client = client_of(acme, HTTP_USER_AGENT=SAFARI, REMOTE_ADDR="203.0.113.7")
    sign_in(client, ada)
    return client


@pytest.fixture
def desk(acme: Tenant, ada: User, client_of: Any) -> Client:
    client: Client = client_of(acme, HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="198.51.100.4")
    sign_in(client, ada)
    return client


def test_the_profile_lists_every_browser_with_this_one_first(phone: Client, desk: Client) -> None:
    page = desk.get("/settings/profile/").content.decode()
    assert page.index("Firefox on Linux") < page.index("Safari on iPhone")
    assert "203.0.113.7" in page
    for row in TenantSession.objects.all():
        assert row.session_key not in page


def test_ending_one_browser_takes_effect_with_its_next_request(phone: Client, desk: Client) -> None:
    listed = desk.get("/api/v1/me/sessions/").json()["results"]
    assert [one["is_current"] for one in listed] == [True, False]
    desk.post(f"/settings/profile/sessions/{listed[1]['session_id']}/revoke/")
    assert (is_signed_in(phone), is_signed_in(desk)) == (False, True)


def test_ending_all_others_keeps_this_one(phone: Client, desk: Client) -> None:
    desk.post("/settings/profile/sessions/others/revoke/")
    assert (is_signed_in(phone), is_signed_in(desk)) == (False, True)


def test_ending_this_one_signs_out(desk: Client) -> None:
    own = desk.get("/api/v1/me/sessions/").json()["results"][0]["session_id"]
    answer = desk.post(f"/settings/profile/sessions/{own}/revoke/")
    assert answer["Location"] == "/sign-in/"
    assert not is_signed_in(desk)


def test_nobody_ends_anybody_elses(phone: Client, acme: Tenant, browser: Client) -> None:
    theirs = phone.get("/api/v1/me/sessions/").json()["results"][0]["session_id"]
    sign_in(browser, UserFactory.create(role=Role.OWNER))
    assert browser.post(f"/settings/profile/sessions/{theirs}/revoke/").status_code == 404
    headers = {"X-CSRFToken": ""}
    assert browser.delete(f"/api/v1/me/sessions/{theirs}/", headers=headers).status_code == 404
    assert is_signed_in(phone)


def test_the_api_ends_one_and_all(phone: Client, desk: Client, ada: User, browser: Client) -> None:
    text = token_of(ada, Scope.READ, Scope.WRITE)
    bearer = {"Authorization": f"Bearer {text}"}
    listed = browser.get("/api/v1/me/sessions/", headers=bearer).json()["results"]
    assert [one["is_current"] for one in listed] == [False, False]
    one = next(row for row in listed if row["device"] == "Safari on iPhone")
    path = f"/api/v1/me/sessions/{one['session_id']}/"
    assert browser.delete(path, headers=bearer).status_code == 204
    assert (is_signed_in(phone), is_signed_in(desk)) == (False, True)
    assert browser.delete("/api/v1/me/sessions/", headers=bearer).status_code == 204
    assert not is_signed_in(desk)


def test_a_session_left_alone_ends(desk: Client, clock: time_machine.Traveller) -> None:
    clock.shift(dt.timedelta(seconds=settings.SESSION_IDLE_SECONDS - 1))
    assert is_signed_in(desk)
    clock.shift(dt.timedelta(seconds=settings.SESSION_IDLE_SECONDS))
    assert not is_signed_in(desk)
    assert desk.get("/api/v1/me").status_code == 401


def test_a_session_in_use_ends_after_its_longest_life(
    desk: Client, clock: time_machine.Traveller
) -> None:
    step = dt.timedelta(seconds=settings.SESSION_IDLE_SECONDS // 2)
    lived = dt.timedelta()
    while lived + step < dt.timedelta(seconds=settings.SESSION_COOKIE_AGE):
        clock.shift(step)
        lived += step
        assert desk.post("/settings/profile/", {"name": str(lived)}).status_code == 302
    clock.shift(step)
    assert not is_signed_in(desk)


def test_a_minute_of_use_is_written_once(desk: Client, clock: time_machine.Traveller) -> None:
    def seen() -> dt.datetime | None:
        return TenantSession.objects.get(user__isnull=False).last_seen_at

    clock.shift(dt.timedelta(seconds=59))
    desk.get("/settings/profile/")
    assert seen() == NOW
    clock.shift(dt.timedelta(seconds=1))
    desk.get("/settings/profile/")
    assert seen() == NOW + dt.timedelta(minutes=1)


def test_the_nightly_job_forgets_idle_sessions(desk: Client, clock: time_machine.Traveller) -> None:
    clock.shift(dt.timedelta(seconds=settings.SESSION_IDLE_SECONDS + 1))
    assert tasks.forget_expired_sessions() >= 1
    assert not TenantSession.objects.filter(user__isnull=False).exists()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (SAFARI, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140.0", "Edge on Windows"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown device"),
        ("<script>alert(1)</script>", "Unknown device"),
    ],
)
def test_a_device_is_named_in_two_words(agent: str, words: str) -> None:
    assert device_words(agent) == words
