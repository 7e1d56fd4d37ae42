"""RFC 9457 problem details: every error of the API in one shape.

Members: `type` (a URN that ends in the code), `title` (the kind of problem), `status`, `detail` (this
occurrence, for a person), `code` (stable, for a program), `instance` (the path asked for, without the
query, which may hold what nobody should log), and further members of the error itself, such as
`field` and `errors`.
"""

from http import HTTPStatus
from typing import Any, cast

import structlog
from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error

from costinsights.core.errors import ApplicationError

CONTENT_TYPE = "application/problem+json"
_RESERVED = frozenset({"type", "title", "status", "detail", "code", "instance"})
_log = structlog.get_logger(__name__)

# code and title of what DRF raises itself, by HTTP status.
_KNOWN: dict[int, tuple[str, str]] = {
    400: ("malformed_request", "The request cannot be read"),
    401: ("not_authenticated", "Sign in or send an API token"),
    403: ("not_allowed", "Your role does not allow this"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "This address does not answer that method"),
    406: ("not_acceptable", "The answer cannot be given in that media type"),
    413: ("too_large", "The request is too large"),
    415: ("unsupported_media_type", "The body's media type is not understood"),
    429: ("too_many_requests", "Too many requests"),
}
_GENERIC_CODES = frozenset(
    {"error", "authentication_failed", "permission_denied", "parse_error", "throttled"}
)


def problem(
    *, code: str, title: str, status: int, detail: str, instance: str = "", **extra: Any
) -> dict[str, Any]:
    """A problem document. Members in `extra` never replace the standard ones."""
    members = {name: value for name, value in extra.items() if name not in _RESERVED}
    return {
        "type": f"urn:costinsights:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "instance": instance,
        **members,
    }


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: every exception becomes a problem document, unexpected ones a bare 500."""
    request = context.get("request")
    instance = request.path if request is not None else ""
    headers: dict[str, str] = {}
    if isinstance(error, ApplicationError):
        document = _from_application_error(error, instance)
    elif isinstance(error, exceptions.ValidationError):
        document = _from_validation(error.detail, instance)
    elif isinstance(error, DjangoValidationError):
        document = _from_validation(as_serializer_error(error), instance)
    else:
        document, headers = _from_framework(_as_api_exception(error), error, instance)
    _roll_back(request)
    if document["status"] == 405 and request is not None:
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return Response(document, status=document["status"], headers=headers, content_type=CONTENT_TYPE)


def problem_response(request: HttpRequest, error: ApplicationError) -> HttpResponse:
    """The same document outside of DRF, for a view that is no API view."""
    document = _from_application_error(error, request.path)
    return JsonResponse(document, status=error.status, content_type=CONTENT_TYPE)


def _from_application_error(error: ApplicationError, instance: str) -> dict[str, Any]:
    return problem(
        code=error.code,
        title=error.title,
        status=error.status,
        detail=error.message,
        instance=instance,
        **error.extra,
    )


def _from_validation(detail: Any, instance: str) -> dict[str, Any]:
    errors = list(_field_errors(detail))
    words = "; ".join(
        f"{item['field']}: {item['message']}" if item["field"] else str(item["message"])
        for item in errors
    )
    return problem(
        code="validation_failed",
        title="Some values cannot be used",
        status=400,
        detail=words or "Some values cannot be used.",
        instance=instance,
        errors=errors,
    )


def _field_errors(detail: Any, field: str = "") -> list[dict[str, str]]:
    """DRF's nested detail as a flat list of {field, code, message}, in the order of the fields."""
    if isinstance(detail, dict):
        found: list[dict[str, str]] = []
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            found += _field_errors(inner, ".".join(part for part in (field, own) if part))
        return found
    if isinstance(detail, list):
        return [
            item
            for index, inner in enumerate(detail)
            for item in _field_errors(
                inner, f"{field}.{index}" if isinstance(inner, dict) and field else field
            )
        ]
    code = getattr(detail, "code", None) or "invalid"
    return [{"field": field, "code": str(code), "message": str(detail)}]


def _as_api_exception(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        words = str(error)
        return exceptions.PermissionDenied(words or None)
    return error if isinstance(error, exceptions.APIException) else None


def _from_framework(
    known: exceptions.APIException | None, error: Exception, instance: str
) -> tuple[dict[str, Any], dict[str, str]]:
    if known is None:
        _log.error("api_failed", path=instance, exc_info=error)
        document = problem(
            code="internal_error",
            title="Something went wrong on our side",
            status=500,
            detail="The request failed on our side and has been logged. Try again later.",
            instance=instance,
        )
        return document, {}
    code, title = _KNOWN.get(known.status_code, ("error", HTTPStatus(known.status_code).phrase))
    own = known.get_codes()
    if isinstance(own, str) and own not in _GENERIC_CODES and known.status_code in {401, 403, 429}:
        code = own
    headers = {}
    if authenticate := getattr(known, "auth_header", None):
        headers["WWW-Authenticate"] = str(authenticate)
    extra: dict[str, Any] = dict(getattr(known, "extra", {}))
    wait = getattr(known, "wait", None)
    if wait is not None:
        seconds = max(1, int(-(-wait // 1)))
        headers["Retry-After"] = str(seconds)
        extra["retry_after_seconds"] = seconds
    detail = cast(Any, known.detail)
    document = problem(
        code=code,
        title=title,
        status=known.status_code,
        detail=str(detail),
        instance=instance,
        **extra,
    )
    return document, headers


def _roll_back(request: Any) -> None:
    """What an erring request wrote is undone, as DRF's own handler does it.

    A view that opted out of the request's transaction minds its own: one that is open around it belongs to
    somebody else.
    """
    match = getattr(request, "resolver_match", None)
    if getattr(getattr(match, "func", None), "_non_atomic_requests", None):
        return
    for connection in connections.all(initialized_only=True):
        if connection.settings_dict["ATOMIC_REQUESTS"] and connection.in_atomic_block:
            connection.set_rollback(True)
