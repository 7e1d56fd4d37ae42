"""Rotating a token: a successor with the same rights, both alive for a while, then one."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from costinsights.accounts import tasks, token_mails, token_services
from costinsights.accounts.models import ApiToken, Role, Scope, User
from costinsights.core.errors import Conflict, InvalidInput, NotFound
from tests.accounts.people import sign_in
from tests.factories.accounts import UserFactory, token_of

JSON = "application/json"
START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def key_of(text: str) -> str:
    return text.split("_")[1]


def rotate(user: User, text: str, **options: Any) -> token_services.NewToken:
    return token_services.rotate_token(user=user, key_id=key_of(text), at=timezone.now(), **options)


def works(client: Client, text: str) -> bool:
    answer = client.get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {text}")
    assert answer.status_code in (200, 401)
    return bool(answer.status_code == 200)


def test_both_work_during_the_overlap_and_only_the_new_one_after(
    ada: User, browser: Client
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        old = token_of(ada)
        new = rotate(ada, old, overlap=2 * DAY)
        assert (works(browser, old), works(browser, new.text)) == (True, True)
        clock.shift(2 * DAY)
        assert (works(browser, old), works(browser, new.text)) == (False, True)


def test_without_overlap_the_old_one_ends_at_once(ada: User, browser: Client) -> None:
    old = token_of(ada)
    new = rotate(ada, old, overlap=dt.timedelta(0))
    assert (works(browser, old), works(browser, new.text)) == (False, True)
    assert ApiToken.objects.get(key_id=key_of(old)).state(timezone.now()) == "revoked"


def test_the_successor_has_the_name_and_the_rights(ada: User) -> None:
    old = token_of(
        ada,
        *Scope,
        name="Grafana",
        role_ceiling=Role.ANALYST,
        networks=["10.0.0.0/8"],
        lifetime=20 * DAY,
    )
    new = rotate(ada, old).token
    assert (new.name, new.scopes, new.role_ceiling, new.allowed_networks) == (
        "Grafana",
        ["read", "write"],
        "analyst",
        ["10.0.0.0/8"],
    )
    assert new.expires_at - new.created_at == 20 * DAY
    assert new.replaces == ApiToken.objects.get(key_id=key_of(old))


def test_an_overlap_never_lengthens_the_old_one(ada: User) -> None:
    old = token_of(ada, lifetime=2 * DAY)
    before = ApiToken.objects.get().expires_at
    rotate(ada, old, overlap=7 * DAY)
    assert ApiToken.objects.get(key_id=key_of(old)).expires_at == before


def test_a_token_is_rotated_once_and_only_alive(ada: User) -> None:
    old = token_of(ada)
    new = rotate(ada, old)
    with pytest.raises(Conflict, match="successor"):
        rotate(ada, old)
    with pytest.raises(Conflict, match="live tokens are called"):
        rotate(ada, new.text)
    token_services.revoke_token(by=ada, key_id=key_of(new.text), at=timezone.now())
    with pytest.raises(Conflict, match="revoked"):
        rotate(ada, new.text)
    assert ApiToken.objects.count() == 2


@pytest.mark.parametrize("days", [-1, 8, 10_000])
def test_an_overlap_beyond_a_week_is_refused(ada: User, days: int) -> None:
    old = token_of(ada)
    with pytest.raises(InvalidInput):
        rotate(ada, old, overlap=days * DAY)
    assert ApiToken.objects.count() == 1


def test_nobody_rotates_anothers_token(ada: User) -> None:
    theirs = token_of(UserFactory.create())
    with pytest.raises(NotFound):
        rotate(ada, theirs)


def test_a_browser_rotates_through_the_api_and_a_token_does_not(ada: User, browser: Client) -> None:
    old = token_of(ada, *Scope)
    path = f"/api/v1/tokens/{key_of(old)}/rotate/"
    refused = browser.post(path, {}, content_type=JSON, HTTP_AUTHORIZATION=f"Bearer {old}")
    assert refused.status_code == 403
    sign_in(browser, ada)
    for wrong in ({"overlap_days": 8}, {"overlap_days": "x"}, {"expires_in_days": 366}):
        assert browser.post(path, wrong, content_type=JSON).status_code == 400
    made = browser.post(path, {"overlap_days": 3}, content_type=JSON)
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    assert made.json()["replaces"] == key_of(old)
    assert works(browser, made.json()["token"])
    unknown = browser.post("/api/v1/tokens/aaaaaaaaaaaa/rotate/", {}, content_type=JSON)
    assert unknown.status_code == 404


def test_the_page_rotates_and_shows_the_new_token_once(ada: User, browser: Client) -> None:
    old = token_of(ada, name="Grafana")
    sign_in(browser, ada)
    path = f"/settings/tokens/{key_of(old)}/rotate/"
    assert browser.get(path).status_code == 200
    assert browser.post(path, {"overlap_days": "9"}).status_code == 422
    made = browser.post(path, {"overlap_days": "1", "days": ""})
    assert (made.status_code, made.context["text"] in made.content.decode()) == (201, True)
    listed = browser.get("/settings/tokens/").content.decode()
    assert "followed by" in listed
    assert "Within a day" in listed
    assert browser.post(path, {"overlap_days": "1", "days": ""}).status_code == 422


def test_the_page_of_everybody_is_for_admins(ada: User, browser: Client) -> None:
    viewer = UserFactory.create(role=Role.VIEWER)
    theirs = token_of(viewer, name="nightly export")
    url = "/settings/tokens/everybody/"
    sign_in(browser, viewer)
    assert browser.get(url).status_code == 403
    sign_in(browser, ada)
    assert "nightly export" in browser.get(url).content.decode()
    answer = browser.post(f"/settings/tokens/{key_of(theirs)}/revoke/", {"back": "everybody"})
    assert (answer.status_code, answer["Location"]) == (302, url)
    assert not works(browser, theirs)


def test_the_page_says_what_is_wrong_with_a_network_at_its_field(
    ada: User, browser: Client
) -> None:
    sign_in(browser, ada)
    form = {"name": "x", "access": "read", "days": "30", "networks": "10.0.0.0/8\n10.0.0.1/8"}
    answer = browser.post("/settings/tokens/", form)
    assert answer.status_code == 422
    assert answer.context["form"].errors["networks"]
    assert ApiToken.objects.count() == 0


@pytest.fixture
def announced(
    jobs_run_at_once: None, django_capture_on_commit_callbacks: Any
) -> Callable[[dt.datetime], list[EmailMessage]]:
    """The mails that the daily job sends at an instant."""

    def send(at: dt.datetime) -> list[EmailMessage]:
        mail.outbox.clear()
        with (
            time_machine.travel(at, tick=False),
            django_capture_on_commit_callbacks(execute=True),
        ):
            tasks.announce_ending_tokens()
        return list(mail.outbox)

    return send


def test_a_token_is_announced_once_a_week_before_it_ends(ada: User, announced: Any) -> None:
    secret = token_of(ada, at=START, lifetime=30 * DAY, name="Grafana").split("_")[2]
    sent = [announced(START + day * DAY) for day in (22, 23, 24, 29)]
    assert [len(mails) for mails in sent] == [0, 1, 0, 0]
    [message] = sent[1]
    assert (message.to, "Grafana" in message.body, secret in message.body) == (
        [ada.email],
        True,
        False,
    )


def test_tokens_that_need_no_mail_get_none(ada: User, announced: Any) -> None:
    gone = UserFactory.create()
    token_of(ada, at=START, lifetime=7 * DAY)  # lives no longer than the notice
    token_of(gone, at=START, lifetime=10 * DAY)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    with time_machine.travel(START, tick=False):
        rotate(ada, token_of(ada, lifetime=10 * DAY), overlap=7 * DAY, lifetime=60 * DAY)
        revoked = token_of(ada, lifetime=10 * DAY)
        token_services.revoke_token(by=ada, key_id=key_of(revoked), at=START)
    assert announced(START + 5 * DAY) == []


def test_tokens_of_one_member_come_in_one_mail(ada: User, announced: Any) -> None:
    for name in ("Grafana", "export"):
        token_of(ada, at=START, lifetime=10 * DAY, name=name)
    [message] = announced(START + 5 * DAY)
    assert "2 API tokens" in message.subject
    assert all(name in message.body for name in ("Grafana", "export"))


def test_a_token_that_was_revoked_before_the_mail_went_out_is_not_in_it(ada: User) -> None:
    text = token_of(ada, at=START, lifetime=10 * DAY)
    at = START + 5 * DAY
    [token_ids] = token_mails.claim_ending_tokens(at=at).values()
    token_services.revoke_token(by=ada, key_id=key_of(text), at=at)
    assert not token_mails.send_token_expiry(user=ada, token_ids=token_ids, at=at)
