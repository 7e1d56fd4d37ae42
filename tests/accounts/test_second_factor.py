"""The second factor through the door: asked for after every password, taken once, and never walked around."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import settings
from django.core import mail
from django.db import connections
from django.test import Client

from costinsights.accounts import passwords, second_factor
from costinsights.accounts.models import (
    RecoveryCode,
    Role,
    Scope,
    SecondFactorPolicy,
    TotpDevice,
    User,
    Workspace,
)
from costinsights.accounts.second_factor import TakenBy
from costinsights.core.crypto import SecretUnreadable, unseal
from costinsights.core.tenancy import tenant_context
from tenants.models import Tenant
from tests.accounts.codes import SECRET, SETUP, STEP, code_at, secret_on, with_app
from tests.accounts.people import is_signed_in, sign_in
from tests.factories.accounts import PASSWORD, UserFactory, token_of

NOW = dt.datetime(2026, 11, 23, 15, 20, 10, tzinfo=dt.UTC)
CODE = "/sign-in/code/"
OFF = "/settings/profile/second-factor/off/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def recovery(ada: User) -> list[str]:
    """Ada has an app; these are her recovery codes."""
    return with_app(ada, at=NOW)


@pytest.fixture
def halfway(browser: Client, ada: User, recovery: list[str]) -> Client:
    """A browser in which Ada's password was right a moment ago."""
    answer = sign_in(browser, ada, goes_to="/clusters/")
    assert (answer.status_code, answer["Location"]) == (302, CODE)
    return browser


def test_the_password_alone_opens_nothing(halfway: Client) -> None:
    assert not is_signed_in(halfway)
    assert halfway.get("/api/v1/me").status_code == 401
    assert halfway.get(SETUP).status_code == 302


def test_the_code_of_the_app_opens_the_page_that_was_asked_for(halfway: Client) -> None:
    answer = halfway.post(CODE, {"code": code_at(NOW)})
    assert (answer.status_code, answer["Location"]) == (302, "/clusters/")
    assert is_signed_in(halfway)


@pytest.mark.parametrize("code", ["000000", "", "abc", "12345", "१२३४५६", "x" * 41])
def test_a_wrong_code_opens_nothing(halfway: Client, code: str) -> None:
    assert halfway.post(CODE, {"code": code}).status_code == 422
    assert not is_signed_in(halfway)


def test_a_code_works_once(halfway: Client, ada: User, acme: Tenant, client_of: Any) -> None:
    halfway.post(CODE, {"code": code_at(NOW)})
    other = client_of(acme)
    sign_in(other, ada)
    assert other.post(CODE, {"code": code_at(NOW)}).status_code == 422
    assert other.post(CODE, {"code": code_at(NOW - STEP)}).status_code == 422
    assert other.post(CODE, {"code": code_at(NOW + STEP)}).status_code == 302


def test_a_recovery_code_works_once_and_says_how_many_are_left(
    halfway: Client, ada: User, recovery: list[str], acme: Tenant, client_of: Any
) -> None:
    assert halfway.post(CODE, {"code": f" {recovery[0].upper()} "}).status_code == 302
    assert "9 are left" in halfway.get("/settings/profile/").content.decode()
    other = client_of(acme)
    sign_in(other, ada)
    assert other.post(CODE, {"code": recovery[0]}).status_code == 422


def test_the_password_step_ends_after_ten_minutes(
    halfway: Client, clock: time_machine.Traveller
) -> None:
    clock.shift(dt.timedelta(minutes=10))
    answer = halfway.post(CODE, {"code": code_at(NOW + dt.timedelta(minutes=10))})
    assert answer["Location"] == "/sign-in/"
    assert not is_signed_in(halfway)


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.ADMIN}, {"password": "x"}])
def test_the_password_step_ends_with_a_change_of_the_member(
    halfway: Client, ada: User, change: dict[str, Any]
) -> None:
    User.objects.filter(pk=ada.pk).update(**change)
    assert halfway.post(CODE, {"code": code_at(NOW)})["Location"] == "/sign-in/"


def test_wrong_codes_lock_the_account_like_wrong_passwords(
    halfway: Client, ada: User, acme: Tenant, client_of: Any
) -> None:
    answers = [
        halfway.post(CODE, {"code": "000000"}).status_code
        for _ in range(settings.AXES_FAILURE_LIMIT)
    ]
    assert answers[-1] == 429
    assert halfway.post(CODE, {"code": code_at(NOW)}).status_code == 429
    assert sign_in(client_of(acme), ada).status_code == 429


def test_the_right_password_does_not_forgive_wrong_codes(
    halfway: Client, ada: User, acme: Tenant, client_of: Any
) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        halfway.post(CODE, {"code": "000000"})
    other = client_of(acme)
    assert sign_in(other, ada)["Location"] == CODE
    assert other.post(CODE, {"code": "000000"}).status_code == 429


def test_a_new_password_does_not_walk_around_it(
    browser: Client, ada: User, recovery: list[str]
) -> None:
    link = passwords.reset_link(ada).removeprefix("http://acme.localhost")
    form = browser.get(link)["Location"]
    new = "another-long-sentence"
    assert browser.post(form, {"password": new, "repeated": new}).status_code == 302
    assert not is_signed_in(browser)
    assert sign_in(browser, ada, new)["Location"] == CODE


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", list(TakenBy))
def test_of_eight_who_send_the_same_code_at_once_one_gets_in(acme: Tenant, kind: TakenBy) -> None:
    user = UserFactory.create()
    codes = with_app(user, at=NOW)
    code = code_at(NOW) if kind == TakenBy.APP else codes[0]

    def take(_: int) -> TakenBy | None:
        try:
            with tenant_context(acme):
                return second_factor.take_code(user=user, code=code, at=NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(take, range(8)))
    assert sorted(taken, key=str) == sorted([kind, *[None] * 7], key=str)


# Setting it up ------------------------------------------------------------------------------------


def test_a_member_sets_an_app_up_and_sees_the_recovery_codes_once(
    browser: Client, ada: User, acme: Tenant, client_of: Any
) -> None:
    other = client_of(acme)
    sign_in(other, ada)
    sign_in(browser, ada)
    secret = secret_on(browser)

    answer = browser.post(SETUP, {"code": code_at(NOW, secret)})

    assert answer.status_code == 201
    codes = answer.context["codes"]
    assert len(set(codes)) == 10
    assert all(code in answer.content.decode() for code in codes)
    assert is_signed_in(browser)
    assert not is_signed_in(other)  # it came in with the password alone
    assert codes[0] not in browser.get("/settings/profile/").content.decode()
    assert secret not in str(TotpDevice.objects.values().get())
    assert codes[0] not in str(list(RecoveryCode.objects.values()))


def test_a_wrong_first_code_sets_nothing_up_and_keeps_the_key(browser: Client, ada: User) -> None:
    sign_in(browser, ada)
    secret = secret_on(browser)
    assert browser.post(SETUP, {"code": "000000"}).status_code == 422
    assert not TotpDevice.objects.exists()
    assert secret_on(browser) == secret


def test_the_first_code_does_not_sign_in_as_well(
    browser: Client, ada: User, acme: Tenant, client_of: Any
) -> None:
    sign_in(browser, ada)
    code = code_at(NOW, secret_on(browser))
    browser.post(SETUP, {"code": code})
    other = client_of(acme)
    sign_in(other, ada)
    assert other.post(CODE, {"code": code}).status_code == 422


def test_the_sealed_secret_opens_in_its_own_row_and_tenant_only(
    acme: Tenant, ada: User, recovery: list[str]
) -> None:
    device = TotpDevice.objects.get()
    place = f"{acme.schema_name}:accounts.TotpDevice:secret:{device.pk}"
    assert unseal(device.sealed_secret, aad=place) == SECRET
    for other in (place.replace(acme.schema_name, "t_other"), f"{place}1"):
        with pytest.raises(SecretUnreadable):
            unseal(device.sealed_secret, aad=other)


@pytest.fixture
def with_factor(halfway: Client) -> Client:
    """Ada's browser, signed in with both factors."""
    halfway.post(CODE, {"code": code_at(NOW)})
    return halfway


def test_turning_it_off_needs_the_password_and_tells_the_member(
    with_factor: Client,
    jobs_run_at_once: None,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with_factor.post(OFF, {"proof": "a-wrong-password"})
    assert TotpDevice.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        with_factor.post(OFF, {"proof": PASSWORD})
    assert (TotpDevice.objects.count(), RecoveryCode.objects.count()) == (0, 0)
    assert "Your second factor for Acme is off" in mail.outbox[0].subject


def test_guessing_the_password_there_ends_in_the_lock_out(with_factor: Client) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = with_factor.post(OFF, {"proof": "a-wrong-password"})
    assert answer.status_code == 429
    assert with_factor.post(OFF, {"proof": PASSWORD}).status_code == 429
    assert TotpDevice.objects.exists()


def test_no_typed_code_or_password_is_kept_with_the_failures(
    with_factor: Client, ada: User, acme: Tenant, client_of: Any
) -> None:
    other = client_of(acme)
    sign_in(other, ada)
    other.post(CODE, {"code": "135791"})
    with_factor.post(OFF, {"proof": "nearly-my-password"})
    kept = str(list(AccessAttempt.objects.values()))
    assert "path_info" in kept
    assert not [word for word in ("135791", "nearly-my-password") if word in kept]


def test_new_recovery_codes_end_the_old_ones(
    with_factor: Client, ada: User, recovery: list[str]
) -> None:
    answer = with_factor.post("/settings/profile/second-factor/codes/", {"proof": PASSWORD})
    assert answer.status_code == 201
    assert second_factor.take_code(user=ada, code=recovery[0], at=NOW) is None
    assert second_factor.take_code(user=ada, code=answer.context["codes"][0], at=NOW)


def test_somebody_without_a_password_proves_themselves_by_a_code(
    browser: Client, ada: User, recovery: list[str]
) -> None:
    ada.set_unusable_password()
    ada.save()
    browser.force_login(ada)  # type: ignore[arg-type]  # the stubs know one kind of user
    browser.post(OFF, {"proof": "000000"})
    assert TotpDevice.objects.exists()
    browser.post(OFF, {"proof": code_at(NOW)})
    assert not TotpDevice.objects.exists()


# Required -----------------------------------------------------------------------------------------


def require(policy: SecondFactorPolicy) -> None:
    Workspace.objects.update_or_create(pk=1, defaults={"second_factor_policy": policy})


PAGES = (
    "/",
    "/costs.csv",
    "/clusters/",
    "/settings/profile/",
    "/settings/tokens/",
    "/settings/members/",
)


@pytest.mark.parametrize(
    ("policy", "role", "is_led"),
    [
        (SecondFactorPolicy.OPTIONAL, Role.OWNER, False),
        (SecondFactorPolicy.ADMINS, Role.OWNER, True),
        (SecondFactorPolicy.ADMINS, Role.ADMIN, True),
        (SecondFactorPolicy.ADMINS, Role.ANALYST, False),
        (SecondFactorPolicy.EVERYBODY, Role.VIEWER, True),
    ],
)
def test_whom_the_policy_concerns_is_led_to_set_one_up(
    browser: Client, acme: Tenant, policy: SecondFactorPolicy, role: Role, is_led: bool
) -> None:
    sign_in(browser, UserFactory.create(role=role))
    require(policy)  # while they are signed in: it counts from their next request
    answers = [browser.get(path) for path in PAGES]
    assert all(answer.get("Location") == SETUP for answer in answers) is is_led
    status = browser.get("/api/v1/me").status_code
    assert status == (403 if is_led else 200)


def test_nothing_but_setting_it_up_works_until_it_is(browser: Client, ada: User) -> None:
    sign_in(browser, ada)
    require(SecondFactorPolicy.EVERYBODY)
    refused = browser.post("/settings/tokens/", {"name": "x", "access": "read", "days": "30"})
    assert refused["Location"] == SETUP
    problem = browser.post("/api/v1/tokens/", {"name": "x"}, content_type="application/json")
    assert (problem.status_code, problem.json()["code"]) == (403, "second_factor_required")
    htmx = browser.get("/", headers={"HX-Request": "true"})
    assert htmx["HX-Redirect"] == SETUP

    assert browser.post(SETUP, {"code": code_at(NOW, secret_on(browser))}).status_code == 201
    assert browser.get("/api/v1/me").status_code == 200
    assert is_signed_in(browser)


def test_tokens_keep_working_under_the_policy(browser: Client, ada: User) -> None:
    text = token_of(ada, Scope.READ)
    require(SecondFactorPolicy.EVERYBODY)
    answer = browser.get("/api/v1/me", headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 200


def test_a_cookie_does_not_borrow_a_tokens_exemption(browser: Client, ada: User) -> None:
    sign_in(browser, ada)
    require(SecondFactorPolicy.EVERYBODY)
    answer = browser.get("/api/v1/me", headers={"Authorization": "Basic eA=="})
    assert answer.status_code == 403


def test_signing_out_is_always_possible(browser: Client, ada: User) -> None:
    sign_in(browser, ada)
    require(SecondFactorPolicy.EVERYBODY)
    assert browser.post("/sign-out/")["Location"] == "/sign-in/"
