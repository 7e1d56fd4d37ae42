"""Endpoints of budgets."""

from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.decorators import method_decorator
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.accounts.models import Role
from costinsights.accounts.permissions import RoleAtLeast, member_of
from costinsights.core.api.fields import InstantField, MoneyField
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from costinsights.core.snapshots import one_snapshot
from costinsights.costs.api.forecast import (
    ForecastDaysSerializer,
    ProjectionSerializer,
    SpanSerializer,
)
from costinsights.costs.api.history_schema import ExcludedSerializer
from costinsights.costs.budgets import services
from costinsights.costs.budgets.documents import percent_of, status_document
from costinsights.costs.budgets.evaluation import status_of
from costinsights.costs.budgets.models import (
    LONGEST_NAME,
    LONGEST_NOTE,
    Basis,
    Budget,
    BudgetEvent,
    BudgetPeriod,
    BudgetState,
)
from costinsights.costs.budgets.tasks import evaluate_now
from costinsights.costs.parameters import IdleMode
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


class StandingSerializer(serializers.Serializer[Any]):
    """How the budget stood when it was last evaluated."""

    state = serializers.ChoiceField(choices=BudgetState.choices)
    reason = serializers.CharField()
    period = serializers.CharField(source="period_name")
    spent = MoneyField(allow_null=True)
    forecast = MoneyField(allow_null=True)
    data_through = InstantField(read_only=True, allow_null=True)
    evaluated_at = InstantField(read_only=True)


class BudgetSerializer(serializers.ModelSerializer[Budget]):
    """What a part of the costs may come to in each month or quarter."""

    amount = MoneyField()
    filter = serializers.CharField(source="filter_text", read_only=True)
    cluster = serializers.ListField(
        source="clusters", child=serializers.CharField(), read_only=True
    )
    owner = serializers.SerializerMethodField(help_text="E-mail; null when there is none.")
    standing = serializers.SerializerMethodField()
    created_at = InstantField(read_only=True)
    updated_at = InstantField(read_only=True)

    class Meta:
        model = Budget
        fields = (
            "id",
            "name",
            "amount",
            "currency",
            "period",
            "filter",
            "cluster",
            "idle",
            "actual_thresholds",
            "forecast_thresholds",
            "owner",
            "note",
            "valid_from",
            "valid_until",
            "standing",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_owner(self, budget: Budget) -> str | None:
        return budget.owner.email if budget.owner else None

    @extend_schema_field(StandingSerializer(allow_null=True))
    def get_standing(self, budget: Budget) -> dict[str, Any] | None:
        standing = getattr(budget, "standing", None)
        return None if standing is None else dict(StandingSerializer(standing).data)


class BudgetInputSerializer(serializers.Serializer[Any]):
    """A budget to make."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    amount = serializers.CharField(max_length=30, help_text="Decimal text, more than 0.")
    currency = serializers.CharField(
        max_length=3, required=False, help_text="ISO 4217; the reporting currency by default."
    )
    period = serializers.ChoiceField(
        choices=BudgetPeriod.choices,
        required=False,
        help_text="Quarters are those of the fiscal year.",
    )
    filter = serializers.CharField(
        required=False, allow_blank=True, help_text="As for history; empty for everything."
    )
    cluster = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        help_text="Slugs; none for all clusters.",
    )
    idle = serializers.ChoiceField(choices=[mode.value for mode in IdleMode], required=False)
    actual_thresholds = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Percents of the amount that actual cost reaches.",
    )
    forecast_thresholds = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Percents of the amount that the forecast reaches.",
    )
    owner = serializers.EmailField(
        required=False, allow_null=True, help_text="Who is told; you by default, null for nobody."
    )
    note = serializers.CharField(max_length=LONGEST_NOTE, required=False, allow_blank=True)
    valid_from = serializers.DateField(required=False)
    valid_until = serializers.DateField(required=False, allow_null=True)


class ThresholdSerializer(serializers.Serializer[Any]):
    """One threshold in the period."""

    basis = serializers.ChoiceField(choices=Basis.choices)
    percent = serializers.IntegerField()
    is_reached = serializers.BooleanField()
    day = serializers.DateField(
        allow_null=True, help_text="When so much is spent, or expected to be."
    )


class BudgetPointSerializer(serializers.Serializer[Any]):
    """Running sums at the end of a day."""

    day = serializers.DateField()
    is_complete = serializers.BooleanField()
    spent = MoneyField(allow_null=True)
    expected = MoneyField(allow_null=True)
    low = MoneyField(allow_null=True)
    high = MoneyField(allow_null=True)
    line = MoneyField(help_text="The budget, spread evenly over the days.")


class BudgetStatusSerializer(serializers.Serializer[Any]):
    """How a budget stands in its running period, computed now."""

    budget = serializers.IntegerField()
    state = serializers.ChoiceField(
        choices=BudgetState.choices,
        help_text="`exceeded`: more is spent. `at_risk`: the forecast is more. `unknown`: `reason` says why.",
    )
    reason = serializers.CharField(allow_blank=True)
    period = SpanSerializer()
    currency = serializers.CharField()
    amount = MoneyField()
    spent = MoneyField(allow_null=True, help_text="Of days that are over; today is not counted.")
    percent = serializers.FloatField(allow_null=True)
    forecast = ProjectionSerializer(allow_null=True)
    forecast_percent = serializers.FloatField(allow_null=True)
    days = ForecastDaysSerializer()
    data_through = serializers.DateTimeField(allow_null=True)
    excluded = ExcludedSerializer(many=True)
    thresholds = ThresholdSerializer(many=True)
    series = BudgetPointSerializer(many=True)


class BudgetEventSerializer(serializers.ModelSerializer[BudgetEvent]):
    """A threshold that was reached: once in a period."""

    period = serializers.CharField(source="period_name", read_only=True)
    value = MoneyField(help_text="What reached it.")
    amount = MoneyField(help_text="The budget at that time.")
    share = serializers.SerializerMethodField(help_text="Value in percent of the budget.")
    period_start = InstantField(read_only=True)
    period_end = InstantField(read_only=True)
    data_through = InstantField(read_only=True)
    happened_at = InstantField(read_only=True)
    mailed_at = InstantField(read_only=True)

    class Meta:
        model = BudgetEvent
        fields = (
            "id",
            "period",
            "period_start",
            "period_end",
            "basis",
            "percent",
            "value",
            "amount",
            "share",
            "currency",
            "data_through",
            "happened_at",
            "mailed_at",
        )
        read_only_fields = fields

    def get_share(self, event: BudgetEvent) -> float | None:
        return percent_of(event.value, event.amount)


class Budgets(GenericAPIView[Model]):
    """What the endpoints of budgets share: members read, analysts and more change."""

    feature = Feature.BUDGETS
    serializer_class: Any = BudgetSerializer
    queryset = Budget.objects.none()

    def get_permissions(self) -> list[Any]:
        reads = self.request.method in SAFE_METHODS
        return [RoleAtLeast.of(Role.VIEWER if reads else Role.ANALYST)(), HasFeature()]

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
