"""An authenticator app in the tests' hands."""

import datetime as dt

import pyotp
from django.test import Client

from costinsights.accounts import second_factor
from costinsights.accounts.models import TotpDevice, User
from costinsights.core import one_time_codes

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SETUP = "/settings/profile/second-factor/"


def code_at(at: dt.datetime, secret: str = SECRET) -> str:
    """What the app shows at this instant."""
    return pyotp.TOTP(secret).at(at)


def with_app(user: User, *, at: dt.datetime) -> list[str]:
    """Give a member an app that knows SECRET, confirmed three minutes ago. Returns the recovery codes."""
    before = at - dt.timedelta(minutes=3)
    return second_factor.enrol(user=user, secret=SECRET, code=code_at(before), at=before)


def secret_on(client: Client) -> str:
    """The key that the set-up page of this browser shows."""
    page = client.get(SETUP).content.decode()
    return page.split('id="totp-secret"')[1].split(">")[1].split("<")[0].replace(" ", "")


def last_step(user: User) -> int:
    return TotpDevice.objects.get(user=user).last_step


STEP = dt.timedelta(seconds=one_time_codes.STEP_SECONDS)
