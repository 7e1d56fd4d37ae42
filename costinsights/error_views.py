"""What a person or a program sees when a request fails outside of a view that explains itself."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from costinsights.core.api.problems import CONTENT_TYPE, problem

_CODES = {
    400: ("malformed_request", "The request cannot be read."),
    403: ("not_allowed", "This is not for you to see or to change."),
    404: ("not_found", "There is nothing at this address."),
    500: ("server_error", "Something went wrong on our side. It has been logged."),
}


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    """A page for people, a problem document for programs. Never says what went wrong inside."""
    code, detail = _CODES[status]
    if request.path.startswith("/api/"):
        document = problem(
            code=code,
            title=HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            instance=request.path,
        )
        return JsonResponse(document, status=status, content_type=CONTENT_TYPE)
    return render(request, f"errors/{status}.html", status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without its token: usually a session that ended in another tab."""
    return render(request, "errors/csrf_failure.html", status=403)
