"""Endpoints of statements: list, document, lines, why, differences, files."""

from typing import Any

from django.db.models import F, Model, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.accounts.permissions import IsMember, member_of
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from costinsights.core.errors import InvalidInput, NotFound
from costinsights.core.money import amount_text
from reporting.allocation.explaining import driver_text
from reporting.api.period_schema import VerifiedSerializer
from reporting.api.renderers import FILES, file_or_progress, file_responses, wanted_file
from reporting.api.statement_schema import (
    REVIEW_STATES,
    DiffSerializer,
    ExplanationSerializer,
    LineSerializer,
    StatementDetailSerializer,
    StatementSerializer,
)
from reporting.downloads import source_of_statement
from reporting.models import Dispute, Statement, StatementLine
from reporting.statements.asking import checked_month
from reporting.statements.document import decode
from reporting.statements.grouping import LEVELS, differences
from reporting.statements.pools import LineExplained, explain_line
from reporting.statements.verifying import verify_review, verify_statement
from reporting.visibility import statement_for, visible_statements
from tenants.features import Feature
from tenants.gates import HasFeature

_READ = (400, 401, 403, 404, 406, 429)
MOST_SOURCES = 500


class Statements(GenericAPIView[Model]):
    """What the endpoints of statements share: members see those of their cost centres, analysts all."""

    feature = Feature.REPORTING
    permission_classes: Any = (IsMember, HasFeature)
    serializer_class: Any = StatementSerializer
    queryset = Statement.objects.none()

    def statement(self, statement_id: int) -> Statement:
        return statement_for(member_of(self.request), statement_id)


class NewestStatements(ListCursor):
    ordering = ("-id",)


class InOrder(ListCursor):
    """Lines of one statement: their position is unique."""

    ordering = ("position",)
    page_size = 100


class StatementListView(Statements, ListAPIView[Statement]):
    """The statements that the member sees."""

    pagination_class = NewestStatements

    def get_queryset(self) -> QuerySet[Statement]:
        if getattr(self, "swagger_fake_view", False):
            return Statement.objects.none()
        rows = visible_statements(member_of(self.request)).select_related(
            "period", "review__accepted_by", "review__approved_by"
        )
        return _filtered(rows.defer("document"), self.request)

    @extend_schema(
        operation_id="statements_list",
        summary="List statements",
        description="Newest first. Members without the role Analyst see closed ones of the cost centres that they own or "
        "may read.",
        tags=["Statements"],
        parameters=[
            OpenApiParameter("month", str, description="Such as 2026-09."),
            OpenApiParameter("code", str, description="Of a cost centre; or unmapped, retained …"),
            OpenApiParameter("revision", str, description="A number; 0 is preliminary; `latest`."),
            OpenApiParameter("state", str, enum=REVIEW_STATES, description="Of the sign-off."),
        ],
        responses={200: StatementSerializer(many=True), **problem_responses(*_READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


def _filtered(rows: QuerySet[Statement], request: Request) -> QuerySet[Statement]:
    given = request.query_params
    if month := given.get("month"):
        rows = rows.filter(period__month=checked_month(month))
    if code := given.get("code"):
        rows = rows.filter(code=code[:32])
    if state := given.get("state"):
        if state not in REVIEW_STATES:
            raise InvalidInput(
                f"There is no such state. Use {', '.join(REVIEW_STATES)}.",
                field="state",
                value=state,
            )
        rows = rows.filter(review__state=state)
    revision = given.get("revision")
    if revision == "latest":
        rows = rows.filter(revision=F("period__revision"))
    elif revision:
        if not (revision.isascii() and revision.isdecimal() and len(revision) < 6):
            raise InvalidInput("Give a number, or latest.", field="revision", value=revision[:20])
        rows = rows.filter(revision=int(revision))
    return rows


class StatementView(Statements):
    """One statement: its blocks as JSON, or the whole of it as a file."""

    renderer_classes = FILES

    @extend_schema(
        operation_id="statements_get",
        summary="Show a statement",
        description="With `?format=` or `Accept:` as a file. That of a closed statement is made once and is the same to the "
        "byte ever after; a large one is made by a job: 202 until it is ready, ask again.",
        tags=["Statements"],
        responses={**file_responses(StatementDetailSerializer), **problem_responses(409, *_READ)},
    )
    def get(self, request: Request, statement_id: int) -> HttpResponseBase:
        statement = self.statement(statement_id)
        if wanted := wanted_file(request):
            return file_or_progress(source_of_statement(statement), wanted)
        return Response(StatementDetailSerializer(detail_of(statement)).data)


def detail_of(statement: Statement) -> dict[str, Any]:
    """The blocks of the frozen document with what lies beside it."""
    document = decode(statement.document)
    blocks = ("header", "summary", "shared", "idle", "reconciliation", "adjustments", "method")
    return {
        "statement": statement,
        **{name: getattr(document, name) for name in blocks},
        "evidence": document.evidence,
        "lines_sha256": document.lines.sha256,
        "disputes": Dispute.objects.filter(statement=statement).select_related(
            "raised_by", "resolved_by"
        ),
    }


class _CanonicalRenderer(BaseRenderer):
    media_type = "application/json"
    format = "canonical"

    def render(self, data: Any, *_: Any, **__: Any) -> bytes:
        return JSONRenderer().render(data)


class StatementDocumentView(Statements):
    """The frozen document, byte for byte."""

    renderer_classes = (_CanonicalRenderer,)

    @extend_schema(
        operation_id="statements_document",
        summary="Show the frozen document",
        description="The canonical JSON whose SHA-256 is the statement's: check it yourself.",
        tags=["Statements"],
        responses={
            (200, "application/json"): OpenApiResponse(
                {"type": "object", "additionalProperties": True}, description="The document."
            ),
            **problem_responses(*_READ),
        },
    )
    def get(self, request: Request, statement_id: int) -> HttpResponse:
        text = self.statement(statement_id).document
        return HttpResponse(text.encode(), content_type="application/json")


class StatementLineListView(Statements, ListAPIView[StatementLine]):
    """The lines of a statement."""

    serializer_class: Any = LineSerializer
    pagination_class = InOrder

    def get_queryset(self) -> QuerySet[StatementLine]:
        if getattr(self, "swagger_fake_view", False):
            return StatementLine.objects.none()
        statement = self.statement(self.kwargs["statement_id"])
        rows = StatementLine.objects.filter(statement=statement)
        for name in ("line_type", *LEVELS):
            if name in self.request.query_params:
                rows = rows.filter(**{name: self.request.query_params[name][:1_000]})
        return rows

    @extend_schema(
        operation_id="statements_lines",
        summary="List a statement's lines",
        tags=["Statements"],
        parameters=[OpenApiParameter(name, str) for name in ("line_type", *LEVELS)],
        responses={200: LineSerializer(many=True), **problem_responses(*_READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class StatementExplainView(Statements):
    """Why a line is there."""

    @extend_schema(
        operation_id="statements_explain",
        summary="Explain a line",
        description="For a share: the pool, its driver, the ratio and the rows that the pool came from, as they were when "
        "the statement was made. For a direct line: the rule that took it.",
        tags=["Statements"],
        responses={200: ExplanationSerializer, **problem_responses(*_READ)},
    )
    def get(self, request: Request, statement_id: int, position: int) -> Response:
        statement = self.statement(statement_id)
        row = line_of(statement, position)
        return Response(ExplanationSerializer(explanation(explain_line(statement, row), row)).data)


def line_of(statement: Statement, position: int) -> StatementLine:
    """Raises NotFound."""
    row = (
        StatementLine.objects.filter(statement=statement, position=min(position, 2**31 - 1))
        .select_related("statement")
        .first()
    )
    if row is None:
        raise NotFound(f"{statement.number} has no such line.")
    return row


def explanation(found: LineExplained, row: StatementLine) -> dict[str, Any]:
    """For the API and the panel of the page."""
    share = found.share
    value = share.driver_value if share and share.driver_value is not None else None
    total = share.driver_total if share and share.driver_total is not None else None
    names = ("cluster", "namespace", "controller")
    return {
        "position": found.position,
        "line_type": found.line_type,
        "text": found.text,
        "rule": found.rule,
        "pool": share.name if share else None,
        "pool_total": share.pool_total if share else None,
        "method": share.method.value if share else None,
        "driver": share.driver.value if share and share.driver else None,
        "driver_value": driver_text(share.driver, value)
        if share and share.driver and value is not None
        else None,
        "driver_total": driver_text(share.driver, total)
        if share and share.driver and total is not None
        else None,
        "ratio": share.ratio if share else None,
        "amount": row.list_cost,
        "sources": [
            {**dict(zip(names, source[:3], strict=True)), "cost": amount_text(source[3])}
            for source in (share.sources[:MOST_SOURCES] if share else [])
        ],
        "sources_in_all": len(share.sources) if share else 0,
    }


class StatementDiffView(Statements):
    """Two revisions of a cost centre's month."""

    @extend_schema(
        operation_id="statements_diff",
        summary="Compare with another revision",
        description="Line by line, the largest changes first, up to 1,000.",
        tags=["Statements"],
        responses={200: DiffSerializer, **problem_responses(*_READ)},
    )
    def get(self, request: Request, statement_id: int, revision: int) -> Response:
        after = self.statement(statement_id)
        before = earlier_revision(after, visible_statements(member_of(request)), revision)
        count, lines = differences(before, after)
        names = ("line_type", "pool", *LEVELS)
        found = {
            "before": before.number,
            "after": after.number,
            "billed_before": before.billed,
            "billed_after": after.billed,
            "changed_lines": count,
            "lines": [
                {
                    **dict(zip(names, line.key, strict=True)),
                    "before": line.before,
                    "after": line.after,
                    "change": line.change,
                }
                for line in lines
            ],
        }
        return Response(DiffSerializer(found).data)


def earlier_revision(
    statement: Statement, visible: QuerySet[Statement], revision: int
) -> Statement:
    """Another revision of the same month and payer. Raises NotFound."""
    found = visible.filter(
        period=statement.period,
        bucket=statement.bucket,
        code=statement.code,
        revision=min(revision, 2**31 - 1),
    ).first()
    if found is None:
        raise NotFound("There is no such revision.")
    return found


class StatementVerifyView(Statements):
    """Proof that one statement is what it was."""

    @extend_schema(
        operation_id="statements_verify",
        summary="Verify a statement",
        description="Computes the hashes of its document, its lines and its sign-off again.",
        tags=["Statements"],
        responses={200: VerifiedSerializer, **problem_responses(*_READ)},
    )
    def get(self, request: Request, statement_id: int) -> Response:
        statement = self.statement(statement_id)
        problems = [*verify_statement(statement), *verify_review(statement)]
        found = {"holds": not problems, "checked": 1, "problems": problems}
        return Response(VerifiedSerializer(found).data)
