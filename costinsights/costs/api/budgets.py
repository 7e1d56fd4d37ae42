"""Endpoints of budgets."""

from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.decorators import method_decorator
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.accounts.models import Role
from costinsights.accounts.permissions import RoleAtLeast, member_of
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from costinsights.core.snapshots import one_snapshot
from costinsights.costs.api.budgets_schema import (
    BudgetEventSerializer,
    BudgetInputSerializer,
    BudgetSerializer,
    BudgetStatusSerializer,
)
from costinsights.costs.budgets import services
from costinsights.costs.budgets.documents import status_document
from costinsights.costs.budgets.evaluation import status_of
from costinsights.costs.budgets.models import Budget, BudgetEvent
from costinsights.costs.budgets.tasks import evaluate_now
from tenants.features import Feature
from tenants.gates import HasFeature

_EXAMPLE = {
    "name": "Checkout",
    "amount": "2500",
    "currency": "USD",
    "period": "month",
    "filter": 'namespace:"checkout"',
    "forecast_thresholds": [100],
}


class Budgets(GenericAPIView[Model]):
    """What the endpoints of budgets share: members read, analysts and more change."""

    feature = Feature.BUDGETS
    permission_classes = (HasFeature,)
    serializer_class: Any = BudgetSerializer
    queryset = Budget.objects.none()

    def get_permissions(self) -> list[Any]:
        reads = self.request.method in SAFE_METHODS
        role = RoleAtLeast.of(Role.VIEWER if reads else Role.ANALYST)
        return [role(), *super().get_permissions()]

    def shown(self, pk: int, code: int = status.HTTP_200_OK) -> Response:
        budget = services.access_budget(pk, member_of(self.request))
        return Response(BudgetSerializer(budget).data, status=code)


class BudgetListView(Budgets, ListAPIView[Budget]):
    """The workspace's budgets."""

    pagination_class = ListCursor

    def get_queryset(self) -> Any:
        member = member_of(self.request)
        return Budget.objects.visible_to(member).select_related("owner", "standing")

    @extend_schema(
        operation_id="budgets_list",
        summary="List budgets",
        description="With how each stood when it was last evaluated. A member who sees only a part of the costs sees no "
        "budgets: their amounts are of more than that part.",
        tags=["Budgets"],
        responses={200: BudgetSerializer(many=True), **problem_responses(401, 403, 404, 406, 429)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="budgets_make",
        summary="Make a budget",
        tags=["Budgets"],
        request=BudgetInputSerializer,
        responses={
            201: BudgetSerializer,
            **problem_responses(400, 401, 403, 406, 409, 415, 429),
        },
        examples=[OpenApiExample("checkout", request_only=True, value=_EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        given = BudgetInputSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        member, now = member_of(request), timezone.now()
        draft = services.checked_draft(**given.validated_data, by=member, now=now)
        budget = services.make_budget(draft=draft, at=now)
        evaluate_now(budget, now=now)
        return self.shown(budget.pk, status.HTTP_201_CREATED)


class BudgetView(Budgets):
    """One budget."""

    @extend_schema(
        operation_id="budgets_get",
        summary="Show a budget",
        tags=["Budgets"],
        responses={200: BudgetSerializer, **problem_responses(401, 403, 404, 406, 429)},
    )
    def get(self, request: Request, budget_id: int) -> Response:
        return self.shown(budget_id)

    @extend_schema(
        operation_id="budgets_update",
        summary="Change a budget",
        description="What is left out stays. Thresholds that were reached in this period are not told again.",
        tags=["Budgets"],
        request=BudgetInputSerializer(partial=True),
        responses={
            200: BudgetSerializer,
            **problem_responses(400, 401, 403, 404, 406, 409, 415, 429),
        },
        examples=[OpenApiExample("raise", request_only=True, value={"amount": "3000"})],
    )
    def patch(self, request: Request, budget_id: int) -> Response:
        member, now = member_of(request), timezone.now()
        budget = services.access_budget(budget_id, member)
        given = BudgetInputSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        merged = services.given_of(budget) | given.validated_data
        draft = services.checked_draft(**merged, by=member, now=now, like=budget)
        changed = services.change_budget(
            pk=budget.pk, draft=draft, at=now, seen_at=budget.updated_at
        )
        evaluate_now(changed, now=now)
        return self.shown(budget.pk)

    @extend_schema(
        operation_id="budgets_delete",
        summary="Delete a budget",
        description="With its events.",
        tags=["Budgets"],
        responses={
            204: OpenApiResponse(description="Deleted."),
            **problem_responses(401, 403, 404, 406, 429),
        },
    )
    def delete(self, request: Request, budget_id: int) -> Response:
        services.delete_budget(pk=services.access_budget(budget_id, member_of(request)).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class BudgetStatusView(Budgets):
    """How one budget stands."""

    @extend_schema(
        operation_id="budgets_status",
        summary="Show how a budget stands",
        description="Computed now from the days that are stored, with the running sums of each day.",
        tags=["Budgets"],
        responses={200: BudgetStatusSerializer, **problem_responses(401, 403, 404, 406, 429)},
    )
    def get(self, request: Request, budget_id: int) -> Response:
        budget = services.access_budget(budget_id, member_of(request))
        with one_snapshot():
            return Response(status_document(status_of(budget, now=timezone.now())))


class BudgetEventListView(Budgets, ListAPIView[BudgetEvent]):
    """The thresholds that a budget reached."""

    serializer_class: Any = BudgetEventSerializer
    pagination_class = ListCursor

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return BudgetEvent.objects.none()
        budget = services.access_budget(self.kwargs["budget_id"], member_of(self.request))
        return budget.events.all()

    @extend_schema(
        operation_id="budgets_events",
        summary="List a budget's events",
        tags=["Budgets"],
        responses={
            200: BudgetEventSerializer(many=True),
            **problem_responses(401, 403, 404, 406, 429),
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
