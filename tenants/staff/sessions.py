"""What a staff session knows: who passed the password step, and who passed the second factor too.

Django's own sign-in happens after the second factor only. Until then the session holds a pending
name, good for nothing but the code page.
"""

import datetime as dt
from typing import Any, Final

from django.contrib.auth import login
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from tenants.models import StaffTotpDevice, StaffUser

IDLE: Final = dt.timedelta(minutes=30)
ABSOLUTE: Final = dt.timedelta(hours=12)
PENDING_FOR: Final = dt.timedelta(minutes=10)
# A session is stored again at most this often, not with every request.
NOTED_EVERY: Final = dt.timedelta(minutes=1)

_BACKEND: Final = "tenants.backends.StaffBackend"
_PENDING: Final = "_staff_pending"
_VERIFIED: Final = "_staff_verified"


def begin(request: HttpRequest, staff: StaffUser, *, next_page: str, at: dt.datetime) -> None:
    """The password was right: remember who it was, in a new session, for the code page."""
    request.session.flush()
    request.session[_PENDING] = {
        "staff": staff.pk,
        "hash": staff.get_session_auth_hash(),
        "at": at.isoformat(),
        "next": next_page,
    }
    request.session.set_expiry(int(PENDING_FOR.total_seconds()))


def pending(request: HttpRequest, *, at: dt.datetime) -> tuple[StaffUser, str] | None:
    """Who passed the password step in this session, and where they wanted to go."""
    noted = request.session.get(_PENDING)
    if noted is None or at - _instant(noted["at"]) > PENDING_FOR:
        return None
    staff = StaffUser.objects.filter(pk=noted["staff"], is_active=True, is_staff=True).first()
    if staff is None or not constant_time_compare(noted["hash"], staff.get_session_auth_hash()):
        return None
    return staff, str(noted["next"])


def complete(
    request: HttpRequest, staff: StaffUser, device: StaffTotpDevice, *, at: dt.datetime
) -> None:
    """The second factor was right too: sign in, under a new session key."""
    request.session.flush()
    login(request, staff, backend=_BACKEND)
    request.session[_VERIFIED] = {
        "device": device.pk,
        "at": at.isoformat(),
        "seen": at.isoformat(),
    }
    request.session.set_expiry(int(IDLE.total_seconds()))


def is_verified(request: HttpRequest, *, at: dt.datetime) -> bool:
    """Whether this session has a second factor that still stands: in time, its device not reset."""
    noted: Any = request.session.get(_VERIFIED)
    if not noted or not isinstance(request.user, StaffUser):
        return False
    if at - _instant(noted["at"]) > ABSOLUTE or at - _instant(noted["seen"]) > IDLE:
        return False
    return StaffTotpDevice.objects.filter(
        pk=noted["device"], staff=request.user, confirmed_at__isnull=False
    ).exists()


def note_seen(request: HttpRequest, *, at: dt.datetime) -> None:
    """Put the idle time-out off, writing at most once a minute."""
    noted = request.session[_VERIFIED]
    if at - _instant(noted["seen"]) >= NOTED_EVERY:
        request.session[_VERIFIED] = {**noted, "seen": at.isoformat()}


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
