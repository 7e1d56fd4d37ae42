"""Sign-in lock-out (django-axes): per tenant and account, and per tenant and address.

Counts live in the tenant's schema, so a lock in one tenant says nothing in another. The platform's
own host counts in the shared cache.
"""

import datetime as dt
import math
from functools import cached_property
from typing import Any, Final

from axes.attempts import get_cool_off_threshold
from axes.handlers.base import AbstractAxesHandler, AxesBaseHandler
from axes.handlers.cache import AxesCacheHandler
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_username, get_cool_off
from axes.models import AccessAttempt
from django.contrib.auth.signals import user_login_failed
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from costinsights.core.api.problems import CONTENT_TYPE, problem
from costinsights.core.tenancy import on_public_schema

Credentials = dict[str, Any] | None

# One address may be a whole office: it gets this many times the failures of one account.
ADDRESS_PATIENCE: Final = 5


class TenantAttempts(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    """Failures in the tenant's own tables."""

    def get_failures(self, request: HttpRequest, credentials: Credentials = None) -> int:
        """Failures of the account within the cool-off time, or the address's share if that is more."""
        username = get_client_username(request, credentials)
        of_account = _recent(request).filter(username=username)
        of_address = _recent(request).filter(ip_address=request.axes_ip_address)  # type: ignore[attr-defined]  # set by axes
        return max(_failures(of_account), _failures(of_address) // ADDRESS_PATIENCE)

    def reset_user_attempts(self, request: HttpRequest, credentials: Credentials = None) -> int:
        """Forget the account's failures after it signed in; the address keeps its other ones."""
        username = get_client_username(request, credentials)
        count, _ = AccessAttempt.objects.filter(username=username).delete()
        return int(count)


class TenantAxesHandler(AbstractAxesHandler, AxesBaseHandler):  # type: ignore[misc]  # axes has no types
    """Sends everything to the tenant's tables or, on the platform's host, to the cache."""

    @cached_property
    def _tenant(self) -> TenantAttempts:
        return TenantAttempts()

    @cached_property
    def _platform(self) -> Any:
        return AxesCacheHandler()

    @property
    def _here(self) -> Any:
        return self._platform if on_public_schema() else self._tenant

    def get_failures(self, request: HttpRequest, credentials: Credentials = None) -> int:
        return int(self._here.get_failures(request, credentials))

    def user_login_failed(
        self,
        sender: Any,
        credentials: dict[str, Any],
        request: HttpRequest | None = None,
        **kwargs: Any,
    ) -> None:
        self._here.user_login_failed(sender, credentials, request, **kwargs)

    def user_logged_in(self, sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
        self._here.user_logged_in(sender, request, user, **kwargs)

    def user_logged_out(self, sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
        self._here.user_logged_out(sender, request, user, **kwargs)

    def reset_attempts(
        self,
        *,
        ip_address: str | None = None,
        username: str | None = None,
        ip_or_username: bool = False,
    ) -> int:
        return int(
            self._here.reset_attempts(
                ip_address=ip_address, username=username, ip_or_username=ip_or_username
            )
        )

    def reset_logs(self, *, age_days: int | None = None) -> int:
        return int(self._here.reset_logs(age_days=age_days))

    def post_save_access_attempt(self, instance: Any, **kwargs: Any) -> None:
        """Nothing further happens when a failure is stored."""

    def post_delete_access_attempt(self, instance: Any, **kwargs: Any) -> None:
        """Nothing further happens when a failure is forgotten."""


def locked_response(
    request: HttpRequest, original_response: HttpResponse | None, credentials: Credentials
) -> HttpResponse:
    """The answer to a locked sign-in (`AXES_LOCKOUT_CALLABLE`): 429 with the time to wait."""
    wait = cool_off_left(request, credentials)
    minutes = max(1, math.ceil(wait.total_seconds() / 60))
    response: HttpResponse
    if _wants_json(request):
        response = JsonResponse(
            problem(
                code="sign_in_locked",
                title="Too many failed sign-ins",
                status=429,
                detail=f"Sign-in is locked. Try again in {minutes} min.",
                instance=request.path,
                retry_after_seconds=math.ceil(wait.total_seconds()),
            ),
            status=429,
            content_type=CONTENT_TYPE,
        )
    else:
        response = render(request, "accounts/locked.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(math.ceil(wait.total_seconds()))
    response["Cache-Control"] = "no-store"
    return response


def cool_off_left(request: HttpRequest, credentials: Credentials) -> dt.timedelta:
    """How long the lock still holds. On the platform's host: the whole cool-off time."""
    whole: dt.timedelta = get_cool_off(request)
    if on_public_schema():
        return whole
    username = get_client_username(request, credentials)
    ip_address = request.axes_ip_address  # type: ignore[attr-defined]  # set by axes
    last = AccessAttempt.objects.filter(username=username).aggregate(at=Max("attempt_time"))["at"]
    last = (
        last
        or AccessAttempt.objects.filter(ip_address=ip_address).aggregate(at=Max("attempt_time"))[
            "at"
        ]
    )
    if last is None:
        return whole
    left: dt.timedelta = min(whole, last + whole - timezone.now())
    return max(dt.timedelta(seconds=1), left)


def refusal_while_locked(request: HttpRequest, email: str) -> HttpResponse | None:
    """The answer to a further try while this account or address is locked; None while it is not."""
    credentials = {"username": email}
    if AxesProxyHandler.is_allowed(request, credentials):
        return None
    return locked_response(request, None, credentials)


def count_failure(request: HttpRequest, email: str) -> None:
    """Count a wrong second factor or a wrong password of a signed-in member like a failed sign-in."""
    user_login_failed.send(__name__, credentials={"username": email}, request=request)


def _recent(request: HttpRequest) -> Any:
    return AccessAttempt.objects.filter(attempt_time__gte=get_cool_off_threshold(request))


def _failures(attempts: Any) -> int:
    return attempts.aggregate(total=Sum("failures_since_start"))["total"] or 0


def _wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or "application/json" in request.headers.get(
        "Accept", ""
    )
