"""Guessing stops after a few tries, for one account in one tenant."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import settings
from django.test import Client

from costinsights.accounts.lockout import ADDRESS_PATIENCE
from costinsights.accounts.models import User
from costinsights.core.tenancy import tenant_context
from tenants.models import Tenant
from tests.accounts.people import sign_in
from tests.factories.accounts import UserFactory

LIMIT: int = settings.AXES_FAILURE_LIMIT
COOL_OFF = dt.timedelta(hours=settings.AXES_COOLOFF_TIME)


def fail(client: Client, email: str, times: int = LIMIT, **extra: Any) -> list[int]:
    return [sign_in(client, email, "wrong-wrong-wrong", **extra).status_code for _ in range(times)]


def test_the_account_locks_at_the_limit_and_even_the_right_password_waits(
    ada: User, browser: Client
) -> None:
    assert fail(browser, ada.email) == [422] * (LIMIT - 1) + [429]
    answer = sign_in(browser, ada)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= COOL_OFF.total_seconds()
    assert "Try again in" in answer.content.decode()


def test_the_lock_ends_by_itself_and_trying_on_does_not_lengthen_it(
    ada: User, browser: Client
) -> None:
    with time_machine.travel("2026-03-01T00:00Z", tick=False) as clock:
        fail(browser, ada.email)
        clock.shift(COOL_OFF / 2)
        assert sign_in(browser, ada)["Retry-After"] == str(int(COOL_OFF.total_seconds() / 2))
        clock.shift(COOL_OFF / 2 + dt.timedelta(seconds=1))
        assert sign_in(browser, ada).status_code == 302


def test_an_unknown_address_locks_like_a_known_one(ada: User, browser: Client) -> None:
    assert fail(browser, "nobody@people.test") == fail(browser, ada.email, REMOTE_ADDR="192.0.2.9")


def test_a_lock_in_one_tenant_never_locks_the_other(
    ada: User, twin: User, browser: Client, globex: Tenant, globex_browser: Client
) -> None:
    fail(browser, ada.email, LIMIT * ADDRESS_PATIENCE)
    assert sign_in(globex_browser, twin).status_code == 302
    with tenant_context(globex):
        assert AccessAttempt.objects.count() == 0


def test_another_account_of_the_tenant_still_signs_in(ada: User, browser: Client) -> None:
    fail(browser, ada.email)
    assert sign_in(browser, UserFactory.create()).status_code == 302


def test_spelling_the_address_otherwise_or_changing_the_browser_gives_no_further_tries(
    ada: User, browser: Client
) -> None:
    spellings = ["ada@people.test", "ADA@people.test", " Ada@People.TEST "]
    answers = [
        fail(browser, spellings[i % 3], 1, HTTP_USER_AGENT=f"agent {i}", REMOTE_ADDR=f"192.0.2.{i}")
        for i in range(LIMIT)
    ]
    assert answers[-1] == [429]


def test_one_address_guessing_at_many_accounts_is_locked(ada: User, browser: Client) -> None:
    for number in range(LIMIT * ADDRESS_PATIENCE):
        fail(browser, f"guess{number}@people.test", 1, REMOTE_ADDR="198.51.100.1")
    assert sign_in(browser, ada, REMOTE_ADDR="198.51.100.1").status_code == 429
    assert sign_in(browser, ada, REMOTE_ADDR="198.51.100.2").status_code == 302


def test_signing_in_forgets_the_accounts_failures_only(ada: User, browser: Client) -> None:
    fail(browser, ada.email, LIMIT - 1)
    fail(browser, "nobody@people.test", LIMIT - 1)
    sign_in(browser, ada)
    assert list(AccessAttempt.objects.values_list("username", flat=True)) == ["nobody@people.test"]
    assert fail(browser, ada.email, LIMIT - 1) == [422] * (LIMIT - 1)


def test_a_program_gets_a_problem_document(ada: User, browser: Client) -> None:
    fail(browser, ada.email)
    answer = sign_in(browser, ada, HTTP_ACCEPT="application/json")
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (429, "sign_in_locked")
    assert problem["retry_after_seconds"] == int(answer["Retry-After"])


def test_what_was_typed_is_not_kept(ada: User, browser: Client) -> None:
    fail(browser, ada.email, 2)
    attempt = AccessAttempt.objects.get()
    assert "wrong-wrong-wrong" not in attempt.post_data + attempt.get_data


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (None, "203.0.113.5", "192.0.2.1"),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "6.6.6.6, 203.0.113.5", "203.0.113.5"),
        (2, "6.6.6.6, 203.0.113.5, 10.0.0.1", "203.0.113.5"),
        (2, "203.0.113.5", "192.0.2.1"),
        (1, "not an address", None),
        (1, "2001:db8::1%eth0", "2001:db8::1"),
    ],
)
def test_only_our_own_proxies_are_believed(
    browser: Client, settings: Any, proxies: int | None, forwarded: str, expected: str | None
) -> None:
    settings.AXES_IPWARE_PROXY_COUNT = proxies
    fail(browser, "x@y.test", 1, REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert AccessAttempt.objects.get().ip_address == expected


def test_the_staff_host_counts_apart_and_locks_too(ada: User) -> None:
    staff = Client(HTTP_HOST="admin.localhost")
    form = {"email": ada.email, "password": "wrong-wrong-wrong"}
    answers = [staff.post("/login/", form).status_code for _ in range(LIMIT)]
    assert answers[-1] == 429
    assert 429 not in answers[:-1]
    assert AccessAttempt.objects.count() == 0
    assert staff.post("/login/", form)["Retry-After"] == str(int(COOL_OFF.total_seconds()))
