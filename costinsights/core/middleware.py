"""What every answer gets: an id that its log lines carry too, and headers that keep it private."""

import re
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

_GIVEN = re.compile(r"\A[A-Za-z0-9._-]{8,64}\Z")


class RequestIdMiddleware:
    """Starts an empty log context with `request_id` in it, and answers the id as `X-Request-ID`.

    An id from outside is kept when it is plain, so that a proxy's id runs through. Jobs that the request
    sends carry it on.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _GIVEN.match(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()  # threads serve one request after another
        structlog.contextvars.bind_contextvars(request_id=request_id)
        request.request_id = request_id  # type: ignore[attr-defined]  # read where the actor is named
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class PrivateAnswersMiddleware:
    """Answers are about one tenant and one member: no cache keeps them, no other site embeds them.

    A view that sets Cache-Control itself is left alone; static files never come this far.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = (
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        return response
