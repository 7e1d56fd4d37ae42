"""Endpoints of the sign-off: accept, dispute, resolve, approve, and every step so far."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.accounts.permissions import member_of
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from costinsights.core.errors import NotFound
from reporting.api.statement_schema import (
    AnswerSerializer,
    DisputeInputSerializer,
    DisputeSerializer,
    ReviewEventSerializer,
    ReviewSerializer,
    WordsSerializer,
)
from reporting.api.statements import Statements
from reporting.models import Dispute, Review, ReviewEvent, Statement
from reporting.statements import reviewing
from reporting.tasks import tell_of_dispute

_READ = (400, 401, 403, 404, 406, 429)
_WRITE = (400, 401, 403, 404, 406, 409, 415, 429)


class _Step(Statements):
    """One step of the sign-off."""

    serializer_class: Any = ReviewSerializer

    def given(self, kind: Any) -> dict[str, Any]:
        body = kind(data=self.request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def shown(self, review: Review) -> Response:
        return Response(ReviewSerializer(review).data)


class StatementAcceptView(_Step):
    """Agree."""

    @extend_schema(
        operation_id="statements_accept",
        summary="Accept a statement",
        tags=["Sign-off"],
        request=WordsSerializer,
        responses={200: ReviewSerializer, **problem_responses(*_WRITE)},
    )
    def post(self, request: Request, statement_id: int) -> Response:
        text = self.given(WordsSerializer).get("text", "")
        statement = self.statement(statement_id)
        return self.shown(reviewing.accept(statement, by=member_of(request), text=text))


class StatementApproveView(_Step):
    """Make it final."""

    @extend_schema(
        operation_id="statements_approve",
        summary="Approve a statement",
        description="An approver who neither prepared nor accepted it makes it final.",
        tags=["Sign-off"],
        request=WordsSerializer,
        responses={200: ReviewSerializer, **problem_responses(*_WRITE)},
    )
    def post(self, request: Request, statement_id: int) -> Response:
        text = self.given(WordsSerializer).get("text", "")
        statement = self.statement(statement_id)
        return self.shown(reviewing.approve(statement, by=member_of(request), text=text))


class DisputesInOrder(ListCursor):
    ordering = ("id",)


class StatementDisputeListView(_Step, ListAPIView[Dispute]):
    """What is held against a statement."""

    serializer_class: Any = DisputeSerializer
    pagination_class = DisputesInOrder

    def get_queryset(self) -> QuerySet[Dispute]:
        if getattr(self, "swagger_fake_view", False):
            return Dispute.objects.none()
        statement = self.statement(self.kwargs["statement_id"])
        return Dispute.objects.filter(statement=statement).select_related(
            "raised_by", "resolved_by"
        )

    @extend_schema(
        operation_id="statements_disputes",
        summary="List a statement's disputes",
        tags=["Sign-off"],
        responses={200: DisputeSerializer(many=True), **problem_responses(*_READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="statements_dispute",
        summary="Dispute a statement or a line",
        tags=["Sign-off"],
        request=DisputeInputSerializer,
        responses={201: DisputeSerializer, **problem_responses(*_WRITE)},
    )
    def post(self, request: Request, statement_id: int) -> Response:
        statement = self.statement(statement_id)
        given = self.given(DisputeInputSerializer)
        made = reviewing.dispute(
            statement, by=member_of(request), text=given["text"], position=given.get("position")
        )
        tell_of_dispute.enqueue_on_commit(dispute_id=made.pk)
        return Response(DisputeSerializer(made).data, status=status.HTTP_201_CREATED)


class DisputeResolveView(_Step):
    """Answer a dispute."""

    @extend_schema(
        operation_id="statements_resolve",
        summary="Resolve a dispute",
        tags=["Sign-off"],
        request=AnswerSerializer,
        responses={200: DisputeSerializer, **problem_responses(*_WRITE)},
    )
    def post(self, request: Request, statement_id: int, dispute_id: int) -> Response:
        made = dispute_of(self.statement(statement_id), dispute_id)
        reviewing.resolve(made, by=member_of(request), text=self.given(AnswerSerializer)["text"])
        tell_of_dispute.enqueue_on_commit(dispute_id=made.pk)
        return Response(DisputeSerializer(Dispute.objects.get(pk=made.pk)).data)


def dispute_of(statement: Statement, dispute_id: int) -> Dispute:
    """Raises NotFound."""
    made = Dispute.objects.filter(statement=statement, pk=dispute_id).first()
    if made is None:
        raise NotFound(f"{statement.number} has no such dispute.")
    made.statement = statement
    return made


class EventsInOrder(ListCursor):
    ordering = ("sequence", "pk")


class StatementEventListView(Statements, ListAPIView[ReviewEvent]):
    """The steps of the sign-off."""

    serializer_class: Any = ReviewEventSerializer
    pagination_class = EventsInOrder

    def get_queryset(self) -> QuerySet[ReviewEvent]:
        if getattr(self, "swagger_fake_view", False):
            return ReviewEvent.objects.none()
        return ReviewEvent.objects.filter(statement=self.statement(self.kwargs["statement_id"]))

    @extend_schema(
        operation_id="statements_events",
        summary="List the steps of a sign-off",
        tags=["Sign-off"],
        responses={200: ReviewEventSerializer(many=True), **problem_responses(*_READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
