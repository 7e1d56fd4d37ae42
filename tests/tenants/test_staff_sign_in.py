"""Staff get in with two factors, each code once, and not for long."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from costinsights.core.errors import ApplicationError
from costinsights.core.tenancy import public_context
from tenants.models import StaffRecoveryCode, StaffSession, StaffTotpDevice, StaffUser
from tenants.staff import second_factor
from tests.tenants.staff import (
    HOST,
    PASSWORD,
    addresses,
    code_now,
    enrolled,
    first_code,
    member,
    password_step,
    signed_in,
)

OPEN = {
    "/login/",
    "/login/code/",
    "/login/enrol/",
}  # before the second factor; nothing is behind them
LIMIT: int = settings.AXES_FAILURE_LIMIT


@pytest.fixture
def ada(db: None) -> StaffUser:
    return enrolled(member(superuser=True))


def test_no_address_of_the_staff_host_opens_without_the_second_factor(ada: StaffUser) -> None:
    passed_the_password = password_step(ada)
    forced = Client(HTTP_HOST=HOST)
    with public_context():
        forced.force_login(ada, backend="tenants.backends.StaffBackend")
    tried = addresses()
    assert len(tried) > 60
    for client in (Client(HTTP_HOST=HOST), passed_the_password, forced):
        for address in tried:
            for answer in (client.get(address), client.post(address)):
                assert answer.status_code in (302, 404, 405), address
                if answer.status_code == 302:
                    assert answer["Location"].startswith(("/login/", "/")), address
                    assert "/login/" in answer["Location"] or address == "/logout/", address


def test_the_password_alone_leads_to_the_code_and_the_code_to_the_page_asked_for(
    ada: StaffUser,
) -> None:
    client = password_step(ada, next="/tenants/tenant/")
    assert client.get("/tenants/tenant/").status_code == 302
    answer = client.post("/login/code/", {"code": code_now(ada)})
    assert answer["Location"] == "/tenants/tenant/"
    assert client.get("/tenants/tenant/").status_code == 200


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "x"]
)
def test_no_address_outside_of_this_host_is_followed(ada: StaffUser, target: str) -> None:
    client = password_step(ada, next=target)
    assert client.post("/login/code/", {"code": code_now(ada)})["Location"] == "/"


@pytest.mark.parametrize("code", ["", "000000", "abcdef", "x" * 32, "１２３４５６"])
def test_a_wrong_code_opens_nothing(ada: StaffUser, code: str) -> None:
    client = password_step(ada)
    assert client.post("/login/code/", {"code": code}).status_code == 422
    assert client.get("/").status_code == 302


def test_wrong_passwords_and_unknown_addresses_read_the_same(ada: StaffUser) -> None:
    client = Client(HTTP_HOST=HOST)
    answers = [
        client.post("/login/", {"email": email, "password": "wrong"})
        for email in (ada.email, "nobody@platform.test")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    texts = [re.sub(r'value="[^"]*"', "", answer.content.decode()) for answer in answers]
    assert texts[0] == texts[1]


def test_wrong_codes_lock_the_account_and_a_right_password_does_not_unlock_it(
    ada: StaffUser,
) -> None:
    for attempt in range(LIMIT):
        client = password_step(ada)  # must not reset the count
        status = client.post("/login/code/", {"code": "000000"}).status_code
        assert status == (422 if attempt < LIMIT - 1 else 429)
    client = password_step(ada)
    assert client.post("/login/code/", {"code": code_now(ada)}).status_code in (302, 429)
    assert client.get("/").status_code == 302


def test_a_code_is_taken_once(ada: StaffUser) -> None:
    code = code_now(ada)
    assert password_step(ada).post("/login/code/", {"code": code}).status_code == 302
    assert password_step(ada).post("/login/code/", {"code": code}).status_code == 422


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_eight_at_once_with_the_same_code_one_gets_in(kind: str) -> None:
    ada = enrolled(member())
    with public_context():
        recovery = second_factor.renew_recovery_codes(ada)
    for number in range(10):
        code = code_now(ada) if kind == "app" else recovery[number]
        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(lambda _, code=code: _try(ada, code), range(8)))
        assert sum(taken) == 1, (number, taken)
        with public_context():
            StaffTotpDevice.objects.update(last_step=0)


def _try(staff: StaffUser, code: str) -> bool:
    try:
        with public_context():
            second_factor.take(staff, code, at=timezone.now())
    except second_factor.WrongCode:
        return False
    finally:
        connection.close()
    return True


def test_the_first_sign_in_enrols_an_app_and_shows_recovery_codes_once(db: None) -> None:
    grace = member("grace@platform.test")
    client = password_step(grace)
    assert client.get("/login/code/")["Location"] == "/login/enrol/"
    page = client.get("/login/enrol/").content.decode()
    secret = re.search(r'id="totp-secret"[^>]*>([A-Z2-7 ]+)<', page)
    assert secret is not None
    assert "<svg" in page
    assert client.post("/login/enrol/", {"code": "000000"}).status_code == 422
    answer = client.post("/login/enrol/", {"code": first_code(secret[1])})
    codes = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", answer.content.decode())
    assert (answer.status_code, len(codes)) == (201, 10)
    assert client.get("/").status_code == 200
    again = password_step(grace)
    assert again.get("/login/enrol/")["Location"] == "/login/code/"
    assert again.post("/login/code/", {"code": codes[0].upper()}).status_code == 302
    assert password_step(grace).post("/login/code/", {"code": codes[0]}).status_code == 422


def test_secrets_are_sealed_to_their_row_and_recovery_codes_hashed(ada: StaffUser) -> None:
    with public_context():
        grace = enrolled(member("grace@platform.test"))
        codes = second_factor.renew_recovery_codes(ada)
        stored = {row.code_hash for row in StaffRecoveryCode.objects.all()}
        device = StaffTotpDevice.objects.get(staff=ada)
        assert second_factor.secret_of(device) not in device.sealed_secret
        StaffTotpDevice.objects.filter(staff=grace).update(sealed_secret=device.sealed_secret)
        stolen = StaffTotpDevice.objects.get(staff=grace)
        with pytest.raises(Exception, match="does not belong here"):
            second_factor.secret_of(stolen)
    assert not stored & set(codes)


def test_new_recovery_codes_need_a_code_and_end_the_old_ones(ada: StaffUser) -> None:
    client = signed_in(ada)
    with public_context():
        old = second_factor.renew_recovery_codes(ada)
    assert client.post("/security/", {"code": "000000"}).status_code == 422
    assert client.post("/security/", {"code": code_now(ada)}).status_code == 201
    with public_context(), pytest.raises(second_factor.WrongCode):
        second_factor.take(ada, old[0], at=timezone.now())


def test_another_superuser_resets_an_app_with_a_reason_and_sessions_end(ada: StaffUser) -> None:
    root, client = member("root@platform.test", superuser=True), signed_in(ada)
    page = f"/tenants/staffuser/{ada.pk}/second-factor/"
    as_root = signed_in(root)
    assert as_root.post(page, {"reason": ""}).status_code == 422
    assert client.get("/").status_code == 200
    assert as_root.post(page, {"reason": "Lost the phone"}).status_code == 302
    assert client.get("/").status_code == 302
    assert password_step(ada).get("/login/code/")["Location"] == "/login/enrol/"


def test_nobody_resets_their_own_app(ada: StaffUser) -> None:
    client = signed_in(ada)
    page = f"/tenants/staffuser/{ada.pk}/second-factor/"
    assert client.post(page, {"reason": "I would like to"}).status_code == 422


def test_the_command_resets_an_app_when_no_superuser_is_left(ada: StaffUser) -> None:
    call_command("reset_staff_second_factor", email=ada.email, reason="Lost the phone")
    with public_context():
        assert second_factor.confirmed_device(ada) is None


@pytest.mark.parametrize(
    ("minutes", "every", "status"),
    [(29, 29, 200), (31, 31, 302), (11 * 60 + 50, 25, 200), (12 * 60 + 5, 25, 302)],
)
def test_a_session_ends_when_idle_and_after_twelve_hours(
    ada: StaffUser, minutes: int, every: int, status: int
) -> None:
    with time_machine.travel("2026-03-02T06:00Z", tick=False) as clock:
        client = signed_in(ada)
        gone = 0
        while gone + every <= minutes:
            clock.shift(dt.timedelta(minutes=every))
            gone += every
            answer = client.get("/")
        clock.shift(dt.timedelta(minutes=minutes - gone))
        answer = client.get("/")
    assert answer.status_code == status


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_somebody_who_left_is_out_with_the_next_request(
    ada: StaffUser, change: dict[str, Any]
) -> None:
    client = signed_in(ada)
    with public_context():
        StaffUser.objects.filter(pk=ada.pk).update(**change)
    assert client.get("/").status_code == 302
    assert password_step(ada).get("/login/code/").status_code == 302


def test_the_password_step_is_good_for_ten_minutes(ada: StaffUser) -> None:
    with time_machine.travel("2026-03-02T06:00Z", tick=False) as clock:
        client = password_step(ada)
        clock.shift(dt.timedelta(minutes=11))
        answer = client.post("/login/code/", {"code": code_now(ada)})
    assert answer["Location"] == "/login/"


def test_signing_in_takes_a_new_session_each_step(ada: StaffUser) -> None:
    client = Client(HTTP_HOST=HOST)
    client.get("/login/")
    keys = []
    client.post("/login/", {"email": ada.email, "password": PASSWORD})
    keys.append(client.cookies["session"].value)
    client.post("/login/code/", {"code": code_now(ada)})
    keys.append(client.cookies["session"].value)
    assert keys[0] != keys[1]
    with public_context():
        assert not StaffSession.objects.filter(pk=keys[0]).exists()


def test_only_the_demos_account_gets_its_code_shown_and_only_in_a_demo(
    ada: StaffUser, settings: Any
) -> None:
    def shown(staff: StaffUser) -> bool:
        return b'id="demo-code"' in password_step(staff).get("/login/code/").content

    assert not shown(ada)
    settings.DEMO_STAFF = ada.email
    assert shown(ada)
    assert not shown(enrolled(member("grace@platform.test")))


def test_a_demo_code_works_and_after_two_the_page_says_wait(ada: StaffUser, settings: Any) -> None:
    settings.DEMO_STAFF = ada.email
    with time_machine.travel("2026-03-02T06:00:10Z", tick=False):
        for _ in range(2):
            client = password_step(ada)
            page = client.get("/login/code/").content.decode()
            code = re.search(r'id="demo-code">(\d{6})<', page)
            assert code is not None
            assert client.post("/login/code/", {"code": code[1]}).status_code == 302
        assert "used up" in password_step(ada).get("/login/code/").content.decode()


def test_a_service_refuses_a_reset_by_somebody_without_the_right(ada: StaffUser) -> None:
    grace = member("grace@platform.test", "Operations")
    with public_context(), pytest.raises(ApplicationError):
        second_factor.reset(ada, by=grace, reason="Because I want to")
