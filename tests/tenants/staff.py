"""Staff for tests: people, their second factor, and a browser that is signed in."""

import re

import pyotp
from django.test import Client
from django.utils import timezone

from costinsights.core import one_time_codes
from costinsights.core.tenancy import public_context
from tenants.models import StaffUser
from tenants.staff import second_factor
from tests.isolation.routes import routes

HOST = "admin.localhost"
URLS = "costinsights.urls_staff"
PASSWORD = "correct-horse-battery"
OPEN = {
    "/login/",
    "/login/code/",
    "/login/enrol/",
}  # before the second factor; nothing is behind them


def member(email: str = "ada@platform.test", *groups: str, superuser: bool = False) -> StaffUser:
    """Somebody on the staff, in these groups."""
    from django.contrib.auth.models import Group

    with public_context():
        staff = StaffUser.objects.create_user(email, PASSWORD, is_superuser=superuser)
        staff.groups.set(Group.objects.filter(name__in=groups))
    return staff


def code_now(staff: StaffUser) -> str:
    """A code that their authenticator app shows now, or next if that one was used."""
    with public_context():
        device = second_factor.confirmed_device(staff)
        assert device is not None
        secret = second_factor.secret_of(device)
        code = one_time_codes.next_code(secret, at=timezone.now(), last_step=device.last_step)
    assert code is not None
    return code


def enrolled(staff: StaffUser) -> StaffUser:
    with public_context():
        second_factor.enrol_for_demo(staff)
    return staff


def password_step(staff: StaffUser, password: str = PASSWORD, **extra: str) -> Client:
    client = Client(HTTP_HOST=HOST)
    client.post("/login/", {"email": staff.email, "password": password, **extra})
    return client


def signed_in(staff: StaffUser) -> Client:
    """A client whose session carries the second factor."""
    client = password_step(enrolled(staff))
    answer = client.post("/login/code/", {"code": code_now(staff)})
    assert answer.status_code == 302, answer.content
    return client


def first_code(secret: str) -> str:
    return pyotp.TOTP(secret.replace(" ", "")).now()


def addresses(some_id: str = "1") -> list[str]:
    """Every address of the staff host behind the second factor, with `some_id` for each row."""
    found = set()
    for route in routes(URLS):
        filled = route.filled(dict.fromkeys(route.parameters, some_id))
        filled = re.sub(r"\(\?P<app_label>[^)]*\)", "tenants", filled)
        filled = re.sub(r"\(\?P<url>[^)]*\)", "anything", filled)
        found.add("/" + re.sub(r"[\^$]", "", filled).lstrip("/"))
    return sorted(found - OPEN)
