"""Endpoints of schedules."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.accounts.permissions import member_of
from costinsights.core.api.fields import InstantField
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from reporting.api.report_schema import ReportRunSerializer
from reporting.api.reports import READ, WRITE, Reports
from reporting.models import Frequency, ReportSchedule
from reporting.reports import schedules
from reporting.reports.calendar import words
from reporting.reports.kinds import workspace_zone
from reporting.reports.services import check_writes

_NAMES = ("frequency", "day", "hour", "recipients", "to_owners", "is_active")
_EXAMPLE = {"frequency": "monthly", "day": 2, "hour": 6, "recipients": ["finance@acme.example"]}


class ReportScheduleSerializer(serializers.ModelSerializer[ReportSchedule]):
    """When a report runs, and who gets the mail."""

    frequency = serializers.ChoiceField(choices=Frequency.choices, read_only=True)
    words = serializers.SerializerMethodField(help_text="When it runs, for a person.")
    recipients = serializers.ListField(child=serializers.EmailField(), read_only=True)
    runs_as = serializers.SerializerMethodField(
        help_text="Whose rights its runs have: who changed it last. Null when they are gone."
    )
    next_run_at = InstantField(read_only=True, allow_null=True)
    last_run_at = InstantField(read_only=True, allow_null=True)

    class Meta:
        model = ReportSchedule
        fields = ("id", "report_id", *_NAMES, "words", "runs_as", "next_run_at", "last_run_at")
        read_only_fields = fields

    def get_words(self, schedule: ReportSchedule) -> str:
        return words(schedule.frequency, schedule.day, schedule.hour, zone=workspace_zone())

    def get_runs_as(self, schedule: ReportSchedule) -> str | None:
        return schedule.created_by.email if schedule.created_by else None


class ReportScheduleInputSerializer(serializers.Serializer[Any]):
    """A schedule to make. Days and hours are of the workspace's time zone."""

    frequency = serializers.ChoiceField(choices=Frequency.choices)
    day = serializers.IntegerField(help_text="1 Monday to 7 Sunday; of the month 1 to 28.")
    hour = serializers.IntegerField(required=False)
    recipients = serializers.ListField(
        child=serializers.CharField(max_length=254),
        required=False,
        help_text="E-mail addresses. Members among them must be allowed to see all of the report.",
    )
    to_owners = serializers.BooleanField(
        required=False, help_text="Mail each cost centre's owner its own closed statement."
    )
    is_active = serializers.BooleanField(required=False)


class Schedules(Reports):
    """What the endpoints of schedules share."""

    serializer_class: Any = ReportScheduleSerializer
    queryset: Any = ReportSchedule.objects.none()

    def schedule(self, schedule_id: int) -> ReportSchedule:
        return schedules.schedule_for(member_of(self.request), schedule_id)

    def shown(self, schedule: ReportSchedule, code: int = status.HTTP_200_OK) -> Response:
        return Response(ReportScheduleSerializer(schedule).data, status=code)


class ReportScheduleListView(Schedules, ListAPIView[ReportSchedule]):
    """Schedules of one report."""

    pagination_class = ListCursor

    def get_queryset(self) -> QuerySet[ReportSchedule]:
        if getattr(self, "swagger_fake_view", False):
            return ReportSchedule.objects.none()
        return schedules.schedules_of(self.report(self.kwargs["report_id"]))

    @extend_schema(
        operation_id="report_schedules_list",
        summary="List a report's schedules",
        tags=["Reports"],
        responses={200: ReportScheduleSerializer(many=True), **problem_responses(400, *READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="report_schedules_make",
        summary="Schedule a report",
        description="It runs with your rights, whoever gets the mail.",
        tags=["Reports"],
        request=ReportScheduleInputSerializer,
        responses={201: ReportScheduleSerializer, **problem_responses(*WRITE)},
        examples=[OpenApiExample("monthly", request_only=True, value=_EXAMPLE)],
    )
    def post(self, request: Request, report_id: int) -> Response:
        member, report = member_of(request), self.report(report_id)
        check_writes(member)
        given = self.given(ReportScheduleInputSerializer)
        draft = schedules.checked_schedule(report, **given)
        made = schedules.make_schedule(report, draft, by=member, now=timezone.now())
        return self.shown(made, status.HTTP_201_CREATED)


class ReportScheduleView(Schedules):
    """One schedule."""

    @extend_schema(
        operation_id="report_schedules_get",
        summary="Show a schedule",
        tags=["Reports"],
        responses={200: ReportScheduleSerializer, **problem_responses(*READ)},
    )
    def get(self, request: Request, schedule_id: int) -> Response:
        return self.shown(self.schedule(schedule_id))

    @extend_schema(
        operation_id="report_schedules_update",
        summary="Change, pause or resume a schedule",
        description="What is left out stays. `is_active: false` pauses it. It runs with your rights from then on.",
        tags=["Reports"],
        request=ReportScheduleInputSerializer(partial=True),
        responses={200: ReportScheduleSerializer, **problem_responses(*WRITE)},
    )
    def patch(self, request: Request, schedule_id: int) -> Response:
        member, schedule = member_of(request), self.schedule(schedule_id)
        check_writes(member)
        values = {name: getattr(schedule, name) for name in _NAMES}
        given = self.given(ReportScheduleInputSerializer, partial=True)
        draft = schedules.checked_schedule(schedule.report, **(values | given))
        changed = schedules.change_schedule(schedule, draft, by=member, now=timezone.now())
        return self.shown(changed)

    @extend_schema(
        operation_id="report_schedules_delete",
        summary="Delete a schedule",
        description="What it made stays.",
        tags=["Reports"],
        responses={204: OpenApiResponse(description="Deleted."), **problem_responses(*READ)},
    )
    def delete(self, request: Request, schedule_id: int) -> Response:
        schedules.delete_schedule(self.schedule(schedule_id), by=member_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReportScheduleRunView(Schedules):
    """Do not wait for the day."""

    serializer_class: Any = ReportRunSerializer

    @extend_schema(
        operation_id="report_schedules_run",
        summary="Run a schedule now",
        description="As if it were due, mails included, with your rights.",
        tags=["Reports"],
        request=None,
        responses={202: ReportRunSerializer, **problem_responses(*WRITE)},
    )
    def post(self, request: Request, schedule_id: int) -> Response:
        schedule = self.schedule(schedule_id)
        run = schedules.run_now(schedule, by=member_of(request), now=timezone.now())
        return Response(self.get_serializer(run).data, status=status.HTTP_202_ACCEPTED)
