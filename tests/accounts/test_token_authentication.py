"""API tokens at the door: the right one opens, and every other one gets the same answer."""

import base64
import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from costinsights.accounts import authentication, services, token_services, tokens
from costinsights.accounts.models import ApiToken, Role, Scope, User
from costinsights.core.tenancy import public_context, tenant_context
from tenants.models import Tenant
from tests.accounts.people import sign_in
from tests.factories.accounts import UserFactory, token_of


def me(client: Client, token: str, scheme: str = "Bearer") -> Any:
    return client.get("/api/v1/me", HTTP_AUTHORIZATION=f"{scheme} {token}")


def test_a_token_acts_as_its_member(ada: User, browser: Client) -> None:
    answer = me(browser, token_of(ada))
    assert answer.status_code == 200
    assert answer.json()["email"] == ada.email
    assert answer.json()["token"]["scopes"] == ["read"]
    assert "session" not in answer.cookies


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(ada: User, browser: Client, scheme: str) -> None:
    assert me(browser, token_of(ada), scheme).status_code == 200


def test_only_a_hash_of_the_secret_is_stored(ada: User) -> None:
    text = token_of(ada)
    secret = text.split("_")[2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM accounts_apitoken t")
        [[row]] = cursor.fetchall()
    assert secret not in row
    assert tokens.hash_secret(secret) in row


def forged(good: str, other_tenants: str) -> Iterator[str]:
    """Tokens that look like a live one to somebody in a hurry."""
    chance = random.Random(20261123)
    alphabet = "0123456789ABCXYZabcxyz_-"
    for position in range(len(good)):
        for character in chance.sample(alphabet, 6):
            if character != good[position]:
                yield good[:position] + character + good[position + 1 :]
    yield from (good[:length] for length in range(len(good)))
    yield from (good + tail for tail in ("0", "_", "=", "\u00e9", good, "%00", ".", ",x"))
    yield from (good.upper(), good.lower(), good[::-1], good.replace("_", "-"), f'"{good}"')
    key_id, secret = good.split("_")[1:3]
    for _ in range(40):
        made = tokens.generate()
        yield made.text  # well formed, unknown
        yield tokens.TokenParts(key_id, made.secret).text  # somebody else's secret
        yield tokens.TokenParts(made.key_id, secret).text
    yield tokens.hash_secret(secret)
    yield tokens.TokenParts(key_id, tokens.hash_secret(secret)[:43]).text
    yield base64.b64encode(f"{key_id}:{secret}".encode()).decode()
    yield other_tenants
    yield tokens.NOBODY.text
    yield from ("null", "undefined", "' OR 1=1 --", "ci___", "x" * 4000, "two words", "é" * 68)


def test_every_forged_token_gets_the_same_401(
    ada: User, twin: User, globex: Tenant, browser: Client, settings: Any
) -> None:
    settings.API_RATE = "100000/min"  # strangers are counted by their address
    good = token_of(ada)
    with tenant_context(globex):
        other_tenants = token_of(twin)
    cases = list(forged(good, other_tenants))
    answers = {
        (a.status_code, a["WWW-Authenticate"], a.content) for a in (me(browser, c) for c in cases)
    }
    assert len(cases) >= 500
    assert len(answers) == 1
    assert next(iter(answers))[0] == 401
    assert me(browser, good).status_code == 200
    assert ApiToken.objects.get().key_id == good.split("_")[1]


def dead_tokens(ada: User) -> dict[str, str]:
    """A token for each way to die, and one that never lived."""
    now = timezone.now()
    dead = {
        "expired": token_of(ada, at=now - dt.timedelta(days=40)),
        "revoked": token_of(ada),
        "its member deactivated": token_of(UserFactory.create()),
        "used from elsewhere": token_of(ada, networks=["203.0.113.0/24"]),
        "unknown": tokens.generate().text,
        "malformed": "ci_",
    }
    token_services.revoke_token(by=ada, key_id=dead["revoked"].split("_")[1], at=now)
    User.objects.exclude(pk=ada.pk).update(is_active=False)
    return dead


def test_unknown_expired_revoked_and_malformed_answer_alike(ada: User, browser: Client) -> None:
    answers = [me(browser, token) for token in dead_tokens(ada).values()]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert answers[0].json()["code"] == "token_refused"
    assert answers[0]["WWW-Authenticate"] == 'Bearer realm="api"'


def test_unknown_expired_revoked_and_malformed_cost_the_same(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[str] = []
    hash_secret = tokens.hash_secret

    def counting(secret: str) -> str:
        work.append("hash")
        return hash_secret(secret)

    monkeypatch.setattr(tokens, "hash_secret", counting)
    for token in dead_tokens(ada).values():
        work.clear()
        with CaptureQueriesContext(connection) as queries:
            assert authentication.find_live_token(token, at=timezone.now()) is None
        looked_up = [query for query in queries if query["sql"].startswith("SELECT")]
        assert (len(looked_up), work) == (1, ["hash"])


def test_a_token_is_void_in_another_tenant(ada: User, twin: User, globex_browser: Client) -> None:
    assert me(globex_browser, token_of(ada)).status_code == 401


def test_a_token_is_void_on_the_platforms_host(ada: User) -> None:
    text = token_of(ada)
    with public_context():
        assert authentication.find_live_token(text, at=timezone.now()) is None


def test_a_token_ends_at_its_very_instant(ada: User, browser: Client) -> None:
    start = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    with time_machine.travel(start, tick=False) as clock:
        token = token_of(ada, lifetime=dt.timedelta(days=1))
        clock.shift(dt.timedelta(days=1, microseconds=-1))
        assert me(browser, token).status_code == 200
        clock.shift(dt.timedelta(microseconds=1))
        assert me(browser, token).status_code == 401


@pytest.mark.parametrize("change", [{"is_active": False}, None])
def test_a_token_dies_with_its_member_on_the_next_request(
    ada: User, browser: Client, change: dict[str, bool] | None
) -> None:
    member = UserFactory.create()
    token = token_of(member)
    assert me(browser, token).status_code == 200
    User.objects.filter(pk=member.pk).update(**change) if change else member.delete()
    assert me(browser, token).status_code == 401


def test_a_token_has_the_role_its_member_has_now(ada: User, browser: Client) -> None:
    member = UserFactory.create(role=Role.ADMIN)
    token = token_of(member)
    User.objects.filter(pk=member.pk).update(role=Role.VIEWER)
    assert me(browser, token).json()["role"] == "viewer"


def test_a_token_outlives_a_change_of_password(ada: User, browser: Client) -> None:
    token = token_of(ada)
    services.change_password(user=ada, password="another-long-sentence")
    assert me(browser, token).status_code == 200


@pytest.mark.parametrize("place", ["?token={}", "?access_token={}", "?api_key={}"])
def test_a_token_in_the_address_is_ignored(ada: User, browser: Client, place: str) -> None:
    assert browser.get("/api/v1/me" + place.format(token_of(ada))).status_code == 401


@pytest.mark.parametrize("scheme", ["Token", "Basic", "Digest", ""])
def test_another_scheme_is_no_token(ada: User, browser: Client, scheme: str) -> None:
    answer = me(browser, token_of(ada), scheme)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="api"')


def test_a_bad_token_is_not_saved_by_a_good_session(ada: User, browser: Client) -> None:
    sign_in(browser, ada)
    assert browser.get("/api/v1/me").status_code == 200
    assert me(browser, tokens.generate().text).status_code == 401


def test_the_last_use_is_noted_once_a_minute(ada: User, browser: Client) -> None:
    start = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    seen = []
    with time_machine.travel(start, tick=False) as clock:
        token = token_of(ada)
        for seconds in (0, 59, 1, 30):
            clock.shift(dt.timedelta(seconds=seconds))
            me(browser, token)
            last = ApiToken.objects.get().last_used_at
            seen.append((last - start).total_seconds() if last else None)
    assert seen == [0, 0, 60, 60]
    assert ApiToken.objects.get().last_used_ip == "127.0.0.1"


def test_a_read_token_changes_nothing(ada: User, browser: Client) -> None:
    read, write = token_of(ada), token_of(ada, Scope.READ, Scope.WRITE)
    path = f"/api/v1/tokens/{read.split('_')[1]}/"
    refused = browser.delete(path, HTTP_AUTHORIZATION=f"Bearer {read}")
    assert refused.status_code == 403
    assert "write" in refused.json()["detail"]
    assert browser.delete(path, HTTP_AUTHORIZATION=f"Bearer {write}").status_code == 204
