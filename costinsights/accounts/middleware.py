"""What a member must do before anything else."""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django_htmx.http import HttpResponseClientRedirect

from costinsights.accounts.door import is_api
from costinsights.accounts.permissions import is_member
from costinsights.accounts.signing_in import lacks_second_factor

ENROL: Final = "second-factor"
OPEN: Final = frozenset({ENROL, "sign-out"})


class SecondFactorMiddleware:
    """Sends a member who must have a second factor and has none to the page that sets one up.

    Every page but that one and signing out is closed until then. The API answers for itself: a session
    is refused there in words for a program, a token is not concerned. A support visit has its own rules.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _: Callable[..., Any], __: Any, ___: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.url_name in OPEN or is_api(request):
            return None
        if hasattr(request, "support_grant") or not is_member(request.user):
            return None
        if not lacks_second_factor(request, request.user):
            return None
        if request.headers.get("HX-Request") == "true":
            return HttpResponseClientRedirect(resolve_url(ENROL))
        return redirect(ENROL)
