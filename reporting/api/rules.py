"""Endpoints of mapping rules and share rules: the same doors, each to its own rules."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from reporting.api.center_base import DELETE, READ, WRITE, Configuration
from reporting.api.center_schema import (
    MappingRuleInputSerializer,
    MappingRuleSerializer,
    RuleOrderSerializer,
    ShareRuleInputSerializer,
    ShareRuleSerializer,
)
from reporting.centers import rules, shares
from reporting.centers.checks import one_writer
from reporting.centers.ordering import reorder
from reporting.models import MappingRule, ShareRule

MAPPING_EXAMPLE = {
    "name": "Checkout",
    "filter": 'namespace:"checkout"',
    "targets": [{"cost_center": "CC100", "percent": "100"}],
}
SHARE_EXAMPLE = {
    "name": "Idle",
    "source": "idle",
    "method": "proportional",
    "driver": "cost",
    "by_cluster": True,
}
TAGS = ["Cost centres and rules"]


class InOrder(ListCursor):
    ordering = ("position", "pk")


def mapping_values(given: dict[str, Any]) -> dict[str, Any]:
    """A body's targets as the service takes them."""
    if "targets" in given:
        pairs = [(one["cost_center"], one["percent"]) for one in given["targets"]]
        given = {**given, "targets": pairs}
    return given


def share_values(given: dict[str, Any]) -> dict[str, Any]:
    """A body's targets as the service takes them."""
    if "targets" in given:
        pairs = [(one["cost_center"], one["weight"]) for one in given["targets"]]
        given = {**given, "targets": pairs}
    return given


class MappingRuleListView(Configuration, ListAPIView[MappingRule]):
    """The mapping rules in the order in which they are asked."""

    serializer_class: Any = MappingRuleSerializer
    pagination_class = InOrder
    queryset = MappingRule.objects.none()

    def get_queryset(self) -> QuerySet[MappingRule]:
        return MappingRule.objects.prefetch_related("targets__center")

    @extend_schema(
        operation_id="mapping_rules_list",
        summary="List mapping rules",
        tags=TAGS,
        responses={200: MappingRuleSerializer(many=True), **problem_responses(*READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="mapping_rules_create",
        summary="Make a mapping rule",
        tags=TAGS,
        request=MappingRuleInputSerializer,
        responses={201: MappingRuleSerializer, **problem_responses(*WRITE)},
        examples=[OpenApiExample("checkout", request_only=True, value=MAPPING_EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        given = mapping_values(self.given(MappingRuleInputSerializer))
        position = given.pop("position", None)
        made = rules.create_mapping(rules.checked_mapping(**given), position=position)
        return Response(MappingRuleSerializer(made).data, status=status.HTTP_201_CREATED)


class MappingRuleView(Configuration):
    """One mapping rule."""

    queryset = MappingRule.objects.none()
    serializer_class = MappingRuleSerializer

    @extend_schema(
        operation_id="mapping_rules_get",
        summary="Show a mapping rule",
        tags=TAGS,
        responses={200: MappingRuleSerializer, **problem_responses(*READ)},
    )
    def get(self, request: Request, mapping_rule_id: int) -> Response:
        return Response(MappingRuleSerializer(rules.access_mapping(mapping_rule_id)).data)

    @extend_schema(
        operation_id="mapping_rules_update",
        summary="Change, move or switch off a mapping rule",
        description="What is left out stays. Closed months stay as they are.",
        tags=TAGS,
        request=MappingRuleInputSerializer(partial=True),
        responses={200: MappingRuleSerializer, **problem_responses(*WRITE)},
        examples=[OpenApiExample("off", request_only=True, value={"is_active": False})],
    )
    def patch(self, request: Request, mapping_rule_id: int) -> Response:
        given = mapping_values(self.given(MappingRuleInputSerializer, partial=True))
        position = given.pop("position", None)
        with one_writer():
            values = rules.values_of(rules.access_mapping(mapping_rule_id))
            draft = rules.checked_mapping(**{**values, **given})
            row = rules.change_mapping(mapping_rule_id, draft, position=position)
        return Response(MappingRuleSerializer(row).data)

    @extend_schema(
        operation_id="mapping_rules_delete",
        summary="Delete a mapping rule",
        tags=TAGS,
        responses={204: OpenApiResponse(description="Deleted."), **problem_responses(*DELETE)},
    )
    def delete(self, request: Request, mapping_rule_id: int) -> Response:
        rules.delete_mapping(mapping_rule_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MappingRuleOrderView(Configuration):
    """The order of the mapping rules."""

    queryset = MappingRule.objects.none()
    serializer_class = RuleOrderSerializer

    @extend_schema(
        operation_id="mapping_rules_order",
        summary="Order mapping rules",
        description="Names every rule once. 409 when rules came or went since they were read.",
        tags=TAGS,
        request=RuleOrderSerializer,
        responses={200: RuleOrderSerializer, **problem_responses(*WRITE)},
    )
    def post(self, request: Request) -> Response:
        rows = reorder(MappingRule, self.given(RuleOrderSerializer)["ids"])
        return Response({"ids": [row.pk for row in rows]})


class ShareRuleListView(Configuration, ListAPIView[ShareRule]):
    """The share rules in the order in which they are asked."""

    serializer_class: Any = ShareRuleSerializer
    pagination_class = InOrder
    queryset = ShareRule.objects.none()

    def get_queryset(self) -> QuerySet[ShareRule]:
        return ShareRule.objects.prefetch_related("targets__center")

    @extend_schema(
        operation_id="share_rules_list",
        summary="List share rules",
        tags=TAGS,
        responses={200: ShareRuleSerializer(many=True), **problem_responses(*READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="share_rules_create",
        summary="Make a share rule",
        tags=TAGS,
        request=ShareRuleInputSerializer,
        responses={201: ShareRuleSerializer, **problem_responses(*WRITE)},
        examples=[OpenApiExample("idle", request_only=True, value=SHARE_EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        given = share_values(self.given(ShareRuleInputSerializer))
        position = given.pop("position", None)
        made = shares.create_share(shares.checked_share(**given), position=position)
        return Response(ShareRuleSerializer(made).data, status=status.HTTP_201_CREATED)


class ShareRuleView(Configuration):
    """One share rule."""

    queryset = ShareRule.objects.none()
    serializer_class = ShareRuleSerializer

    @extend_schema(
        operation_id="share_rules_get",
        summary="Show a share rule",
        tags=TAGS,
        responses={200: ShareRuleSerializer, **problem_responses(*READ)},
    )
    def get(self, request: Request, share_rule_id: int) -> Response:
        return Response(ShareRuleSerializer(shares.access_share(share_rule_id)).data)

    @extend_schema(
        operation_id="share_rules_update",
        summary="Change, move or switch off a share rule",
        description="What is left out stays. Closed months stay as they are.",
        tags=TAGS,
        request=ShareRuleInputSerializer(partial=True),
        responses={200: ShareRuleSerializer, **problem_responses(*WRITE)},
        examples=[OpenApiExample("evenly", request_only=True, value={"method": "even"})],
    )
    def patch(self, request: Request, share_rule_id: int) -> Response:
        given = share_values(self.given(ShareRuleInputSerializer, partial=True))
        position = given.pop("position", None)
        with one_writer():
            values = shares.values_of(shares.access_share(share_rule_id))
            draft = shares.checked_share(**{**values, **given})
            row = shares.change_share(share_rule_id, draft, position=position)
        return Response(ShareRuleSerializer(row).data)

    @extend_schema(
        operation_id="share_rules_delete",
        summary="Delete a share rule",
        tags=TAGS,
        responses={204: OpenApiResponse(description="Deleted."), **problem_responses(*DELETE)},
    )
    def delete(self, request: Request, share_rule_id: int) -> Response:
        shares.delete_share(share_rule_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ShareRuleOrderView(Configuration):
    """The order of the share rules."""

    queryset = ShareRule.objects.none()
    serializer_class = RuleOrderSerializer

    @extend_schema(
        operation_id="share_rules_order",
        summary="Order share rules",
        description="Names every rule once. 409 when rules came or went since they were read.",
        tags=TAGS,
        request=RuleOrderSerializer,
        responses={200: RuleOrderSerializer, **problem_responses(*WRITE)},
    )
    def post(self, request: Request) -> Response:
        rows = reorder(ShareRule, self.given(RuleOrderSerializer)["ids"])
        return Response({"ids": [row.pk for row in rows]})
