"""Months as the API shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from costinsights.core.api.fields import InstantField, MoneyField
from reporting.models import Period, PeriodClose, WorkState
from reporting.statements.work import progress_of


class MonthReconciliationLineSerializer(serializers.Serializer[Any]):
    """A letter, words and an amount."""

    letter = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a member's name
    amount = MoneyField()


class MonthReconciliationSerializer(serializers.Serializer[Any]):
    """Everything that the clusters cost, and where it went."""

    lines = MonthReconciliationLineSerializer(many=True)
    by_cluster = serializers.DictField(child=MoneyField())
    excluded = serializers.DictField(child=MoneyField())
    retained = MoneyField()
    unmapped = MoneyField()
    difference = MoneyField(help_text="Exactly zero, or the month does not close.")


class WorkSerializer(serializers.Serializer[Any]):
    """The job of the month: the one at work, or the last one."""

    state = serializers.ChoiceField(choices=WorkState.choices)
    kind = serializers.CharField(help_text="prepare or close; empty before the first.")
    done = serializers.IntegerField()
    whole = serializers.IntegerField(help_text="Steps in all; 0 while it is not known.")
    doing = serializers.CharField()
    message = serializers.CharField(help_text="How it ended, where it did not end well.")
    started_at = InstantField(allow_null=True)
    ended_at = InstantField(allow_null=True)


def work_document(period: Period) -> dict[str, Any]:
    done, whole, doing = progress_of(period)
    return {
        "state": period.work_state,
        "kind": period.work_kind,
        "done": done,
        "whole": whole,
        "doing": doing,
        "message": period.work_message,
        "started_at": period.work_started_at,
        "ended_at": period.work_ended_at,
    }


class PeriodSerializer(serializers.ModelSerializer[Period]):
    """A month: its state, its job and its reconciliation."""

    month = serializers.DateField(format="%Y-%m", read_only=True)
    work = serializers.SerializerMethodField()
    complete_percent = serializers.SerializerMethodField()
    prepared_at = InstantField(read_only=True)
    prepared_by = serializers.SerializerMethodField(help_text="E-mail.")
    reconciliation = MonthReconciliationSerializer(allow_null=True, read_only=True)
    late_amount = MoneyField(
        allow_null=True, help_text="What late data change as a whole; null where nothing is known."
    )
    late_checked_at = InstantField(read_only=True)

    class Meta:
        model = Period
        fields = (
            "month",
            "state",
            "revision",
            "currency",
            "complete_percent",
            "prepared_at",
            "prepared_by",
            "reopen_reason",
            "work",
            "reconciliation",
            "late_amount",
            "late_checked_at",
        )
        read_only_fields = fields

    @extend_schema_field(WorkSerializer)
    def get_work(self, period: Period) -> dict[str, Any]:
        return dict(WorkSerializer(work_document(period)).data)

    def get_complete_percent(self, period: Period) -> str:
        return f"{period.complete_micros / 10_000:.2f}"

    def get_prepared_by(self, period: Period) -> str | None:
        return period.prepared_by.email if period.prepared_by else None


class PeriodCloseSerializer(serializers.ModelSerializer[PeriodClose]):
    """One closing of a month: a link of the chain."""

    closed_at = InstantField(read_only=True)

    class Meta:
        model = PeriodClose
        fields = (
            "revision",
            "number",
            "sha256",
            "prev_sha256",
            "reason",
            "override_reason",
            "closed_by",
            "closed_at",
        )
        read_only_fields = fields


class OpenMonthSerializer(serializers.Serializer[Any]):
    """The month to begin."""

    month = serializers.CharField(max_length=7, help_text="Year and month, such as 2026-09.")


class CloseMonthSerializer(serializers.Serializer[Any]):
    """How to close."""

    override_reason = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text="Why the month is closed although data are incomplete; recorded on every statement.",
    )


class ReasonSerializer(serializers.Serializer[Any]):
    """Why it is done; recorded."""

    reason = serializers.CharField(max_length=500)


class LateChangeSerializer(serializers.Serializer[Any]):
    """What one payer's workload would come to more, or less."""

    bucket = serializers.CharField()
    code = serializers.CharField()
    cluster = serializers.CharField()
    namespace = serializers.CharField()
    controller_kind = serializers.CharField()
    controller = serializers.CharField()
    amount = MoneyField()


class LateDataSerializer(serializers.Serializer[Any]):
    """What stored history says of a closed month now."""

    days = serializers.ListField(
        child=serializers.CharField(), help_text="Read again since the close."
    )
    amount = MoneyField(help_text="What the changes add up to.")
    changes = LateChangeSerializer(many=True)


class CarriedSerializer(serializers.Serializer[Any]):
    """What was carried forward."""

    lines = serializers.IntegerField()


class ProblemFoundSerializer(serializers.Serializer[Any]):
    """What does not hold."""

    subject = serializers.CharField()
    text = serializers.CharField()


class VerifiedSerializer(serializers.Serializer[Any]):
    """Whether what is closed is what it was."""

    holds = serializers.BooleanField()
    checked = serializers.IntegerField(help_text="Statements whose hashes were computed again.")
    problems = ProblemFoundSerializer(many=True)
