"""Statements and months as files: chosen by `?format=` or by `Accept`. Problems stay JSON documents."""

from collections.abc import Mapping
from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers, status
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from reporting.downloads import Progress, file_answer
from reporting.exports.formats import Format, content_type
from reporting.rendering import Source


class _FileRenderer(BaseRenderer):
    """The view answers with the file itself; only problems and progress come here."""

    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if renderer_context and "response" in renderer_context:
            response = renderer_context["response"]
            if response.status_code == status.HTTP_202_ACCEPTED:
                response["Content-Type"] = "application/json"
        return JSONRenderer().render(data)


def _renderer(wanted: Format) -> type[BaseRenderer]:
    members = {"media_type": content_type(wanted).partition(";")[0], "format": wanted.value}
    return type(f"{wanted.value.title()}FileRenderer", (_FileRenderer,), members)


# Three formats are CSV: `Accept: text/csv` means the first, `?format=` tells them apart.
FILES: tuple[type[BaseRenderer], ...] = (JSONRenderer, *map(_renderer, Format))


class FileProgressSerializer(serializers.Serializer[Any]):
    """A large file is being made."""

    state = serializers.CharField(help_text="`rendering`")
    done = serializers.IntegerField(help_text="Statements that are written.")
    whole = serializers.IntegerField()


def wanted_file(request: Request) -> Format | None:
    """The format asked for; None for JSON."""
    kind = str(request.accepted_renderer.format)
    return None if kind == "json" else Format(kind)


def file_or_progress(source: Source, wanted: Format) -> HttpResponseBase:
    """The file, or 202 while a job makes it."""
    found = file_answer(source, wanted)
    if not isinstance(found, Progress):
        return found
    body = {"state": "rendering", "done": found.done, "whole": found.whole}
    return Response(body, status=status.HTTP_202_ACCEPTED, headers={"Retry-After": "2"})


def file_responses(serializer: Any) -> dict[Any, Any]:
    """What an operation answers that is also a file."""
    kinds = {content_type(wanted).partition(";")[0] for wanted in Format}
    found: dict[Any, Any] = {(200, "application/json"): serializer}
    for kind in sorted(kinds):
        found[200, kind] = OpenApiResponse(OpenApiTypes.BINARY, description="The file.")
    found[202, "application/json"] = FileProgressSerializer
    return found
