"""Cost centres as CSV, in and out."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.core.api.csv_files import CSVParser, CSVTextRenderer, ImportCountsSerializer
from costinsights.core.api.schema import problem_responses
from costinsights.core.audit import record_event
from costinsights.core.errors import InvalidInput
from reporting.api.center_base import READ, Configuration
from reporting.centers.files import COLUMNS, export_centers, import_centers
from reporting.models import CostCenter

_YES_NO = {"true": True, "false": False}


class CostCenterImportView(Configuration):
    """Many cost centres at once."""

    queryset = CostCenter.objects.none()
    serializer_class = ImportCountsSerializer
    parser_classes = (CSVParser,)

    @extend_schema(
        operation_id="cost_centers_import",
        summary="Import cost centres",
        description=f"CSV in UTF-8 with a header; the columns are {', '.join(COLUMNS)}, of which code and name must "
        "be there. New codes are added, known ones changed, none is deleted; a column that is left out stays as it "
        "is. All lines or none: 422 names every line that cannot be used. The same file twice changes nothing.",
        tags=["Cost centres and rules"],
        parameters=[
            OpenApiParameter("dry_run", bool, description="Answer what it would do, store nothing.")
        ],
        request={"text/csv": OpenApiTypes.STR},
        responses={
            200: ImportCountsSerializer,
            **problem_responses(400, 401, 403, 406, 409, 415, 422, 429),
        },
    )
    def post(self, request: Request) -> Response:
        if not isinstance(request.data, bytes):
            raise InvalidInput("Send the CSV as the body.", field="body")
        given = request.query_params.get("dry_run", "false")
        if given not in _YES_NO:
            raise InvalidInput("Write true or false.", field="dry_run", value=given[:20])
        counts = import_centers(request.data, dry_run=_YES_NO[given])
        return Response(ImportCountsSerializer(counts).data)


class CostCenterExportView(Configuration):
    """All cost centres as a file."""

    queryset = CostCenter.objects.none()
    serializer_class = ImportCountsSerializer
    renderer_classes = (CSVTextRenderer,)

    @extend_schema(
        operation_id="cost_centers_export",
        summary="Export cost centres",
        description="CSV in UTF-8 that the import takes back.",
        tags=["Cost centres and rules"],
        responses={(200, "text/csv"): OpenApiTypes.STR, **problem_responses(*READ)},
    )
    def get(self, request: Request) -> Response:
        record_event("download.cost_centers_csv")
        return Response(export_centers())
