"""Statements as the API shows them: the frozen document's blocks, its lines, its sign-off."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from costinsights.core.api.fields import InstantField, MoneyField
from reporting.api.period_schema import MonthReconciliationSerializer
from reporting.exports.columns import driver_micros, gib_micros, ratio_of
from reporting.exports.numbers import amount_text, decimal_text
from reporting.models import Dispute, Review, ReviewEvent, ReviewState, Statement, StatementLine


def _text(**kwargs: Any) -> serializers.CharField:
    return serializers.CharField(read_only=True, **kwargs)


class ReviewSerializer(serializers.ModelSerializer[Review]):
    """Where the sign-off stands."""

    accepted_by = serializers.SerializerMethodField(help_text="E-mail.")
    approved_by = serializers.SerializerMethodField(help_text="E-mail.")
    accept_by = InstantField(read_only=True, help_text="From then on it counts as accepted.")
    changed_at = InstantField(read_only=True)

    class Meta:
        model = Review
        fields = ("state", "accepted_by", "approved_by", "accept_by", "changed_at")
        read_only_fields = fields

    def get_accepted_by(self, review: Review) -> str | None:
        return review.accepted_by.email if review.accepted_by else None

    def get_approved_by(self, review: Review) -> str | None:
        return review.approved_by.email if review.approved_by else None


class StatementSerializer(serializers.ModelSerializer[Statement]):
    """A statement in the list."""

    month = serializers.DateField(source="period.month", format="%Y-%m", read_only=True)
    billed = MoneyField()
    effective = MoneyField()
    is_latest = serializers.SerializerMethodField(
        help_text="false for a revision that a later one replaced."
    )
    review = serializers.SerializerMethodField(help_text="null before the month is closed.")
    created_at = InstantField(read_only=True)

    class Meta:
        model = Statement
        fields = (
            "id",
            "number",
            "month",
            "revision",
            "bucket",
            "code",
            "name",
            "currency",
            "billed",
            "effective",
            "line_count",
            "sha256",
            "is_latest",
            "review",
            "created_at",
        )
        read_only_fields = fields

    def get_is_latest(self, statement: Statement) -> bool:
        return statement.revision in (0, statement.period.revision)

    @extend_schema_field(ReviewSerializer(allow_null=True))
    def get_review(self, statement: Statement) -> dict[str, Any] | None:
        review = getattr(statement, "review", None)
        return None if review is None else dict(ReviewSerializer(review).data)


class HeaderSerializer(serializers.Serializer[Any]):
    """Whose statement of which month it is."""

    statement_no = _text()
    tenant_name = _text()
    cost_center_code = _text()
    cost_center_name = _text()
    cost_center_path = serializers.ListField(child=serializers.CharField())
    owner_name = _text()
    owner_email = _text()
    gl_account = _text()
    period_start = serializers.CharField()
    period_end = serializers.CharField(help_text="Exclusive.")
    time_zone = _text()
    currency = _text()
    minor_digits = serializers.IntegerField()
    mode = _text()
    revision = serializers.IntegerField()
    generated_at = _text()
    generated_by = _text()
    sample = serializers.BooleanField()


class MonthTotalSerializer(serializers.Serializer[Any]):
    month = serializers.CharField()
    billed = MoneyField(allow_null=True)


class MoverSerializer(serializers.Serializer[Any]):
    """A workload's change: what more was used, and what a unit costs more."""

    name = serializers.CharField()
    previous = MoneyField()
    current = MoneyField()
    quantity_effect = MoneyField()
    price_effect = MoneyField()


class SummarySerializer(serializers.Serializer[Any]):
    """What it comes to."""

    billed = MoneyField()
    effective = MoneyField()
    list_cost = MoneyField()
    discount = MoneyField()
    markup = MoneyField()
    rounding = MoneyField()
    direct = MoneyField()
    shared = MoneyField()
    idle = MoneyField()
    overhead = MoneyField()
    adjustments = MoneyField()
    previous = MoneyField(allow_null=True)
    efficiency_pct = serializers.CharField(allow_null=True)
    months = MonthTotalSerializer(many=True)
    movers = MoverSerializer(many=True)


class ShareOfPoolSerializer(serializers.Serializer[Any]):
    """What this statement got of a pool. `weight` of `weight_total` is the ratio, exactly."""

    pool = serializers.CharField()
    name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a member's name
    cluster = serializers.CharField()
    first_day = serializers.CharField()
    last_day = serializers.CharField()
    pool_total = MoneyField()
    method = serializers.CharField()
    driver = serializers.CharField()
    used_fallback = serializers.BooleanField()
    weight = serializers.IntegerField()
    weight_total = serializers.IntegerField()
    amount = MoneyField()


class AdjustmentSerializer(serializers.Serializer[Any]):
    """A change of an earlier month that is charged here."""

    period = serializers.CharField()
    statement_no = serializers.CharField()
    cluster = serializers.CharField()
    namespace = serializers.CharField()
    controller_kind = serializers.CharField()
    controller = serializers.CharField()
    amount = MoneyField()
    reason = serializers.CharField()


class MethodSerializer(serializers.Serializer[Any]):
    """The rules as they were."""

    mapping_rules = serializers.ListField(child=serializers.DictField())
    share_rules = serializers.ListField(child=serializers.DictField())
    rate_card = serializers.ListField(child=serializers.DictField())
    rounding = serializers.CharField()
    opencost_versions = serializers.ListField(child=serializers.CharField())
    generator = serializers.CharField()
    rules_sha256 = serializers.CharField()


class EvidenceSerializer(serializers.Serializer[Any]):
    """What it was made from."""

    clusters = serializers.DictField(child=serializers.CharField())
    snapshots = serializers.IntegerField()
    snapshots_sha256 = serializers.CharField()
    facts = serializers.IntegerField()
    missing_days = serializers.ListField(child=serializers.CharField())
    unknown_rows = serializers.IntegerField()
    data_through = serializers.CharField()
    override_reason = serializers.CharField(allow_blank=True)


class DisputeSerializer(serializers.ModelSerializer[Dispute]):
    """What somebody holds against it, and the answer."""

    raised_by = serializers.SerializerMethodField(help_text="E-mail.")
    raised_at = InstantField(read_only=True)
    resolved_by = serializers.SerializerMethodField(help_text="E-mail.")
    resolved_at = InstantField(read_only=True)

    class Meta:
        model = Dispute
        fields = (
            "id",
            "position",
            "text",
            "raised_by",
            "raised_at",
            "resolution",
            "resolved_by",
            "resolved_at",
        )
        read_only_fields = fields

    def get_raised_by(self, dispute: Dispute) -> str | None:
        return dispute.raised_by.email if dispute.raised_by else None

    def get_resolved_by(self, dispute: Dispute) -> str | None:
        return dispute.resolved_by.email if dispute.resolved_by else None


class StatementDetailSerializer(serializers.Serializer[Any]):
    """A whole statement without its lines."""

    statement = StatementSerializer()
    header = HeaderSerializer()
    summary = SummarySerializer()
    shared = ShareOfPoolSerializer(many=True)
    idle = ShareOfPoolSerializer(many=True)
    reconciliation = MonthReconciliationSerializer()
    adjustments = AdjustmentSerializer(many=True)
    method = MethodSerializer()
    evidence = EvidenceSerializer()
    lines_sha256 = serializers.CharField()
    disputes = DisputeSerializer(many=True)


class LineSerializer(serializers.ModelSerializer[StatementLine]):
    """A line. Amounts are exact; `billed_cost` is whole minor units."""

    cpu_core_hours = MoneyField(help_text="Hours, as decimal text.")
    ram_gib_hours = serializers.SerializerMethodField()
    gpu_hours = MoneyField()
    pv_gib_hours = serializers.SerializerMethodField()
    cpu_cost = MoneyField()
    ram_cost = MoneyField()
    gpu_cost = MoneyField()
    pv_cost = MoneyField()
    network_cost = MoneyField()
    load_balancer_cost = MoneyField()
    shared_cost = MoneyField()
    external_cost = MoneyField()
    list_cost = MoneyField()
    discount = MoneyField()
    markup = MoneyField()
    effective_cost = MoneyField()
    billed_cost = MoneyField()
    previous_period_cost = MoneyField(allow_null=True)
    share_driver_value = serializers.SerializerMethodField()
    share_ratio = serializers.SerializerMethodField()

    class Meta:
        model = StatementLine
        fields = (
            "position",
            "line_type",
            "pool",
            "cluster",
            "namespace",
            "controller_kind",
            "controller",
            "label_key",
            "label_value",
            "cpu_core_hours",
            "ram_gib_hours",
            "gpu_hours",
            "pv_gib_hours",
            "cpu_cost",
            "ram_cost",
            "gpu_cost",
            "pv_cost",
            "network_cost",
            "load_balancer_cost",
            "shared_cost",
            "external_cost",
            "list_cost",
            "discount",
            "markup",
            "effective_cost",
            "billed_cost",
            "fx_rate",
            "share_method",
            "share_driver",
            "share_driver_value",
            "share_ratio",
            "previous_period_cost",
            "mapping_rule_id",
            "snapshot_id",
            "notes",
        )
        read_only_fields = fields

    def get_ram_gib_hours(self, row: StatementLine) -> str:
        return amount_text(gib_micros(row.ram_byte_hours))

    def get_pv_gib_hours(self, row: StatementLine) -> str:
        return amount_text(gib_micros(row.pv_byte_hours))

    def get_share_driver_value(self, row: StatementLine) -> str | None:
        if row.share_driver_value is None:
            return None
        return amount_text(driver_micros(row.share_driver, int(row.share_driver_value)))

    def get_share_ratio(self, row: StatementLine) -> str | None:
        if row.share_weight is None or not row.share_weight_total:
            return None
        return decimal_text(ratio_of(int(row.share_weight), int(row.share_weight_total)), 12)


class ExplanationSerializer(serializers.Serializer[Any]):
    """Why a line is there and as large as it is."""

    position = serializers.IntegerField()
    line_type = serializers.CharField()
    text = serializers.CharField()
    rule = serializers.DictField(allow_null=True)
    pool = serializers.CharField(allow_null=True)
    pool_total = MoneyField(allow_null=True)
    method = serializers.CharField(allow_null=True)
    driver = serializers.CharField(allow_null=True)
    driver_value = serializers.CharField(allow_null=True)
    driver_total = serializers.CharField(allow_null=True)
    ratio = serializers.CharField(allow_null=True)
    amount = MoneyField()
    sources = serializers.ListField(child=serializers.DictField())
    sources_in_all = serializers.IntegerField()


class DifferenceSerializer(serializers.Serializer[Any]):
    """A line in both revisions; null where it is not there."""

    line_type = serializers.CharField()
    pool = serializers.CharField()
    cluster = serializers.CharField()
    namespace = serializers.CharField()
    controller_kind = serializers.CharField()
    controller = serializers.CharField()
    before = MoneyField(allow_null=True)
    after = MoneyField(allow_null=True)
    change = MoneyField()


class DiffSerializer(serializers.Serializer[Any]):
    """Two revisions of a statement, line by line; the largest changes first."""

    before = serializers.CharField()
    after = serializers.CharField()
    billed_before = MoneyField()
    billed_after = MoneyField()
    changed_lines = serializers.IntegerField()
    lines = DifferenceSerializer(many=True)


class WordsSerializer(serializers.Serializer[Any]):
    """Words that are kept with the step."""

    text = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class DisputeInputSerializer(serializers.Serializer[Any]):
    """What is wrong, and with which line."""

    text = serializers.CharField(max_length=2_000)
    position = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, help_text="Of the line; none for all of it."
    )


class AnswerSerializer(serializers.Serializer[Any]):
    """How it is resolved."""

    text = serializers.CharField(max_length=2_000)


class ReviewEventSerializer(serializers.ModelSerializer[ReviewEvent]):
    """A step of the sign-off, in a hash chain that begins at the statement's."""

    at = InstantField(read_only=True)

    class Meta:
        model = ReviewEvent
        fields = ("sequence", "at", "actor", "action", "position", "text", "prev_sha256", "sha256")
        read_only_fields = fields


REVIEW_STATES = ReviewState.values
