"""Reports as documents: definitions, runs, previews."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from costinsights.accounts.permissions import member_of
from costinsights.core.api.fields import InstantField
from costinsights.core.tenancy import current_tenant
from reporting import files
from reporting.models import ReportDefinition, ReportKind, ReportRun, RunState
from reporting.reports.kept import may_open
from reporting.reports.services import LONGEST_NAME

LINK = "link"


class ReportSerializer(serializers.ModelSerializer[ReportDefinition]):
    """What to make."""

    kind = serializers.ChoiceField(choices=ReportKind.choices, read_only=True)
    parameters = serializers.DictField(
        read_only=True,
        help_text="Of `statements`: `month` (`last`, `current` or `2026-09`) and `centers`, a list of codes that stand for "
        "all below them; none for all. Of `costs`: the parameters of `GET /costs/history`, as texts.",
    )
    formats = serializers.ListField(child=serializers.CharField(), read_only=True)
    created_by = serializers.SerializerMethodField(help_text="E-mail; null when they are gone.")
    created_at = InstantField(read_only=True)

    class Meta:
        model = ReportDefinition
        fields = ("id", "name", "kind", "parameters", "formats", "created_by", "created_at")
        read_only_fields = fields

    def get_created_by(self, report: ReportDefinition) -> str | None:
        return report.created_by.email if report.created_by else None


class ReportQuestionSerializer(serializers.Serializer[Any]):
    """A kind with its parameters."""

    kind = serializers.ChoiceField(choices=ReportKind.choices)
    parameters = serializers.DictField(required=False, help_text="As in a report.")


class ReportInputSerializer(ReportQuestionSerializer):
    """A report to make."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    formats = serializers.ListField(
        child=serializers.CharField(max_length=20),
        allow_empty=False,
        help_text="Of `statements`: csv, xlsx, pdf, parquet, focus, journal. Of `costs`: csv, xlsx, parquet.",
    )


class RunMoverSerializer(serializers.Serializer[Any]):
    """What changed most."""

    label = serializers.CharField()  # type: ignore[assignment]  # a member's name
    current = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    delta = serializers.CharField()


class RunSummarySerializer(serializers.Serializer[Any]):
    """A report in a few lines. Money as decimal text; null is unknown, never zero."""

    title = serializers.CharField()
    start = serializers.DateField(help_text="UTC, included.")
    end = serializers.DateField(help_text="UTC, excluded.")
    currency = serializers.CharField()
    total = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True, help_text="Of the period before.")
    delta = serializers.CharField(allow_null=True)
    ratio = serializers.CharField(
        allow_null=True, help_text="delta / previous with four decimals; null when that was 0."
    )
    movers = RunMoverSerializer(many=True)
    rows = serializers.IntegerField(help_text="Statements, or lines.")
    notes = serializers.ListField(child=serializers.CharField())
    is_preliminary = serializers.BooleanField()


class ReportFileSerializer(serializers.Serializer[Any]):
    """A file that a run made."""

    name = serializers.CharField()
    format = serializers.CharField()
    content_type = serializers.CharField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    url = serializers.CharField(
        help_text="Signed for you and good for some days; send your token or session as well."
    )


class ReportRunSerializer(serializers.ModelSerializer[ReportRun]):
    """One making of a report."""

    report_id = serializers.IntegerField(read_only=True)
    report_name = serializers.CharField(source="report.name", read_only=True)
    state = serializers.ChoiceField(choices=RunState.choices, read_only=True)
    requested_by = serializers.SerializerMethodField(help_text="E-mail; null when they are gone.")
    due_at = InstantField(
        read_only=True, help_text="The moment that words such as “last month” start from."
    )
    created_at = InstantField(read_only=True)
    started_at = InstantField(read_only=True, allow_null=True)
    ended_at = InstantField(read_only=True, allow_null=True)
    expires_at = InstantField(
        read_only=True, allow_null=True, help_text="The files are kept until then."
    )
    summary = serializers.SerializerMethodField(help_text="Null until it is done.")
    files = serializers.SerializerMethodField()

    class Meta:
        model = ReportRun
        fields = (
            "id",
            "report_id",
            "report_name",
            "schedule_id",
            "state",
            "done",
            "whole",
            "message",
            "cancel_requested",
            "requested_by",
            "due_at",
            "created_at",
            "started_at",
            "ended_at",
            "expires_at",
            "summary",
            "files",
        )
        read_only_fields = fields

    def get_requested_by(self, run: ReportRun) -> str | None:
        return run.requested_by.email if run.requested_by else None

    @extend_schema_field(RunSummarySerializer(allow_null=True))
    def get_summary(self, run: ReportRun) -> dict[str, Any] | None:
        if not run.summary or not may_open(run, member_of(self.context["request"])):
            return None
        return {name: value for name, value in run.summary.items() if name != "held"}

    @extend_schema_field(ReportFileSerializer(many=True))
    def get_files(self, run: ReportRun) -> list[dict[str, Any]]:
        member = member_of(self.context["request"])
        is_past = run.expires_at is None or run.expires_at <= timezone.now()
        if is_past or not may_open(run, member):
            return []
        return [_file(run, number, file, member.pk) for number, file in enumerate(run.files, 1)]


def _file(run: ReportRun, number: int, file: dict[str, Any], member: int) -> dict[str, Any]:
    token = files.link_token(
        tenant=current_tenant().slug, member=member, purpose=purpose(number), file=run.pk
    )
    shown = {name: file[name] for name in ("name", "format", "content_type", "bytes", "sha256")}
    address = reverse("api-report-run-file", args=[run.pk, number])
    return {**shown, "url": f"{address}?{LINK}={token}"}


def purpose(number: int) -> str:
    """What a link to a run's file is signed for."""
    return f"report-run:{number}"


class PreviewSerializer(serializers.Serializer[Any]):
    """The first rows and the totals."""

    summary = serializers.SerializerMethodField()
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(allow_null=True)),
        help_text="Up to 20 rows, as texts.",
    )

    @extend_schema_field(RunSummarySerializer)
    def get_summary(self, found: Any) -> dict[str, Any]:
        return dict(found.summary.plain())
