"""OpenAPI helpers: the problem responses of an operation, and of every operation."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from costinsights.core.api.problems import CONTENT_TYPE, problem


class FieldErrorSerializer(serializers.Serializer[Any]):
    """One value that cannot be used."""

    field = serializers.CharField(help_text="The value's name; empty when it is about the whole.")
    code = serializers.CharField(help_text="Stable, for a program.")
    message = serializers.CharField(help_text="For a person.")


class ProblemSerializer(serializers.Serializer[Any]):
    """An RFC 9457 problem document. Some codes add members of their own."""

    type = serializers.CharField(help_text="A URN that ends in the code.")
    title = serializers.CharField(help_text="The kind of problem, the same for every occurrence.")
    status = serializers.IntegerField(help_text="The HTTP status.")
    detail = serializers.CharField(help_text="What is wrong here, and the way out.")
    code = serializers.CharField(help_text="Stable, for a program.")
    instance = serializers.CharField(help_text="The path asked for.")
    field = serializers.CharField(required=False, help_text="The parameter that is wrong.")
    value = serializers.CharField(
        required=False, allow_null=True, help_text="What was given for it."
    )
    errors = FieldErrorSerializer(many=True, required=False)  # type: ignore[assignment]  # a member's name


_MEANINGS: dict[int, tuple[str, str, str]] = {
    400: ("A value cannot be used.", "invalid_input", "“2d” is no window. Use one of today, …"),
    401: (
        "No valid session or API token.",
        "not_authenticated",
        "Authentication credentials were not provided.",
    ),
    403: ("The role or plan does not allow this.", "not_allowed", "This needs the role Admin."),
    404: ("There is no such thing in this workspace.", "not_found", "There is no cluster “x”."),
    406: (
        "The media type asked for is not offered.",
        "not_acceptable",
        "Could not satisfy the request Accept header.",
    ),
    409: ("The change conflicts with what is stored.", "conflict", "That name is taken."),
    415: (
        "The body is not JSON.",
        "unsupported_media_type",
        "Unsupported media type “text/plain” in request.",
    ),
    422: (
        "OpenCost did not pass the connection test; `steps` says where it ended.",
        "connection_test_failed",
        "Nothing answers at opencost.example.com, port 9003.",
    ),
    429: (
        "Too many requests; `Retry-After` says how many seconds to wait.",
        "too_many_requests",
        "Request was throttled. Expected available in 12 seconds.",
    ),
}


def problem_responses(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """The problem responses of an operation, for `@extend_schema(responses={…, **these})`."""
    found = {}
    for status in statuses:
        meaning, code, _ = _MEANINGS[status]
        found[(status, CONTENT_TYPE)] = OpenApiResponse(
            ProblemSerializer,
            description=meaning,
            examples=[OpenApiExample(code, value=_example(status), media_type=CONTENT_TYPE)],
        )
    return found


EVERYWHERE = (401, 403, 429)


def add_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing hook: what every operation may answer is written at every operation.

    An operation that names a status itself keeps its own words.
    """
    for path in result.get("paths", {}).values():
        for operation in path.values():
            if isinstance(operation, dict) and "operationId" in operation:
                for status in EVERYWHERE:
                    operation["responses"].setdefault(str(status), _problem_response(status))
    return result


def _problem_response(status: int) -> dict[str, Any]:
    meaning, code, _ = _MEANINGS[status]
    return {
        "description": meaning,
        "content": {
            CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {code: {"value": _example(status)}},
            }
        },
    }


def _example(status: int) -> dict[str, Any]:
    meaning, code, detail = _MEANINGS[status]
    return problem(code=code, title=meaning, status=status, detail=detail, instance="/api/v1/…")
