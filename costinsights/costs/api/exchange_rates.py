"""Endpoints of exchange rates."""

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts.models import Role
from costinsights.accounts.permissions import RoleAtLeast, member_of
from costinsights.core.api.csv_files import CSVParser, ImportCountsSerializer
from costinsights.core.api.fields import InstantField
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from costinsights.core.errors import InvalidInput
from costinsights.costs import rate_services
from costinsights.costs.models import LONGEST_RATE_SOURCE, ExchangeRate
from costinsights.costs.rate_files import COLUMNS, read_rates

_EXAMPLE = {"currency": "EUR", "valid_from": "2026-11-01", "rate": "1.0855", "source": "ECB"}


class RatesByRole(APIView):
    """Analysts read; admins and owners enter, change and remove."""

    def get_permissions(self) -> list[Any]:
        reads = self.request.method in SAFE_METHODS
        return [RoleAtLeast.of(Role.ANALYST if reads else Role.ADMIN)()]


class RateSerializer(serializers.ModelSerializer[ExchangeRate]):
    """What one unit of `currency` is worth in `to_currency` from a day on, until the next rate."""

    id = serializers.IntegerField(read_only=True)
    rate = serializers.SerializerMethodField(help_text="Decimal text.")
    entered_by = serializers.SerializerMethodField(
        help_text="E-mail of whoever gave it last; null when that member is gone."
    )
    updated_at = InstantField(read_only=True)

    class Meta:
        model = ExchangeRate
        fields = (
            "id",
            "currency",
            "to_currency",
            "valid_from",
            "rate",
            "source",
            "entered_by",
            "updated_at",
        )
        read_only_fields = fields

    def get_rate(self, row: ExchangeRate) -> str:
        return f"{row.rate.normalize():f}"

    def get_entered_by(self, row: ExchangeRate) -> str | None:
        return row.entered_by.email if row.entered_by else None


class RateInputSerializer(serializers.Serializer[Any]):
    """A rate to enter."""

    currency = serializers.CharField(max_length=3, min_length=3, help_text="ISO 4217.")
    to_currency = serializers.CharField(
        max_length=3,
        min_length=3,
        required=False,
        help_text="ISO 4217; the workspace's reporting currency by default.",
    )
    valid_from = serializers.CharField(max_length=10, help_text="A UTC day, such as 2026-01-31.")
    rate = serializers.CharField(
        max_length=40, help_text="Above 0, at most 10 decimals; decimal text."
    )
    source = serializers.CharField(  # type: ignore[assignment]  # a member's name
        max_length=LONGEST_RATE_SOURCE, required=False, allow_blank=True
    )


class RateListView(RatesByRole, ListAPIView[ExchangeRate]):
    """The workspace's exchange rates."""

    serializer_class = RateSerializer
    pagination_class = ListCursor
    queryset = ExchangeRate.objects.select_related("entered_by").order_by("pk")

    def get_queryset(self) -> Any:
        rates = super().get_queryset()
        currency = self.request.query_params.get("currency", "").upper()
        return rates.filter(currency=currency) if currency else rates

    @extend_schema(
        operation_id="exchange_rates_list",
        summary="List exchange rates",
        tags=["Exchange rates"],
        parameters=[OpenApiParameter("currency", str, description="Only rates of this currency.")],
        responses={200: RateSerializer(many=True), **problem_responses(401, 403, 404, 406, 429)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="exchange_rates_enter",
        summary="Enter an exchange rate",
        description="Costs of a day are converted with the latest rate at or before it. A day before the first "
        "rate has none, and clusters in that currency are left out of it by name.",
        tags=["Exchange rates"],
        request=RateInputSerializer,
        responses={201: RateSerializer, **problem_responses(400, 401, 403, 406, 409, 415, 429)},
        examples=[OpenApiExample("euro", request_only=True, value=_EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        given = RateInputSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        row = rate_services.enter_rate(
            draft=rate_services.checked_draft(**given.validated_data),
            by=member_of(request),
            at=timezone.now(),
        )
        return Response(RateSerializer(row).data, status=status.HTTP_201_CREATED)


class RateView(RatesByRole, GenericAPIView[ExchangeRate]):
    """One exchange rate."""

    queryset = ExchangeRate.objects.all()
    serializer_class = RateSerializer
    lookup_url_kwarg = "rate_id"

    @extend_schema(
        operation_id="exchange_rates_get",
        summary="Show an exchange rate",
        tags=["Exchange rates"],
        responses={200: RateSerializer, **problem_responses(401, 403, 404, 406, 429)},
    )
    def get(self, request: Request, rate_id: int) -> Response:
        return Response(RateSerializer(rate_services.access_rate(rate_id)).data)

    @extend_schema(
        operation_id="exchange_rates_update",
        summary="Change an exchange rate",
        description="What is left out stays.",
        tags=["Exchange rates"],
        request=RateInputSerializer(partial=True),
        responses={
            200: RateSerializer,
            **problem_responses(400, 401, 403, 404, 406, 409, 415, 429),
        },
        examples=[OpenApiExample("correction", request_only=True, value={"rate": "1.0856"})],
    )
    def patch(self, request: Request, rate_id: int) -> Response:
        row = rate_services.access_rate(rate_id)
        given = RateInputSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        names = ("currency", "to_currency", "valid_from", "rate", "source")
        merged = {name: getattr(row, name) for name in names} | given.validated_data
        changed = rate_services.change_rate(
            pk=rate_id,
            draft=rate_services.checked_draft(**merged),
            by=member_of(request),
            at=timezone.now(),
            seen_at=row.updated_at,
        )
        return Response(RateSerializer(changed).data)

    @extend_schema(
        operation_id="exchange_rates_remove",
        summary="Remove an exchange rate",
        description="From its day on the rate before it counts again.",
        tags=["Exchange rates"],
        responses={
            204: OpenApiResponse(description="Removed."),
            **problem_responses(401, 403, 404, 406, 429),
        },
    )
    def delete(self, request: Request, rate_id: int) -> Response:
        rate_services.remove_rate(pk=rate_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RateImportView(GenericAPIView[ExchangeRate]):
    """Many exchange rates at once."""

    queryset = ExchangeRate.objects.none()
    serializer_class = ImportCountsSerializer
    permission_classes = (RoleAtLeast.of(Role.ADMIN),)
    parser_classes = (CSVParser,)

    @extend_schema(
        operation_id="exchange_rates_import",
        summary="Import exchange rates",
        description=f"CSV in UTF-8 with a header; the columns are {', '.join(COLUMNS)}, of which to_currency and "
        "source may be left out. A day that has a rate gets the new one. All lines or none: 422 names every line "
        "that cannot be used.",
        tags=["Exchange rates"],
        request={"text/csv": OpenApiTypes.STR},
        responses={
            200: ImportCountsSerializer,
            **problem_responses(400, 401, 403, 406, 409, 415, 422, 429),
        },
    )
    def post(self, request: Request) -> Response:
        if not isinstance(request.data, bytes):
            raise InvalidInput("Send the CSV as the body.", field="body")
        counts = rate_services.import_rates(
            drafts=read_rates(request.data), by=member_of(request), at=timezone.now()
        )
        return Response(ImportCountsSerializer(counts).data)
