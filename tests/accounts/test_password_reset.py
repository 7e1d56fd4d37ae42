"""A forgotten password comes back by mail, and only to its owner, in its own tenant."""

import datetime as dt
import itertools
import re
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client

from costinsights.accounts import passwords, tasks
from costinsights.accounts.models import User
from costinsights.accounts.views.signing_in import MOST_RESETS
from costinsights.core.tenancy import public_context, tenant_context
from tenants.models import Domain, Tenant
from tests.accounts.people import is_signed_in, sign_in, without_csrf_token
from tests.factories.accounts import PASSWORD, UserFactory

NEW_PASSWORD = "another-long-sentence"
EVIL = [
    "evil.example",
    "evil.example:80",
    "acme.localhost.evil.example",
    "acme.localhost@evil.example",
    "acme.localhost, evil.example",
    "globex.localhost",
    "127.0.0.1",
]
FORWARDING = [
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_HOST",
    "HTTP_X_ORIGINAL_HOST",
    "HTTP_X_FORWARDED_SERVER",
    "HTTP_X_HTTP_HOST_OVERRIDE",
    "HTTP_X_ORIGINAL_URL",
    "HTTP_X_REWRITE_URL",
    "HTTP_REFERER",
    "HTTP_ORIGIN",
    "SERVER_NAME",
]
POISON: list[dict[str, str]] = [
    *({header: value} for header, value in itertools.product(FORWARDING, EVIL)),
    *({"HTTP_FORWARDED": f"for=1.2.3.4;host={value};proto=https"} for value in EVIL),
    *({"HTTP_HOST": value} for value in EVIL),
    {"HTTP_HOST": "acme.localhost:8123"},
    {"HTTP_HOST": "ACME.localhost"},
    {"HTTP_HOST": "acme.localhost:80@evil.example"},
    {"HTTP_HOST": "acme.localhost", "SERVER_PORT": "31337"},
    {"HTTP_X_FORWARDED_PORT": "31337"},
    {"HTTP_X_FORWARDED_PROTO": "https"},
    {"HTTP_X_FORWARDED_PREFIX": "//evil.example/"},
    {"SCRIPT_NAME": "//evil.example"},
]


@pytest.fixture
def mailed(jobs_run_at_once: None, django_capture_on_commit_callbacks: Any) -> Any:
    """Asks for a link at acme and returns the mails it led to."""

    def ask(client: Client, email: str, **extra: str) -> list[Any]:
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            client.generic(
                "POST",
                "/password/forgot/",
                urlencode({"email": email}),
                "application/x-www-form-urlencoded",
                **cast(Any, extra),
            )
        return list(mail.outbox)

    return ask


@pytest.fixture
def link(ada: User, browser: Client, mailed: Any) -> str:
    """A fresh reset link of ada."""
    return links_in(mailed(browser, ada.email)[0].body)[0]


def links_in(text: str) -> list[str]:
    return re.findall(r"https?://[^\s\"<]+", text)


def path_of(link: str) -> str:
    return link.removeprefix("http://acme.localhost")


def follow(client: Client, link: str, password: str = NEW_PASSWORD) -> Any:
    """Open a link and send the form it leads to."""
    page = client.get(path_of(link))
    if page.status_code != 302:
        return page
    return client.post(page["Location"], {"password": password, "repeated": password})


def test_the_link_sets_a_new_password_once(ada: User, browser: Client, link: str) -> None:
    assert follow(browser, link)["Location"] == "/password/reset/done/"
    assert sign_in(browser, ada, NEW_PASSWORD).status_code == 302
    assert follow(browser, link).status_code == 410


def test_the_token_leaves_the_address_bar_at_once(browser: Client, link: str) -> None:
    token = link.split("/")[-2]
    answer = browser.get(path_of(link))
    assert token not in answer["Location"]
    assert token not in browser.get(answer["Location"]).content.decode()


def test_resetting_ends_every_session_and_tells_the_member(
    ada: User, browser: Client, acme: Tenant, client_of: Any, mailed: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    sign_in(browser, ada)
    [reset_mail] = mailed(client_of(acme), ada.email)
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        follow(client_of(acme), links_in(reset_mail.body)[0])
    assert not is_signed_in(browser)
    assert [sent.subject for sent in mail.outbox] == ["Your password for Acme was changed"]


@pytest.mark.parametrize("password", ["short", "password1234", "123456789012", "ada@people.test"])
def test_a_weak_password_is_refused_with_its_reason(
    ada: User, browser: Client, link: str, password: str
) -> None:
    answer = follow(browser, link, password)
    assert answer.status_code == 422
    assert sign_in(browser, ada, PASSWORD).status_code == 302


def test_passwords_that_differ_are_refused(ada: User, browser: Client, link: str) -> None:
    form = browser.get(path_of(link))["Location"]
    answer = browser.post(form, {"password": NEW_PASSWORD, "repeated": NEW_PASSWORD + "!"})
    assert "The two passwords differ." in answer.content.decode()


def test_a_link_of_one_tenant_is_refused_in_the_other(
    twin: User, link: str, globex: Tenant, globex_browser: Client
) -> None:
    assert follow(globex_browser, link).status_code == 410
    assert sign_in(globex_browser, twin).status_code == 302


def test_a_token_is_bound_to_its_tenant_though_everything_else_is_equal(
    ada: User, twin: User, acme: Tenant, globex: Tenant
) -> None:
    token = passwords.ResetTokens(acme).make_token(cast(Any, ada))
    assert passwords.ResetTokens(acme).check_token(cast(Any, ada), token)
    with tenant_context(globex):
        assert not passwords.ResetTokens(globex).check_token(cast(Any, twin), token)


def spoiled(link: str) -> Iterator[str]:
    """Links that look nearly right."""
    start, uid, token = path_of(link).rstrip("/").rsplit("/", 2)
    stamp, digest = token.split("-")
    for wrong in ("MQ", "MTIzNDU2Nzg5", "LTE", "e30", "%00", "AAAA", "9" * 40, "..", "ä", "MA"):
        yield f"{start}/{wrong}/{token}/"
    for wrong in (
        token[:-1], token + "0", token[::-1], token.upper() + "Z", f"-{digest}", f"{stamp}-", "set",
        f"zzzzzz-{digest}", "x", "-", "--", "%00-%00", f"{stamp}-{'0' * len(digest)}",
    ):  # fmt: skip
        yield f"{start}/{uid}/{wrong}/"


def test_a_spoiled_link_gets_the_one_answer(ada: User, browser: Client, link: str) -> None:
    answers = {(follow(browser, bad).status_code) for bad in spoiled(link)}
    assert answers == {410}
    assert follow(browser, link).status_code == 302


def test_a_link_ends_with_its_time(ada: User, browser: Client, mailed: Any) -> None:
    with time_machine.travel("2026-03-01T00:00Z", tick=False) as clock:
        link = links_in(mailed(browser, ada.email)[0].body)[0]
        clock.shift(dt.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT + 1))
        assert follow(browser, link).status_code == 410


def test_signing_in_spends_the_link(ada: User, browser: Client, link: str) -> None:
    sign_in(browser, ada)
    assert follow(browser, link).status_code == 410


def test_a_deactivated_member_cannot_come_back_by_mail(
    ada: User, browser: Client, link: str, mailed: Any
) -> None:
    User.objects.update(is_active=False)
    assert follow(browser, link).status_code == 410
    assert mailed(browser, ada.email) == []


def test_the_page_does_not_say_who_is_a_member(ada: User, browser: Client) -> None:
    UserFactory.create(email="eve@people.test", is_active=False)
    answers = set()
    for email in (ada.email, "nobody@people.test", "eve@people.test"):
        answer = browser.post("/password/forgot/", {"email": email})
        page = browser.get(answer["Location"])
        answers.add((answer.status_code, answer["Location"], without_csrf_token(page.content)))
    assert len(answers) == 1


def test_the_same_job_is_sent_for_everybody(
    acme: Tenant, browser: Client, monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    sent: list[Any] = []
    monkeypatch.setattr(tasks.send_password_reset, "delay", lambda **kwargs: sent.append(kwargs))
    with django_capture_on_commit_callbacks(execute=True):
        for email in ("ada@people.test", "nobody@people.test"):
            browser.post("/password/forgot/", {"email": email})
    assert sent == [{"email": "ada@people.test"}, {"email": "nobody@people.test"}]


def test_an_unknown_address_gets_no_mail(ada: User, browser: Client, mailed: Any) -> None:
    assert mailed(browser, "nobody@people.test") == []


def test_the_mail_goes_to_the_stored_address(ada: User, browser: Client, mailed: Any) -> None:
    [message] = mailed(browser, "ADA@people.test")
    assert message.to == ["ada@people.test"]


def test_asking_again_at_once_sends_one_mail(ada: User, browser: Client, mailed: Any) -> None:
    assert len(mailed(browser, ada.email)) == 1
    assert len(mailed(browser, ada.email)) == 0


@pytest.mark.parametrize(
    "headers", POISON, ids=lambda headers: "&".join(map("=".join, headers.items()))
)
def test_the_link_points_to_the_tenants_own_host_whatever_the_request_says(
    ada: User, browser: Client, mailed: Any, headers: dict[str, str]
) -> None:
    for message in mailed(browser, ada.email, **headers):
        html = message.alternatives[0][0]
        for found in links_in(message.body) + links_in(html):
            assert found.startswith("http://acme.localhost/password/reset/")


def test_most_poisoned_requests_do_send_a_mail(ada: User, browser: Client, mailed: Any) -> None:
    sent = 0
    for headers in POISON:
        cache.delete(f"password-reset-mail:{ada.pk}")
        cache.delete("patience:password-forgot:127.0.0.1")
        sent += len(mailed(browser, ada.email, **headers))
    assert sent >= 60


def test_the_link_follows_the_primary_domain(
    ada: User, acme: Tenant, browser: Client, mailed: Any
) -> None:
    with public_context():
        Domain.objects.filter(tenant=acme).update(is_primary=False)
        Domain.objects.create(tenant=acme, domain="costs.acme.example", is_primary=True)
    [message] = mailed(browser, ada.email)
    assert links_in(message.body)[0].startswith("http://costs.acme.example/password/reset/")


def test_a_tenant_name_cannot_break_the_mails_header(
    ada: User, acme: Tenant, browser: Client, mailed: Any
) -> None:
    with public_context():
        Tenant.objects.filter(pk=acme.pk).update(name="Acme\r\nBcc: evil@evil.example <b>")
    [message] = mailed(browser, ada.email)
    assert message.subject == "Reset your password for Acme Bcc: evil@evil.example <b>"
    assert "&lt;b&gt;" in message.alternatives[0][0]


def test_one_network_address_cannot_have_a_whole_list_mailed(acme: Tenant, client_of: Any) -> None:
    browser, other = client_of(acme, REMOTE_ADDR="203.0.113.7"), client_of(acme)
    forms = [{"email": f"person{number}@people.test"} for number in range(MOST_RESETS + 1)]
    answers = [browser.post("/password/forgot/", form) for form in forms]
    assert {answer.status_code for answer in answers[:-1]} == {302}
    assert (answers[-1].status_code, answers[-1]["Retry-After"]) == (429, "900")
    assert other.post("/password/forgot/", forms[0]).status_code == 302


def test_asking_too_often_in_one_tenant_says_nothing_in_another(
    browser: Client, globex_browser: Client
) -> None:
    for _ in range(MOST_RESETS + 1):
        answer = browser.post("/password/forgot/", {"email": "ada@people.test"})
    assert answer.status_code == 429
    assert globex_browser.post("/password/forgot/", {"email": "ada@people.test"}).status_code == 302
