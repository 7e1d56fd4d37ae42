"""Endpoints of notes beside the costs of a day."""

import datetime as dt
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.accounts.permissions import IsMember, member_of
from costinsights.core.api.fields import InstantField
from costinsights.core.api.metadata import GatedMetadata
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from costinsights.core.errors import InvalidInput
from costinsights.costs.annotations import services
from costinsights.costs.annotations.models import LONGEST_FILTER, LONGEST_TEXT
from costinsights.costs.models import Annotation
from tenants.features import Feature
from tenants.gates import HasFeature

_EXAMPLE = {
    "first_day": "2026-11-03",
    "last_day": "2026-11-05",
    "text": "Moved payments to spot nodes",
    "filter": 'namespace:"payments"',
}


class AnnotationSerializer(serializers.ModelSerializer[Annotation]):
    """What happened on a day or on several, both included."""

    cluster = serializers.SerializerMethodField(help_text="Its slug; null for every cluster.")
    filter = serializers.CharField(
        source="filter_text", read_only=True, help_text="The part of the costs that it is about."
    )
    author = serializers.SerializerMethodField(help_text="E-mail; null when that member is gone.")
    created_at = InstantField(read_only=True)
    updated_at = InstantField(read_only=True)

    class Meta:
        model = Annotation
        fields = (
            "id",
            "first_day",
            "last_day",
            "text",
            "cluster",
            "filter",
            "author",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_cluster(self, row: Annotation) -> str | None:
        return row.cluster.slug if row.cluster else None

    def get_author(self, row: Annotation) -> str | None:
        return row.author.email if row.author else None


class AnnotationInputSerializer(serializers.Serializer[Any]):
    """A note to write."""

    first_day = serializers.DateField(help_text="A UTC day.")
    last_day = serializers.DateField(
        required=False, help_text="The last day, included; `first_day` by default."
    )
    text = serializers.CharField(max_length=LONGEST_TEXT)
    cluster = serializers.CharField(required=False, allow_blank=True, help_text="A slug.")
    filter = serializers.CharField(max_length=LONGEST_FILTER, required=False, allow_blank=True)


class Annotations(GenericAPIView[Annotation]):
    """Every member reads; analysts write and change their own, admins change all."""

    feature = Feature.HISTORY
    serializer_class = AnnotationSerializer
    queryset = Annotation.objects.none()
    permission_classes = (IsMember, HasFeature)
    metadata_class = GatedMetadata


class AnnotationListView(Annotations, ListAPIView[Annotation]):
    """The workspace's notes."""

    pagination_class = ListCursor

    def get_queryset(self) -> Any:
        notes = Annotation.objects.visible_to(member_of(self.request))
        if start := _day(self.request, "start"):
            notes = notes.filter(last_day__gte=start)
        if end := _day(self.request, "end"):
            notes = notes.filter(first_day__lt=end)
        return notes.select_related("cluster", "author")

    @extend_schema(
        operation_id="annotations_list",
        summary="List notes",
        description="A limited member sees the own notes and those that are about no cluster and no filter.",
        tags=["Notes"],
        parameters=[
            OpenApiParameter(
                "start", OpenApiTypes.DATE, description="Only notes from this day on."
            ),
            OpenApiParameter("end", OpenApiTypes.DATE, description="Only notes before this day."),
        ],
        responses={
            200: AnnotationSerializer(many=True),
            **problem_responses(400, 401, 403, 404, 406, 429),
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="annotations_write",
        summary="Write a note",
        tags=["Notes"],
        request=AnnotationInputSerializer,
        responses={
            201: AnnotationSerializer,
            **problem_responses(400, 401, 403, 406, 415, 429),
        },
        examples=[OpenApiExample("spot nodes", request_only=True, value=_EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        services.check_may_write(member_of(request))
        given = AnnotationInputSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        now = timezone.now()
        row = services.write_annotation(
            draft=_draft(given.validated_data, now), by=member_of(request), at=now
        )
        return Response(AnnotationSerializer(row).data, status=status.HTTP_201_CREATED)


class AnnotationView(Annotations):
    """One note."""

    @extend_schema(
        operation_id="annotations_get",
        summary="Show a note",
        tags=["Notes"],
        responses={200: AnnotationSerializer, **problem_responses(401, 403, 404, 406, 429)},
    )
    def get(self, request: Request, annotation_id: int) -> Response:
        row = services.access_annotation(annotation_id, member_of(request))
        return Response(AnnotationSerializer(row).data)

    @extend_schema(
        operation_id="annotations_update",
        summary="Change a note",
        description="What is left out stays.",
        tags=["Notes"],
        request=AnnotationInputSerializer(partial=True),
        responses={
            200: AnnotationSerializer,
            **problem_responses(400, 401, 403, 404, 406, 415, 429),
        },
        examples=[OpenApiExample("longer", request_only=True, value={"last_day": "2026-11-06"})],
    )
    def patch(self, request: Request, annotation_id: int) -> Response:
        member, now = member_of(request), timezone.now()
        row = services.access_annotation(annotation_id, member)
        given = AnnotationInputSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        stored = {
            "first_day": row.first_day,
            "last_day": row.last_day,
            "text": row.text,
            "cluster": row.cluster.slug if row.cluster else "",
            "filter": row.filter_text,
        }
        draft = _draft(stored | given.validated_data, now)
        changed = services.change_annotation(annotation=row, draft=draft, by=member, at=now)
        return Response(AnnotationSerializer(changed).data)

    @extend_schema(
        operation_id="annotations_remove",
        summary="Remove a note",
        tags=["Notes"],
        responses={
            204: OpenApiResponse(description="Removed."),
            **problem_responses(401, 403, 404, 406, 429),
        },
    )
    def delete(self, request: Request, annotation_id: int) -> Response:
        member = member_of(request)
        row = services.access_annotation(annotation_id, member)
        services.remove_annotation(annotation=row, by=member)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _draft(given: dict[str, Any], now: dt.datetime) -> services.AnnotationDraft:
    values = dict(given)
    return services.checked_draft(filter_text=values.pop("filter", ""), **values, now=now)


def _day(request: Request, name: str) -> dt.date | None:
    text = request.query_params.get(name, "")
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidInput(
            f"“{text[:40]}” is no day. Write it as 2026-01-31.", field=name, value=text[:40]
        ) from error
