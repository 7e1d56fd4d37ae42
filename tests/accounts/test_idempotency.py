"""Idempotency-Key: the same request again gets the same answer, and nothing happens twice."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from costinsights.accounts import idempotency, tasks
from costinsights.accounts.models import ApiToken, IdempotentRequest, Role, Scope, User
from costinsights.core.tenancy import tenant_connection, tenant_context
from tenants.models import Tenant
from tests.accounts.people import sign_in
from tests.database import admin_connection
from tests.factories.accounts import UserFactory, token_of
from tests.isolation.routes import Route, routes

TOKENS = "/api/v1/tokens/"
JSON = "application/json"
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
POST_ROUTES = [
    route
    for route in routes(configured.ROOT_URLCONF)
    if route.path.startswith("/api/v1/")
    and hasattr(
        resolve(
            route.filled(dict.fromkeys(route.parameters, "1")), configured.ROOT_URLCONF
        ).func.cls,  # type: ignore[attr-defined]  # every API view is one of DRF's
        "post",
    )
]


def post(client: Client, key: str | None = KEY, path: str = TOKENS, **body: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(path, body or {"name": "x"}, content_type=JSON, headers=headers)


@pytest.fixture
def owner(ada: User, browser: Client) -> Client:
    sign_in(browser, ada)
    return browser


def test_the_same_request_again_gets_the_same_answer(owner: Client) -> None:
    first, again = post(owner), post(owner)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"]
    assert "Idempotency-Replayed" not in first
    assert (again["Idempotency-Replayed"], again["Cache-Control"]) == ("true", "no-store")
    assert ApiToken.objects.count() == 1


def test_without_a_key_every_request_counts(owner: Client) -> None:
    assert post(owner, key=None, name="a").json() != post(owner, key=None, name="b").json()
    assert (ApiToken.objects.count(), IdempotentRequest.objects.count()) == (2, 0)


def test_another_key_is_another_request(owner: Client) -> None:
    post(owner)
    assert "Idempotency-Replayed" not in post(owner, key="another")
    assert ApiToken.objects.count() == 2


@pytest.mark.parametrize("sent", [f'"{KEY}"', f" {KEY} "])
def test_a_quoted_key_is_the_same_key(owner: Client, sent: str) -> None:
    post(owner)
    assert post(owner, key=sent)["Idempotency-Replayed"] == "true"


def test_a_key_stands_for_one_body_address_and_query(owner: Client) -> None:
    key_id = post(owner).json()["key_id"]
    others = [
        post(owner, name="y"),
        post(owner, path=f"{TOKENS}?x=1"),
        post(owner, path=f"{TOKENS}{key_id}/rotate/"),
    ]
    assert {(a.status_code, a.json()["code"]) for a in others} == {(422, "idempotency_key_reused")}
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "x" * 256, '""', '"a', 'a"b', "a\x7f"])
def test_a_key_that_cannot_be_one_is_refused(owner: Client, key: str) -> None:
    answer = post(owner, key=key)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["field"] == "Idempotency-Key"
    assert ApiToken.objects.count() == 0


def test_a_refused_request_keeps_no_key(owner: Client) -> None:
    assert post(owner, name="").status_code == 400
    assert IdempotentRequest.objects.count() == 0
    assert post(owner, name="mended").status_code == 201


def test_a_failure_changes_nothing_and_keeps_no_key(
    owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The effect is there, the answer cannot be kept: neither is."""

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    owner.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr(idempotency, "keep", fail)
        assert post(owner).status_code == 500
    assert (ApiToken.objects.count(), IdempotentRequest.objects.count()) == (0, 0)
    assert post(owner).status_code == 201


def test_members_choose_keys_apart(owner: Client, acme: Tenant, client_of: Any) -> None:
    other = client_of(acme)
    sign_in(other, UserFactory.create())
    post(owner)
    assert "Idempotency-Replayed" not in post(other)
    assert ApiToken.objects.count() == 2


def test_tenants_choose_keys_apart(
    owner: Client, twin: User, globex: Tenant, globex_browser: Client
) -> None:
    post(owner)
    sign_in(globex_browser, twin)
    answer = post(globex_browser)
    assert (answer.status_code, "Idempotency-Replayed" in answer) == (201, False)
    with tenant_context(globex):
        assert ApiToken.objects.count() == 1


def test_a_token_shares_its_members_keys_but_not_their_rights(ada: User, owner: Client) -> None:
    """The member made a token in the browser; a program with the same key must not be shown it."""
    made = post(owner)
    headers = {"Authorization": f"Bearer {token_of(ada, *Scope)}", "Idempotency-Key": KEY}
    answer = owner.post(TOKENS, {"name": "x"}, content_type=JSON, headers=headers)
    assert answer.status_code == 403
    assert made.json()["token"] not in answer.content.decode()


def test_whoever_lost_the_right_is_not_shown_the_answer(acme: Tenant, browser: Client) -> None:
    member = UserFactory.create(role=Role.ADMIN)
    headers = {"Authorization": f"Bearer {token_of(member, *Scope)}", "Idempotency-Key": KEY}

    def invite() -> Any:
        body = {"email": "new@people.test", "role": "viewer"}
        return browser.post("/api/v1/invitations/", body, content_type=JSON, headers=headers)

    assert (invite().status_code, invite()["Idempotency-Replayed"]) == (201, "true")
    User.objects.filter(pk=member.pk).update(role=Role.VIEWER)
    assert invite().status_code == 403


def test_a_stranger_is_told_so_whatever_the_key(browser: Client, acme: Tenant) -> None:
    assert post(browser).status_code == 401
    assert IdempotentRequest.objects.count() == 0


def test_a_session_needs_its_csrf_token_for_a_replay_too(
    ada: User, owner: Client, acme: Tenant, client_of: Any
) -> None:
    post(owner)
    strict = client_of(acme, enforce_csrf_checks=True)
    strict.cookies = owner.cookies
    assert post(strict).status_code == 403


def test_other_methods_ignore_the_header(owner: Client) -> None:
    assert owner.get("/api/v1/me", headers={"Idempotency-Key": "a b"}).status_code == 200


def test_after_a_day_the_key_is_free_again(owner: Client) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        post(owner)
        clock.shift(dt.timedelta(hours=24, seconds=-1))
        assert post(owner)["Idempotency-Replayed"] == "true"
        clock.shift(dt.timedelta(seconds=1))
        assert "Idempotency-Replayed" not in post(owner)
    assert (ApiToken.objects.count(), IdempotentRequest.objects.count()) == (2, 1)


def test_the_job_removes_what_is_over(owner: Client) -> None:
    with time_machine.travel(timezone.now() - dt.timedelta(hours=25), tick=False):
        post(owner, key="old")
    post(owner, key="new")
    assert tasks.forget_old_answers() == 1
    assert IdempotentRequest.objects.get().key == "new"


def test_answers_lie_sealed_and_open_in_their_own_row_only(owner: Client) -> None:
    secret = post(owner).json()["token"]
    post(owner, key="another")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, ' ') FROM accounts_idempotentrequest t")
        [(rows,)] = cursor.fetchall()
    assert secret not in rows
    theirs = IdempotentRequest.objects.get(key="another")
    IdempotentRequest.objects.filter(key=KEY).update(sealed_body=theirs.sealed_body)
    refused = post(owner)
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_answer_unreadable")


def test_while_the_first_is_running_the_second_is_told_to_wait(ada: User, owner: Client) -> None:
    """Somebody holds the key's lock, as the first request's transaction does."""
    number = idempotency._lock_number(f"{tenant_connection.tenant.pk}:{ada.pk}:{KEY}")
    with admin_connection(connection.settings_dict["NAME"]) as first, first.transaction():
        first.execute("SELECT pg_advisory_xact_lock(%s)", [number])
        answer = post(owner)
        assert (answer.status_code, answer["Retry-After"]) == (409, "1")
        assert answer.json()["code"] == "idempotency_key_in_use"
    assert post(owner).status_code == 201


def test_a_body_too_large_to_compare_is_refused(owner: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answer = post(owner, name="x" * 20)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_new_multipart_boundary_is_no_new_request(rf: Any) -> None:
    from costinsights.core.api.idempotency import fingerprint

    def form(boundary: str, value: str) -> str:
        body = f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n{value}\r\n--{boundary}--\r\n'
        kind = f"multipart/form-data; boundary={boundary}"
        return fingerprint(rf.post("/x", body.encode(), content_type=kind))

    assert form("one", "1") == form("two", "1") != form("one", "2")


@pytest.mark.parametrize("route", POST_ROUTES, ids=lambda route: route.name)
def test_no_post_of_the_api_forgets_the_key(ada: User, owner: Client, route: Route) -> None:
    """Whatever the view does: an unusable key is refused, and a kept answer comes back."""
    address = route.filled(dict.fromkeys(route.parameters, "1"))
    assert post(owner, key="a b", path=address).status_code == 400
    request = (
        Client()
        .post(  # the request as it will come, only to know its fingerprint
            address, {"a": 1}, content_type=JSON, HTTP_HOST="nowhere.invalid"
        )
        .wsgi_request
    )
    from django.http import HttpResponse

    from costinsights.core.api.idempotency import fingerprint

    idempotency.keep(
        member=ada,
        key=KEY,
        request_hash=fingerprint(request),
        response=HttpResponse(b'{"kept": true}', content_type="application/json", status=201),
        at=timezone.now(),
    )
    again = post(owner, path=address, a=1)
    assert (again.status_code, again.content) == (201, b'{"kept": true}')
    assert again["Idempotency-Replayed"] == "true"


def test_there_are_routes_to_walk() -> None:
    assert len(POST_ROUTES) >= 5
