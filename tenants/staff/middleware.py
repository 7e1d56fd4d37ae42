"""Who is staff on this request: only somebody whose session carries a second factor that stands."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tenants.staff import sessions


class StaffSessionMiddleware:
    """On the staff host: sets `request.staff_is_verified` and ends sessions whose time is over."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_verified = False
        if getattr(request, "urlconf", None) == settings.STAFF_URLCONF:
            is_verified = self._look(request)
        request.staff_is_verified = is_verified  # type: ignore[attr-defined]  # read by StaffSite
        return self.get_response(request)

    def _look(self, request: HttpRequest) -> bool:
        if not request.user.is_authenticated:
            return False
        now = timezone.now()
        if sessions.is_verified(request, at=now):
            sessions.note_seen(request, at=now)
            return True
        logout(request)
        messages.info(request, "Your session is over. Sign in again.")
        return False
