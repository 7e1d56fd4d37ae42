"""Endpoints of runs: asking for one, its progress, its files."""

from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.accounts.permissions import member_of
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from costinsights.core.errors import InvalidInput
from costinsights.core.tenancy import current_tenant
from reporting import files
from reporting.api.report_schema import LINK, ReportRunSerializer, purpose
from reporting.api.reports import READ, WRITE, Reports
from reporting.models import ReportRun
from reporting.reports.asking import ask_for_run, ask_to_stop
from reporting.reports.downloads import run_file
from reporting.reports.selectors import run_for, visible_runs


class Runs(Reports):
    """What the endpoints of runs share."""

    serializer_class: Any = ReportRunSerializer
    queryset: Any = ReportRun.objects.none()

    def shown(self, run: ReportRun, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(run).data, status=code)


class NewestRuns(ListCursor):
    ordering = ("-id",)


class ReportRunListView(Runs, ListAPIView[ReportRun]):
    """Runs of one report."""

    pagination_class = NewestRuns

    def get_queryset(self) -> QuerySet[ReportRun]:
        if getattr(self, "swagger_fake_view", False):
            return ReportRun.objects.none()
        report = self.report(self.kwargs["report_id"])
        return visible_runs(member_of(self.request)).filter(report=report)

    @extend_schema(
        operation_id="reports_runs",
        summary="List a report's runs",
        description="Newest first. Members who do not see everything see their own.",
        tags=["Reports"],
        responses={200: ReportRunSerializer(many=True), **problem_responses(400, *READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="reports_run",
        summary="Run a report",
        description="A job makes the files, with what you may see and nothing else. Ask the run how far it is.",
        tags=["Reports"],
        request=None,
        responses={202: ReportRunSerializer, **problem_responses(*WRITE)},
    )
    def post(self, request: Request, report_id: int) -> Response:
        report = self.report(report_id)
        run = ask_for_run(report, by=member_of(request), now=timezone.now())
        return self.shown(run, status.HTTP_202_ACCEPTED)


class ReportRunView(Runs):
    """One run."""

    @extend_schema(
        operation_id="report_runs_get",
        summary="Show a run",
        description="How far it is, and when it is done its summary and its files.",
        tags=["Reports"],
        responses={200: ReportRunSerializer, **problem_responses(*READ)},
    )
    def get(self, request: Request, run_id: int) -> Response:
        return self.shown(run_for(member_of(request), run_id))


class ReportRunCancelView(Runs):
    """Stop a run."""

    @extend_schema(
        operation_id="report_runs_cancel",
        summary="Cancel a run",
        description="It stops before its next step and keeps no files.",
        tags=["Reports"],
        request=None,
        responses={202: ReportRunSerializer, **problem_responses(*WRITE)},
    )
    def post(self, request: Request, run_id: int) -> Response:
        run = ask_to_stop(run_for(member_of(request), run_id), now=timezone.now())
        return self.shown(run, status.HTTP_202_ACCEPTED)


class ReportRunFileView(Runs):
    """A file of a run."""

    @extend_schema(
        operation_id="report_runs_file",
        summary="Download a file of a run",
        description="By the address that the run names. It is checked against its hash before its first byte is sent.",
        tags=["Reports"],
        parameters=[OpenApiParameter(LINK, str, required=True, description="The signature.")],
        responses={
            (200, "application/octet-stream"): OpenApiResponse(
                OpenApiTypes.BINARY, description="The file, with its own type."
            ),
            **problem_responses(400, 409, *READ),
        },
    )
    def get(self, request: Request, run_id: int, file_number: int) -> StreamingHttpResponse:
        member = member_of(request)
        run = run_for(member, run_id)
        _check_link(request, run, file_number, member.pk)
        return run_file(run, file_number, member=member, now=timezone.now())


def _check_link(request: Request, run: ReportRun, number: int, member: int) -> None:
    """Raises InvalidInput for a link that is not this member's to this file, or is past its time."""
    try:
        found = files.file_of_link(
            request.query_params.get(LINK, ""),
            tenant=current_tenant().slug,
            member=member,
            purpose=purpose(number),
        )
    except files.LinkExpired as error:
        raise InvalidInput(
            "The link is past its time. Ask the run for new ones.", field=LINK
        ) from error
    except files.LinkInvalid as error:
        raise InvalidInput(
            "This is no link to this file for you. Ask the run.", field=LINK
        ) from error
    if found != run.pk:
        raise InvalidInput("The link is for another run.", field=LINK)
