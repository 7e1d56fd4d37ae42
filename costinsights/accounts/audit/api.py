"""API: the audit log and whether it holds."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts.audit import csv_file, words
from costinsights.accounts.audit.filters import PARAMETERS, AuditFilter
from costinsights.accounts.models import AuditEntry, AuditHead, Role
from costinsights.accounts.permissions import RoleAtLeast
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from costinsights.core.errors import InvalidInput

AFTER: Final = "after_sequence"
_OTHER: Final = (AFTER, "cursor", "page_size", "format")
_HELP: Final = {
    "who": "Part of the actor's label, or its identifier.",
    "action": "Like `row.updated`, or `sign_in.*` for all of a kind.",
    "object_type": "Like `accounts_user`.",
    "object_id": "The object's key.",
    "since": "First day, UTC.",
    "until": "Last day, UTC, included.",
    "q": "Text in the object's label, the values or the details.",
}
OPENAPI_PARAMETERS: Final = [
    OpenApiParameter(
        name,
        OpenApiTypes.DATE if name in ("since", "until") else OpenApiTypes.STR,
        description=_HELP[name],
    )
    for name in PARAMETERS
] + [
    OpenApiParameter(
        AFTER,
        OpenApiTypes.INT64,
        description="Only sealed entries after this one, the oldest first: for a program that reads on.",
    ),
]


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    """One entry. `sequence` and `hash` are empty while it is being sealed."""

    summary = serializers.SerializerMethodField(help_text="The entry in a line, for people.")

    class Meta:
        model = AuditEntry
        fields = (*csv_file.COLUMNS, "summary")
        read_only_fields = fields

    def get_summary(self, entry: AuditEntry) -> str:
        return words.summary(entry)


class AuditStateSerializer(serializers.Serializer[AuditHead]):
    """Where the chain ends, and what the last daily check found."""

    sequence = serializers.IntegerField(help_text="The last sealed entry; 0 before the first.")
    hash = serializers.CharField(help_text="Its SHA-256.")
    checked_at = serializers.DateTimeField(allow_null=True)
    checked_sequence = serializers.IntegerField(allow_null=True)
    problem = serializers.CharField(help_text="The first break; empty while the chain holds.")


class AuditCursor(ListCursor):
    """The newest first; from `after_sequence` on the oldest first, in the order of sealing."""

    ordering = "-id"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.ordering = "sequence" if AFTER in request.query_params else "-id"
        return super().paginate_queryset(queryset, request, view)


class AuditCSVRenderer(BaseRenderer):
    """For `Accept: text/csv` or `?format=csv`: the view streams it; problems stay JSON documents."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> str:
        return json.dumps(data)


class AuditListView(ListAPIView[AuditEntry]):
    """What happened in this workspace."""

    queryset = AuditEntry.objects.all()
    serializer_class = AuditEntrySerializer
    pagination_class = AuditCursor
    permission_classes = (RoleAtLeast.of(Role.ADMIN),)
    renderer_classes = (JSONRenderer, AuditCSVRenderer)

    @extend_schema(
        operation_id="audit_list",
        summary="List audit entries",
        description="Every change, sign-in, download and look by support: who, what, before, after, when, from "
        "where. As CSV all chosen entries come at once, the newest first, and the download is logged itself. "
        "The role Admin or more is needed.",
        tags=["Audit log"],
        parameters=OPENAPI_PARAMETERS,
        responses={
            (200, "application/json"): AuditEntrySerializer(many=True),
            (200, "text/csv"): OpenApiResponse(
                OpenApiTypes.STR, description="All chosen entries, with the fields that are hashed."
            ),
            **problem_responses(400, 401, 403, 406, 429),
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        if isinstance(request.accepted_renderer, AuditCSVRenderer):
            return csv_file.download(_chosen(request))
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[AuditEntry]:
        entries = _chosen(self.request).apply(super().get_queryset())
        given = self.request.query_params.get(AFTER)
        if given is None:
            return entries
        if not (given.isascii() and given.isdecimal() and len(given) < 19):
            raise InvalidInput("This is no entry's sequence.", field=AFTER, value=given[:50])
        return entries.filter(sequence__gt=int(given))


class AuditStateView(APIView):
    """Whether the log holds."""

    permission_classes = (RoleAtLeast.of(Role.ADMIN),)
    serializer_class = AuditStateSerializer

    @extend_schema(
        operation_id="audit_state",
        summary="Whether the audit log holds",
        tags=["Audit log"],
        responses={200: AuditStateSerializer, **problem_responses(401, 403, 406, 429)},
    )
    def get(self, request: Request) -> Response:
        head = AuditHead.objects.first() or AuditHead(sequence=0, hash="0" * 64)
        return Response(AuditStateSerializer(head).data)


def _chosen(request: Request) -> AuditFilter:
    """The choice in the parameters. A misspelt parameter is an error, never silently nothing."""
    for name in request.query_params:
        if name not in (*PARAMETERS, *_OTHER):
            raise InvalidInput(
                f"There is no parameter “{name}”. There are {', '.join((*PARAMETERS, AFTER))}.",
                field=name,
                value=request.query_params[name],
            )
    return AuditFilter.parse(request.query_params)
