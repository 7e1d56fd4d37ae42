"""Endpoints of months: from open to closed, late data, proof."""

from typing import Any

from django.db.models import Model, QuerySet
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.accounts.models import Role
from costinsights.accounts.permissions import RoleAtLeast, member_of
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from reporting.api.period_schema import (
    CarriedSerializer,
    CloseMonthSerializer,
    LateDataSerializer,
    OpenMonthSerializer,
    PeriodCloseSerializer,
    PeriodSerializer,
    ReasonSerializer,
    VerifiedSerializer,
)
from reporting.api.renderers import FILES, file_or_progress, file_responses, wanted_file
from reporting.downloads import source_of_period
from reporting.models import Period, PeriodClose
from reporting.statements import asking
from reporting.statements.closing import reopen
from reporting.statements.late import LateData, carry_forward, last_close, late_data
from reporting.statements.verifying import verify_month
from tenants.features import Feature
from tenants.gates import HasFeature

_READ = (401, 403, 404, 406, 429)
_WRITE = (400, 401, 403, 404, 406, 409, 415, 429)


class Months(GenericAPIView[Model]):
    """What the endpoints of months share: they are for analysts and more who see all costs."""

    feature = Feature.REPORTING
    permission_classes = (RoleAtLeast.of(Role.ANALYST), HasFeature)
    serializer_class: Any = PeriodSerializer
    queryset = Period.objects.none()

    def period(self, month: str) -> Period:
        return asking.period_of(member_of(self.request), month)

    def shown(self, period: Period, code: int = status.HTTP_200_OK) -> Response:
        again = Period.objects.select_related("prepared_by").get(pk=period.pk)
        return Response(PeriodSerializer(again).data, status=code)

    def given(self, kind: Any) -> dict[str, Any]:
        body = kind(data=self.request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)


class NewestMonths(ListCursor):
    ordering = ("-month", "-pk")


class PeriodListView(Months, ListAPIView[Period]):
    """The months that were begun."""

    pagination_class = NewestMonths

    def get_queryset(self) -> QuerySet[Period]:
        if getattr(self, "swagger_fake_view", False):
            return Period.objects.none()
        asking.check_prepares(member_of(self.request))
        return Period.objects.select_related("prepared_by")

    @extend_schema(
        operation_id="periods_list",
        summary="List months",
        tags=["Statements"],
        responses={200: PeriodSerializer(many=True), **problem_responses(*_READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="periods_open",
        summary="Begin a month",
        tags=["Statements"],
        request=OpenMonthSerializer,
        responses={201: PeriodSerializer, **problem_responses(*_WRITE)},
    )
    def post(self, request: Request) -> Response:
        month = self.given(OpenMonthSerializer)["month"]
        made = asking.open_month(month, by=member_of(request), now=timezone.now())
        return self.shown(made, status.HTTP_201_CREATED)


class PeriodView(Months):
    """One month, as JSON or as a file of all its statements."""

    renderer_classes = FILES

    @extend_schema(
        operation_id="periods_get",
        summary="Show a month",
        description="With `?format=` or `Accept:` all its statements as one file. Of a closed month the file is made once "
        "and is the same to the byte ever after; a large one is made by a job: 202 until it is ready, ask again.",
        tags=["Statements"],
        responses={**file_responses(PeriodSerializer), **problem_responses(400, *_READ)},
    )
    def get(self, request: Request, month: str) -> HttpResponseBase:
        period = self.period(month)
        wanted = wanted_file(request)
        if wanted:
            return file_or_progress(source_of_period(period, revision_of(request)), wanted)
        return self.shown(period)


def revision_of(request: Request) -> int | None:
    text = request.query_params.get("revision", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else None


class _Act(Months):
    """Does one thing to a month."""

    def act(self, period: Period) -> Period:
        raise NotImplementedError

    def answered(self, month: str, code: int = status.HTTP_202_ACCEPTED) -> Response:
        return self.shown(self.act(self.period(month)), code)


class PeriodPrepareView(_Act):
    """Make preliminary statements."""

    def act(self, period: Period) -> Period:
        return asking.ask_to_prepare(period, by=member_of(self.request))

    @extend_schema(
        operation_id="periods_prepare",
        summary="Prepare a month",
        description="A job makes the preliminary statements anew, by the rules of now. `work` says how far it is.",
        tags=["Statements"],
        request=None,
        responses={202: PeriodSerializer, **problem_responses(*_WRITE)},
    )
    def post(self, request: Request, month: str) -> Response:
        return self.answered(month)


class PeriodCloseView(_Act):
    """Freeze a month."""

    def act(self, period: Period) -> Period:
        given = self.given(CloseMonthSerializer)
        return asking.ask_to_close(
            period,
            by=member_of(self.request),
            override_reason=given.get("override_reason", ""),
        )

    @extend_schema(
        operation_id="periods_close",
        summary="Close a month",
        description="An approver closes what somebody else prepared. A job computes everything again and refuses, with "
        "every reason in `work.message`, where the reconciliation is not zero, data are incomplete without a reason, or "
        "the numbers are no longer those that were prepared.",
        tags=["Statements"],
        request=CloseMonthSerializer,
        responses={202: PeriodSerializer, **problem_responses(*_WRITE)},
    )
    def post(self, request: Request, month: str) -> Response:
        return self.answered(month)


class PeriodCancelView(_Act):
    """Stop a job."""

    def act(self, period: Period) -> Period:
        return asking.ask_to_stop(period, by=member_of(self.request))

    @extend_schema(
        operation_id="periods_cancel",
        summary="Stop the job of a month",
        description="At its next step. Nothing is changed by a job that was stopped.",
        tags=["Statements"],
        request=None,
        responses={202: PeriodSerializer, **problem_responses(*_WRITE)},
    )
    def post(self, request: Request, month: str) -> Response:
        return self.answered(month)


class PeriodReopenView(_Act):
    """Open a closed month for another revision."""

    def act(self, period: Period) -> Period:
        reason = self.given(ReasonSerializer)["reason"]
        return reopen(period, by=member_of(self.request), reason=reason)

    @extend_schema(
        operation_id="periods_reopen",
        summary="Reopen a closed month",
        description="For another revision. Its closed statements stay as they are.",
        tags=["Statements"],
        request=ReasonSerializer,
        responses={200: PeriodSerializer, **problem_responses(*_WRITE)},
    )
    def post(self, request: Request, month: str) -> Response:
        return self.answered(month, status.HTTP_200_OK)


class PeriodLateDataView(Months):
    """What changed in a closed month since."""

    @extend_schema(
        operation_id="periods_late_data",
        summary="Show what late data change",
        tags=["Statements"],
        responses={200: LateDataSerializer, **problem_responses(*_READ)},
    )
    def get(self, request: Request, month: str) -> Response:
        return Response(LateDataSerializer(late_document(late_data(self.period(month)))).data)

    @extend_schema(
        operation_id="periods_carry_forward",
        summary="Carry late changes forward",
        description="The next close of a later month charges them as adjustment lines.",
        tags=["Statements"],
        request=ReasonSerializer,
        responses={201: CarriedSerializer, **problem_responses(*_WRITE)},
    )
    def post(self, request: Request, month: str) -> Response:
        period = self.period(month)
        reason = self.given(ReasonSerializer)["reason"]
        lines = carry_forward(period, by=member_of(request), reason=reason)
        return Response({"lines": lines}, status=status.HTTP_201_CREATED)


def late_document(found: LateData) -> dict[str, Any]:
    names = ("bucket", "code", "cluster", "namespace", "controller_kind", "controller")
    return {
        "days": found.days,
        "amount": found.amount,
        "changes": [
            {**dict(zip(names, change.key, strict=True)), "amount": change.amount}
            for change in found.changes
        ],
    }


class PeriodVerifyView(Months):
    """Proof that a closed month is what it was."""

    @extend_schema(
        operation_id="periods_verify",
        summary="Verify a closed month",
        description="Computes every hash again: lines, statements, sign-offs and the chain of closes.",
        tags=["Statements"],
        request=None,
        responses={200: VerifiedSerializer, **problem_responses(*_WRITE)},
    )
    def post(self, request: Request, month: str) -> Response:
        period = self.period(month)
        made = last_close(period)
        checked, problems = verify_month(period) if made else (0, [])
        found = {"holds": not problems, "checked": checked, "problems": problems}
        return Response(VerifiedSerializer(found).data)


class OldestCloses(ListCursor):
    ordering = ("number", "pk")


class PeriodCloseListView(Months, ListAPIView[PeriodClose]):
    """The closings of a month."""

    serializer_class: Any = PeriodCloseSerializer
    pagination_class = OldestCloses

    def get_queryset(self) -> QuerySet[PeriodClose]:
        if getattr(self, "swagger_fake_view", False):
            return PeriodClose.objects.none()
        return PeriodClose.objects.filter(period=self.period(self.kwargs["month"])).defer(
            "document"
        )

    @extend_schema(
        operation_id="periods_closes",
        summary="List the closings of a month",
        tags=["Statements"],
        responses={200: PeriodCloseSerializer(many=True), **problem_responses(*_READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
