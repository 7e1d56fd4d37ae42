"""Endpoints of cost centres."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from reporting.api.center_base import DELETE, READ, WRITE, Configuration
from reporting.api.center_schema import CostCenterInputSerializer, CostCenterSerializer
from reporting.centers import services
from reporting.centers.checks import one_writer
from reporting.models import CostCenter

_EXAMPLE = {
    "code": "CC100",
    "name": "Checkout",
    "level": "cost_center",
    "owner_name": "Checkout team",
    "owner_email": "checkout@example.com",
    "gl_account": "6200",
}


class ByCode(ListCursor):
    ordering = ("code", "pk")


class CostCenterListView(Configuration, ListAPIView[CostCenter]):
    """The workspace's cost centres with the units above them."""

    serializer_class: Any = CostCenterSerializer
    pagination_class = ByCode
    queryset = CostCenter.objects.none()

    def get_queryset(self) -> QuerySet[CostCenter]:
        rows = CostCenter.objects.select_related("parent").prefetch_related("readers")
        code = self.request.query_params.get("code", "")
        return rows.filter(code=code) if code else rows

    @extend_schema(
        operation_id="cost_centers_list",
        summary="List cost centres",
        tags=["Cost centres and rules"],
        parameters=[OpenApiParameter("code", str, description="Only the one with this code.")],
        responses={200: CostCenterSerializer(many=True), **problem_responses(*READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="cost_centers_create",
        summary="Make a cost centre",
        tags=["Cost centres and rules"],
        request=CostCenterInputSerializer,
        responses={201: CostCenterSerializer, **problem_responses(*WRITE)},
        examples=[OpenApiExample("checkout", request_only=True, value=_EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        draft = services.checked_center(**self.given(CostCenterInputSerializer))
        made = services.create_center(draft)
        return Response(CostCenterSerializer(made).data, status=status.HTTP_201_CREATED)


class CostCenterView(Configuration):
    """One cost centre."""

    queryset = CostCenter.objects.none()
    serializer_class = CostCenterSerializer

    @extend_schema(
        operation_id="cost_centers_get",
        summary="Show a cost centre",
        tags=["Cost centres and rules"],
        responses={200: CostCenterSerializer, **problem_responses(*READ)},
    )
    def get(self, request: Request, center_id: int) -> Response:
        return Response(CostCenterSerializer(services.access_center(center_id)).data)

    @extend_schema(
        operation_id="cost_centers_update",
        summary="Change, move or retire a cost centre",
        description="What is left out stays. `parent` moves it; `valid_to` retires it. Its code stays once a "
        "closed statement carries it.",
        tags=["Cost centres and rules"],
        request=CostCenterInputSerializer(partial=True),
        responses={200: CostCenterSerializer, **problem_responses(*WRITE)},
        examples=[OpenApiExample("retire", request_only=True, value={"valid_to": "2027-01-01"})],
    )
    def patch(self, request: Request, center_id: int) -> Response:
        given = self.given(CostCenterInputSerializer, partial=True)
        with one_writer():
            values = services.values_of(services.access_center(center_id))
            draft = services.checked_center(**{**values, **given})
            services.change_center(center_id, draft)
        return Response(CostCenterSerializer(services.access_center(center_id)).data)

    @extend_schema(
        operation_id="cost_centers_delete",
        summary="Delete a cost centre",
        description="Only while nothing refers to it: no unit below it, rule, rate or statement. Else 409 with "
        "`used_by`; end its validity instead.",
        tags=["Cost centres and rules"],
        responses={
            204: OpenApiResponse(description="Deleted."),
            **problem_responses(*DELETE),
        },
    )
    def delete(self, request: Request, center_id: int) -> Response:
        services.delete_center(center_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
