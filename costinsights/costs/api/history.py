"""Endpoints over stored history. They read the store alone and wait for no OpenCost."""

from collections.abc import Callable, Iterator, Sequence

from django.db import transaction
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import method_decorator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
)
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts.permissions import IsMember, member_of
from costinsights.core import tabular
from costinsights.core.api.schema import problem_responses
from costinsights.core.audit import record_event
from costinsights.core.errors import InvalidInput
from costinsights.core.snapshots import one_snapshot
from costinsights.core.tabular import Table
from costinsights.core.tenancy import current_tenant
from costinsights.costs.api import history_schema, layers, layers_schema
from costinsights.costs.api.renderers import StreamedCsvRenderer, StreamedParquetRenderer
from costinsights.costs.history import documents, exports
from costinsights.costs.history.answers import history
from costinsights.costs.history.compare import Base, compare, previous_period
from costinsights.costs.history.query import PARAMETERS, HistoryQuery
from costinsights.costs.history.steps import parse_instant
from costinsights.costs.layers.documents import layer_document, layer_table
from costinsights.costs.layers.query import ALLOCATION, LayerQuery
from costinsights.costs.selectors import read_scope_of
from tenants.features import Feature
from tenants.gates import HasFeature

non_atomic = method_decorator(transaction.non_atomic_requests, name="dispatch")
_COMPARED = ("compare", "compare_start")
_Pieces = Callable[[Table], Iterator[str] | Iterator[bytes]]
# By the renderer's format: the content type, and what makes the file.
FILES: dict[str, tuple[str, _Pieces]] = {
    "csv": (tabular.CSV_TYPE, tabular.csv_pieces),
    "parquet": (tabular.PARQUET_TYPE, tabular.parquet_pieces),
}


@non_atomic
class HistoryView(APIView):
    """What Kubernetes cost over time."""

    feature = Feature.HISTORY
    permission_classes = (IsMember, HasFeature)
    renderer_classes = (JSONRenderer, StreamedCsvRenderer, StreamedParquetRenderer)

    @extend_schema(
        operation_id="costs_history",
        summary="Costs over time",
        description="From stored days and hours: lines over the whole period and their amount in each step. "
        "The lines add up to the total, at every step and over the period. A step where nothing is stored is "
        "null, never zero.",
        tags=["Costs"],
        parameters=[*history_schema.HISTORY_PARAMETERS, layers_schema.LAYER_PARAMETER],
        responses={
            (200, "application/json"): PolymorphicProxySerializer(
                "HistoryOrLayer",
                [history_schema.HistorySerializer, layers_schema.LayerHistorySerializer],
                resource_type_field_name=None,
            ),
            (200, "text/csv"): OpenApiResponse(
                OpenApiTypes.STR, description="A line per row and step, in the same order."
            ),
            (200, tabular.PARQUET_TYPE): OpenApiResponse(
                OpenApiTypes.BINARY,
                description="The same rows with types: money as decimal128(38, 6), what each column means "
                "as metadata.",
            ),
            **problem_responses(400, 401, 403, 406, 429),
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        if request.query_params.get("layer") not in (None, "", ALLOCATION):
            found = layers.answer_layer(request)
            if request.accepted_renderer.format in FILES:
                return _file(request, layer_table(found), "layer", found.query)
            return Response(layer_document(found))
        query = _question(request, ("layer",))
        with one_snapshot():
            answer = history(query, now=timezone.now())
        if request.accepted_renderer.format in FILES:
            return _file(request, exports.history_table(answer), "history", answer.query)
        return Response(documents.history_document(answer))


@non_atomic
class CompareView(APIView):
    """Two periods side by side."""

    feature = Feature.COMPARISON
    permission_classes = (IsMember, HasFeature)
    renderer_classes = (JSONRenderer, StreamedCsvRenderer, StreamedParquetRenderer)

    @extend_schema(
        operation_id="costs_compare",
        summary="Compare two periods",
        description="Each line in both periods, its change, and what drove it: the amount used at the old "
        "price, and the price of the new amount. The parts add up to the change exactly.",
        tags=["Costs"],
        parameters=history_schema.COMPARE_PARAMETERS,
        responses={
            (200, "application/json"): history_schema.ComparisonSerializer,
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="A line per row."),
            (200, tabular.PARQUET_TYPE): OpenApiResponse(
                OpenApiTypes.BINARY, description="The same rows with types."
            ),
            **problem_responses(400, 401, 403, 406, 429),
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        query = _question(request, _COMPARED)
        base = _base(request.query_params.get("compare") or Base.PREVIOUS)
        text = request.query_params.get("compare_start", "")
        start = parse_instant("compare_start", text) if text else None
        before = previous_period(query.period, base, start=start)
        with one_snapshot():
            found = compare(query, base, before, now=timezone.now())
        if request.accepted_renderer.format in FILES:
            return _file(request, exports.comparison_table(found), "comparison", query)
        return Response(documents.comparison_document(found))


def _question(request: Request, more: Sequence[str]) -> HistoryQuery:
    """The question in the parameters. A misspelt parameter is an error, never silently nothing."""
    known = (*PARAMETERS, *more)
    for name in request.query_params:
        if name not in (*known, "format"):
            raise InvalidInput(
                f"There is no parameter “{name}”. There are {', '.join(known)}.",
                field=name,
                value=request.query_params[name],
            )
    scope = read_scope_of(member_of(request))
    return HistoryQuery.parse(request.query_params, now=timezone.now(), scope=scope)


def _base(text: str) -> Base:
    try:
        return Base(text)
    except ValueError as error:
        raise InvalidInput(
            f"“{text}” is nothing to compare with. Use {', '.join(Base)}.",
            field="compare",
            value=text,
        ) from error


def _file(
    request: Request, table: Table, what: str, query: HistoryQuery | LayerQuery
) -> StreamingHttpResponse:
    """The table as the file asked for. The download is logged before its first byte."""
    kind = str(request.accepted_renderer.format)
    first, last = query.period.start.date(), query.period.end.date()
    name = f"{current_tenant().slug}_{what}_{first}_{last}.{kind}"
    record_event(f"download.{what}_{kind}", target=name, details=query.parameters())
    content_type, pieces = FILES[kind]
    answer = StreamingHttpResponse(pieces(table), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
