"""Endpoints. None runs in a transaction: most of them may wait for an OpenCost."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.decorators import method_decorator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.accounts.permissions import CanManageClusters, IsMember, member_of
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from costinsights.core.api.throttling import ProbeThrottle
from costinsights.core.audit import record_event
from costinsights.core.errors import InvalidInput
from costinsights.core.tenancy import current_tenant
from costinsights.costs import services, tasks
from costinsights.costs.api import current_schema
from costinsights.costs.api.renderers import CurrentCostsCSVRenderer
from costinsights.costs.api.serializers import (
    ClusterChangeSerializer,
    ClusterInputSerializer,
    ClusterSerializer,
    ConnectionSerializer,
    ProbeResultSerializer,
)
from costinsights.costs.current.query import PARAMETERS, CurrentCostQuery
from costinsights.costs.documents import csv_file_name, current_costs_document
from costinsights.costs.models import Cluster
from costinsights.costs.samples import refuse_sample
from costinsights.costs.selectors import access_cluster, current_costs, read_scope_of
from tenants.features import Feature
from tenants.gates import HasFeature

non_atomic = method_decorator(transaction.non_atomic_requests, name="dispatch")
_READ_PROBLEMS = (401, 403, 404, 406, 429)
_WRITE_PROBLEMS = (400, 401, 403, 406, 409, 415, 422, 429)


@non_atomic
class CurrentCostsView(GenericAPIView[Cluster]):
    """What Kubernetes costs now."""

    feature = Feature.CURRENT_COSTS
    permission_classes = (IsMember, HasFeature)
    serializer_class = current_schema.CurrentCostsSerializer
    renderer_classes = (JSONRenderer, CurrentCostsCSVRenderer)
    pagination_class = None
    filter_backends = ()

    @extend_schema(
        operation_id="costs_current",
        summary="Current costs",
        description="Costs of a window by up to three dimensions, over all clusters of one currency. The "
        "lines add up to the total exactly. Answers are kept and refreshed in the background; `sources` says "
        "how old each cluster's part is, and a cluster that fails never takes the others along.",
        tags=["Costs"],
        parameters=current_schema.PARAMETERS,
        examples=[current_schema.EXAMPLE],
        responses={
            (200, "application/json"): current_schema.CurrentCostsSerializer,
            (200, "text/csv"): OpenApiResponse(
                OpenApiTypes.STR, description="The lines as CSV, without a total line."
            ),
            **problem_responses(400, 401, 403, 406, 429),
        },
    )
    def get(self, request: Request) -> Response:
        query = _query(request)
        costs = current_costs(query, now=timezone.now())
        tasks.enqueue_refreshes(costs.refreshes)
        headers = {"Cache-Control": "private, no-store"}
        if isinstance(request.accepted_renderer, CurrentCostsCSVRenderer):
            name = csv_file_name(costs, current_tenant().slug)
            record_event("download.costs_csv", target=name, details=request.query_params.dict())
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
            return Response(costs, headers=headers)
        return Response(current_costs_document(costs), headers=headers)


def _query(request: Request) -> CurrentCostQuery:
    """The question in the parameters. A misspelt parameter is an error, never silently nothing."""
    for name in request.query_params:
        if name not in (*PARAMETERS, "format"):
            raise InvalidInput(
                f"There is no parameter “{name}”. There are {', '.join(PARAMETERS)}.",
                field=name,
                value=request.query_params[name],
            )
    scope = read_scope_of(member_of(request))
    return CurrentCostQuery.parse(request.query_params, now=timezone.now(), scope=scope)


@non_atomic
class ClusterListView(ListAPIView[Cluster]):
    """The tenant's clusters."""

    queryset = Cluster.objects.order_by("pk")
    serializer_class = ClusterSerializer
    pagination_class = ListCursor
    permission_classes = (CanManageClusters,)

    def get_throttles(self) -> list[Any]:
        probing = self.request.method == "POST"
        return [*super().get_throttles(), ProbeThrottle()] if probing else super().get_throttles()

    @extend_schema(
        operation_id="clusters_list",
        summary="List clusters",
        tags=["Clusters"],
        responses={200: ClusterSerializer(many=True), **problem_responses(401, 403, 404, 406, 429)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="clusters_connect",
        summary="Connect a cluster",
        description="Tests the connection and saves the cluster when it passes. The role Admin or more is "
        "needed. A failed test is 422 with the steps; nothing is saved then.",
        tags=["Clusters"],
        request=ClusterInputSerializer,
        responses={201: ClusterSerializer, **problem_responses(*_WRITE_PROBLEMS)},
        examples=[
            OpenApiExample(
                "bearer",
                summary="Behind a gateway that wants a token",
                request_only=True,
                value={
                    "name": "Production EU",
                    "currency": "EUR",
                    "opencost_url": "https://opencost.example.com/model",
                    "auth_kind": "bearer",
                    "secret": "the-token",
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        given = ClusterInputSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        services.require_room_for_cluster()
        now = timezone.now()
        draft = given.draft().checked()
        cluster = services.connect_cluster(
            name=given.validated_data["name"],
            slug=given.validated_data.get("slug", ""),
            currency=given.validated_data["currency"],
            draft=draft,
            result=services.probe_draft(draft, now=now),
            now=now,
        )
        return Response(self.get_serializer(cluster).data, status=status.HTTP_201_CREATED)


@non_atomic
class ClusterView(GenericAPIView[Cluster]):
    """One cluster."""

    queryset = Cluster.objects.all()
    serializer_class = ClusterSerializer
    permission_classes = (CanManageClusters,)
    lookup_field = "slug"

    def get_throttles(self) -> list[Any]:
        probing = self.request.method == "PATCH"
        return [*super().get_throttles(), ProbeThrottle()] if probing else super().get_throttles()

    @extend_schema(
        operation_id="clusters_get",
        summary="Show a cluster",
        tags=["Clusters"],
        responses={200: ClusterSerializer, **problem_responses(*_READ_PROBLEMS)},
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(self.get_serializer(access_cluster(slug)).data)

    @extend_schema(
        operation_id="clusters_update",
        summary="Change a cluster",
        description="What is left out stays. A changed connection is tested first and saved only when it "
        "passes. A changed address needs the secret again.",
        tags=["Clusters"],
        request=ClusterChangeSerializer(partial=True),
        responses={200: ClusterSerializer, **problem_responses(*sorted({404, *_WRITE_PROBLEMS}))},
        examples=[OpenApiExample("rename", request_only=True, value={"name": "Production EU 1"})],
    )
    def patch(self, request: Request, slug: str) -> Response:
        cluster = access_cluster(slug)
        refuse_sample(cluster)
        given = ClusterChangeSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        now = timezone.now()
        draft = given.draft(stored=cluster).checked(stored=cluster)
        result = None
        if services.connection_changes(cluster, draft):
            result = services.probe_draft(draft, now=now, stored=cluster)
        cluster = services.update_cluster(
            cluster=cluster,
            name=given.validated_data.get("name", cluster.name),
            currency=given.validated_data.get("currency", cluster.currency),
            draft=draft,
            result=result,
            now=now,
        )
        return Response(self.get_serializer(cluster).data)

    @extend_schema(
        operation_id="clusters_remove",
        summary="Remove a cluster",
        description="Forgets the cluster and its credentials. OpenCost itself is not touched.",
        tags=["Clusters"],
        responses={
            204: OpenApiResponse(description="Removed."),
            **problem_responses(*_READ_PROBLEMS),
        },
    )
    def delete(self, request: Request, slug: str) -> Response:
        services.remove_cluster(access_cluster(slug))
        return Response(status=status.HTTP_204_NO_CONTENT)


@non_atomic
class ClusterTestView(GenericAPIView[Cluster]):
    """Tests a stored cluster again."""

    queryset = Cluster.objects.all()
    serializer_class = ProbeResultSerializer
    permission_classes = (CanManageClusters,)
    throttle_classes = (*GenericAPIView.throttle_classes, ProbeThrottle)
    lookup_field = "slug"

    @extend_schema(
        operation_id="clusters_test",
        summary="Test a cluster",
        description="Asks its OpenCost again and answers the steps; 200 also when a step failed.",
        tags=["Clusters"],
        request=None,
        responses={200: ProbeResultSerializer, **problem_responses(*_READ_PROBLEMS, 409)},
    )
    def post(self, request: Request, slug: str) -> Response:
        result = services.test_cluster(access_cluster(slug), now=timezone.now())
        return Response(ProbeResultSerializer(result).data)


@non_atomic
class ConnectionTestView(GenericAPIView[Cluster]):
    """Tests a connection without saving anything."""

    queryset = Cluster.objects.none()
    serializer_class = ProbeResultSerializer
    permission_classes = (CanManageClusters,)
    throttle_classes = (*GenericAPIView.throttle_classes, ProbeThrottle)

    @extend_schema(
        operation_id="clusters_test_connection",
        summary="Test a connection",
        description="Says step by step what is right and what is wrong: name, connection, certificate, "
        "credentials, is it OpenCost, has it data, whose data. 200 also when a step failed.",
        tags=["Clusters"],
        request=ConnectionSerializer,
        responses={
            200: ProbeResultSerializer,
            **problem_responses(400, 401, 403, 406, 415, 429),
        },
    )
    def post(self, request: Request) -> Response:
        given = ConnectionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        result = services.probe_draft(given.draft().checked(), now=timezone.now())
        return Response(ProbeResultSerializer(result).data)
