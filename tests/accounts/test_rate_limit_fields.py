"""The RateLimit fields of every answer of the API, and who is counted together with whom."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from costinsights.accounts.models import Scope, User
from costinsights.core.tenancy import tenant_context
from tenants.models import Tenant
from tests.accounts.people import sign_in
from tests.factories.accounts import UserFactory, token_of

ME = "/api/v1/me"
FIELDS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


@pytest.fixture(autouse=True)
def clock(settings: Any) -> Iterator[time_machine.Traveller]:
    settings.API_RATE = "3/min"
    with time_machine.travel(1_790_000_000.5, tick=False) as moved:
        yield moved


def ask(client: Client, token: str = "", path: str = ME, method: str = "get") -> Any:
    extra = {"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}
    return getattr(client, method)(path, **extra)


def test_every_answer_says_what_is_left(ada: User, browser: Client) -> None:
    token = token_of(ada)
    answers = [ask(browser, token) for _ in range(4)]
    assert [[int(a[name]) for name in FIELDS] for a in answers] == [
        [3, 2, 61],
        [3, 1, 61],
        [3, 0, 61],
        [3, 0, 61],
    ]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert answers[0]["RateLimit-Policy"] == '"api";q=3;w=60'
    assert answers[0]["RateLimit"] == '"api";r=2;t=61'


def test_a_refusal_says_when_to_come_back_and_is_right(
    ada: User, browser: Client, clock: time_machine.Traveller
) -> None:
    token = token_of(ada)
    refused = [ask(browser, token) for _ in range(4)][-1]
    problem = refused.json()
    assert refused["Content-Type"] == "application/problem+json"
    assert (problem["code"], problem["status"]) == ("too_many_requests", 429)
    assert refused["Retry-After"] == str(problem["retry_after_seconds"]) == "61"
    clock.shift(61)
    assert ask(browser, token).status_code == 200


def test_each_token_and_each_session_has_its_own_count(ada: User, browser: Client) -> None:
    for token in (token_of(ada), token_of(ada)):
        assert [ask(browser, token).status_code for _ in range(4)] == [200, 200, 200, 429]
    sign_in(browser, ada)
    assert [ask(browser).status_code for _ in range(4)] == [200, 200, 200, 429]
    sign_in(browser, UserFactory.create())
    assert ask(browser).status_code == 200


def test_strangers_are_counted_by_their_address(ada: User, browser: Client) -> None:
    seen = [browser.get(ME, REMOTE_ADDR="198.51.100.1").status_code for _ in range(4)]
    assert seen == [401, 401, 401, 429]
    assert browser.get(ME, REMOTE_ADDR="198.51.100.2").status_code == 401
    good = {"Authorization": f"Bearer {token_of(ada)}"}
    assert browser.get(ME, headers=good, REMOTE_ADDR="198.51.100.1").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/v1/no-such-thing", 404),
        ("put", ME, 405),
        ("delete", "/api/v1/tokens/aaaaaaaaaaaa/", 404),
        ("head", ME, 200),
    ],
)
def test_refusals_count_and_carry_the_fields_too(
    ada: User, browser: Client, method: str, path: str, status: int
) -> None:
    answer = ask(browser, token_of(ada, *Scope), path, method)
    assert answer.status_code == status
    assert answer["RateLimit-Remaining"] == "2"


def test_pages_are_not_counted(ada: User, browser: Client) -> None:
    sign_in(browser, ada)
    answers = [browser.get("/settings/profile/") for _ in range(5)]
    assert {a.status_code for a in answers} == {200}
    assert not any(
        re.match("ratelimit", name, re.IGNORECASE) for a in answers for name in a.headers
    )


def test_a_narrower_rate_is_told_beside_the_general_one(
    ada: User, browser: Client, settings: Any
) -> None:
    settings.API_RATE = "600/min"
    key = {"Authorization": f"Bearer {token_of(ada, *Scope)}"}
    answer = browser.post("/api/v1/clusters/test", content_type="application/json", headers=key)
    assert answer.status_code == 400
    assert answer["RateLimit-Policy"] == '"api";q=600;w=60, "probe";q=20;w=60'
    assert [answer[name] for name in FIELDS[:2]] == ["20", "19"]


def test_the_days_calls_of_a_plan_are_told_too(
    twin: User, globex: Tenant, globex_browser: Client
) -> None:
    with tenant_context(globex):
        key = {"Authorization": f"Bearer {token_of(twin)}"}
    answer = globex_browser.get(ME, headers=key)
    assert answer["RateLimit-Policy"] == '"api";q=3;w=60, "day";q=100000;w=86400'
    assert '"day";r=99999;t=' in answer["RateLimit"]
    assert answer["RateLimit-Limit"] == "3"
