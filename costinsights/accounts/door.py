"""The door of the API: what every request under /api/v1/ passes before its view sees it.

Who calls, whether they have called too often, and whether this very request was answered before. It
is middleware, so that no view can forget it; what a view may refuse (roles, plans, CSRF) stays with
the view.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from costinsights.accounts.authentication import TokenRefused, calling_token
from costinsights.accounts.clients import client_ip
from costinsights.accounts.models import ApiToken, User
from costinsights.accounts.permissions import is_member
from costinsights.core.api import throttling
from costinsights.core.api.problems import problem_response
from costinsights.core.tenancy import on_public_schema

API_PREFIX: Final = "/api/v1/"
Respond = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes an API request. A visitor has neither member nor token."""

    member: User | None = None
    token: ApiToken | None = None

    @property
    def rate_identity(self) -> str:
        if self.token is not None:
            return f"token:{self.token.key_id}"
        return f"member:{self.member.pk}" if self.member is not None else ""


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(API_PREFIX) and not on_public_schema()


def caller_of(request: HttpRequest) -> Caller:
    """Who calls, as far as the door can tell: a token that does not work makes a visitor.

    The view asks again and answers the 401. A session counts only without a Bearer header, as there.
    """
    try:
        token = calling_token(request)
    except TokenRefused:
        return Caller()
    if token is not None:
        return Caller(member=token.created_by, token=token)
    user = getattr(request, "user", None)
    return Caller(member=user) if is_member(user) else Caller()


class RateLimitMiddleware:
    """Asks the limiters of `API_LIMITERS` in turn and writes the RateLimit fields of every API answer.

    The first that refuses ends the request with 429; what comes after it is not counted.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        self.limiters: list[throttling.Limiter] = [import_string(n) for n in settings.API_LIMITERS]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_api(request):
            return self.get_response(request)
        who = caller_of(request).rate_identity or f"address:{client_ip(request)}"
        request.rate_identity = who  # type: ignore[attr-defined]  # read by the throttles
        response = self._refusal(request) or self.get_response(request)
        throttling.write_fields(request, response)
        return response

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        for limiter in self.limiters:
            standing: Any = limiter(request)
            if standing is None:
                continue
            throttling.note(request, standing)
            if not standing.allowed:
                response = problem_response(request, throttling.TooManyRequests(standing))
                response["Retry-After"] = str(standing.reset_seconds)
                return response
        return None
