"""Endpoints over the stored cost layers: what stands beside allocations, and one layer over time."""

from django.db import transaction
from django.utils import timezone
from django.utils.decorators import method_decorator
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts.permissions import IsMember, member_of
from costinsights.core.api.schema import problem_responses
from costinsights.core.errors import InvalidInput
from costinsights.core.snapshots import one_snapshot
from costinsights.costs.api import layers_schema
from costinsights.costs.history.steps import resolve_whole_days
from costinsights.costs.layers.answers import LayerAnswer, layer_history
from costinsights.costs.layers.beside import beside_allocations
from costinsights.costs.layers.documents import beside_document
from costinsights.costs.layers.query import PARAMETERS, LayerQuery
from costinsights.costs.parameters import parse_clusters, parse_currency
from costinsights.costs.selectors import read_scope_of
from tenants.features import Feature
from tenants.gates import HasFeature

_BESIDE_PARAMETERS = ("window", "start", "end", "cluster", "currency")


def answer_layer(request: Request) -> LayerAnswer:
    """The answer to GET /costs/history with a layer. A misspelt parameter is an error, never silently nothing."""
    _check_names(request, PARAMETERS)
    scope = read_scope_of(member_of(request))
    now = timezone.now()
    query = LayerQuery.parse(request.query_params, now=now, scope=scope)
    with one_snapshot():
        return layer_history(query, now=now)


def _check_names(request: Request, known: tuple[str, ...]) -> None:
    for name in request.query_params:
        if name not in (*known, "format"):
            raise InvalidInput(
                f"There is no parameter “{name}” here. There are {', '.join(known)}.",
                field=name,
                value=request.query_params[name],
            )


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class LayersView(APIView):
    """What stands beside the allocations of a window."""

    feature = Feature.HISTORY
    permission_classes = (IsMember, HasFeature)

    @extend_schema(
        operation_id="costs_layers",
        summary="Cost layers beside allocations",
        description="Assets, the cloud's bill and custom costs of a window, which sources have them, and the "
        "overhead: infrastructure that nobody was allocated. Layers overlap with allocations and with each "
        "other, so nothing here may be added to them. Limited members are refused.",
        tags=["Costs"],
        parameters=[
            OpenApiParameter("window", str, default="30d", description="As for costs over time."),
            OpenApiParameter("start", str, description="Instead of a window: a UTC day. Included."),
            OpenApiParameter("end", str, description="As start; excluded."),
            OpenApiParameter("cluster", str, description="Slugs, separated by commas."),
            OpenApiParameter("currency", str, description="ISO 4217: which clusters take part."),
        ],
        responses={
            200: layers_schema.LayersSerializer,
            **problem_responses(400, 401, 403, 406, 429),
        },
    )
    def get(self, request: Request) -> Response:
        _check_names(request, _BESIDE_PARAMETERS)
        given = request.query_params
        ends = (given.get("start", ""), given.get("end", ""))
        window = "" if any(ends) else given.get("window") or "30d"
        period = resolve_whole_days(window, *ends, now=timezone.now())
        with one_snapshot():
            found = beside_allocations(
                period,
                scope=read_scope_of(member_of(request)),
                window=window,
                clusters=parse_clusters(given.get("cluster", "")),
                currency=parse_currency(given.get("currency", "")),
            )
        return Response(beside_document(found))
