"""Endpoints of reports: definitions and previews."""

from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.decorators import method_decorator
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.accounts.permissions import IsMember, member_of
from costinsights.core.api.metadata import GatedMetadata
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from reporting.api.report_schema import (
    PreviewSerializer,
    ReportInputSerializer,
    ReportQuestionSerializer,
    ReportSerializer,
)
from reporting.models import ReportDefinition
from reporting.reports import services
from reporting.reports.kinds import checked_parameters, preview
from reporting.reports.selectors import report_for, visible_reports
from tenants.features import Feature
from tenants.gates import HasFeature

READ = (401, 403, 404, 406, 429)
WRITE = (400, 401, 403, 404, 406, 409, 415, 429)
_EXAMPLE = {
    "name": "Statements for finance",
    "kind": "statements",
    "parameters": {"month": "last", "centers": []},
    "formats": ["xlsx", "journal"],
}
_COSTS = {
    "kind": "costs",
    "parameters": {"window": "lastmonth", "group_by": "label:team", "step": "week"},
}


class Reports(GenericAPIView[Model]):
    """What the endpoints of reports share: analysts make them, members run what they see."""

    feature = Feature.REPORTING
    permission_classes: Any = (IsMember, HasFeature)
    metadata_class = GatedMetadata
    serializer_class: Any = ReportSerializer
    queryset: Any = ReportDefinition.objects.none()

    def report(self, report_id: int) -> ReportDefinition:
        return report_for(member_of(self.request), report_id)

    def given(self, kind: Any, **options: Any) -> dict[str, Any]:
        body = kind(data=self.request.data, **options)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)


class ReportListView(Reports, ListAPIView[ReportDefinition]):
    """The reports that the member sees."""

    pagination_class = ListCursor

    def get_queryset(self) -> QuerySet[ReportDefinition]:
        if getattr(self, "swagger_fake_view", False):
            return ReportDefinition.objects.none()
        return visible_reports(member_of(self.request))

    @extend_schema(
        operation_id="reports_list",
        summary="List reports",
        description="A limited member sees only their own.",
        tags=["Reports"],
        responses={200: ReportSerializer(many=True), **problem_responses(400, *READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="reports_make",
        summary="Make a report",
        tags=["Reports"],
        request=ReportInputSerializer,
        responses={201: ReportSerializer, **problem_responses(*WRITE)},
        examples=[OpenApiExample("statements", request_only=True, value=_EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        member = member_of(request)
        services.check_writes(member)
        given = {"parameters": {}, **self.given(ReportInputSerializer)}
        draft = services.checked_draft(**given, now=timezone.now())
        made = services.make_report(draft, by=member)
        return Response(ReportSerializer(made).data, status=status.HTTP_201_CREATED)


class ReportView(Reports):
    """One report."""

    @extend_schema(
        operation_id="reports_get",
        summary="Show a report",
        tags=["Reports"],
        responses={200: ReportSerializer, **problem_responses(*READ)},
    )
    def get(self, request: Request, report_id: int) -> Response:
        return Response(ReportSerializer(self.report(report_id)).data)

    @extend_schema(
        operation_id="reports_update",
        summary="Change a report",
        description="What is left out stays. What was made already stays as well.",
        tags=["Reports"],
        request=ReportInputSerializer(partial=True),
        responses={200: ReportSerializer, **problem_responses(*WRITE)},
    )
    def patch(self, request: Request, report_id: int) -> Response:
        member, report = member_of(request), self.report(report_id)
        services.check_writes(member)
        names = ("name", "kind", "parameters", "formats")
        values = {name: getattr(report, name) for name in names}
        given = self.given(ReportInputSerializer, partial=True)
        draft = services.checked_draft(**(values | given), now=timezone.now())
        return Response(ReportSerializer(services.change_report(report, draft, by=member)).data)

    @extend_schema(
        operation_id="reports_delete",
        summary="Delete a report",
        description="With its schedules, runs and their files.",
        tags=["Reports"],
        responses={204: OpenApiResponse(description="Deleted."), **problem_responses(*READ)},
    )
    def delete(self, request: Request, report_id: int) -> Response:
        services.delete_report(self.report(report_id), by=member_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class ReportPreviewView(Reports):
    """A question without a name."""

    @extend_schema(
        operation_id="reports_preview",
        summary="Preview a report",
        description="The first rows and the totals, as you may see them. Nothing is stored and nothing is prepared.",
        tags=["Reports"],
        request=ReportQuestionSerializer,
        responses={200: PreviewSerializer, **problem_responses(400, 401, 403, 406, 415, 429)},
        examples=[OpenApiExample("costs by team", request_only=True, value=_COSTS)],
    )
    def post(self, request: Request) -> Response:
        given, now = self.given(ReportQuestionSerializer), timezone.now()
        parameters = checked_parameters(given["kind"], given.get("parameters", {}), now=now)
        found = preview(given["kind"], parameters, member=member_of(request), now=now)
        return Response(PreviewSerializer(found).data)
