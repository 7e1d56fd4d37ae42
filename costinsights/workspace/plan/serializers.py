"""What the API tells of a plan."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.features import Access, Because, Feature
from tenants.limits import LimitKind
from tenants.models import Plan


class LimitsSerializer(serializers.Serializer[Any]):
    """What the plan includes. Null: no limit."""

    clusters = serializers.IntegerField(allow_null=True)
    workloads = serializers.IntegerField(allow_null=True)
    members = serializers.IntegerField(allow_null=True)
    api_calls_per_day = serializers.IntegerField(allow_null=True)
    storage_bytes = serializers.IntegerField(allow_null=True)


class TrialSerializer(serializers.Serializer[Any]):
    """A trial that runs."""

    plan = serializers.ChoiceField(choices=Plan.choices, source="trial")
    ends_at = serializers.DateTimeField(source="trial_ends_at")


class PlanSerializer(serializers.Serializer[Any]):
    """The plan of the workspace."""

    plan = serializers.ChoiceField(
        choices=Plan.choices, help_text="The plan that counts now, a trial included."
    )
    plan_without_trial = serializers.ChoiceField(choices=Plan.choices, source="bought")
    trial = serializers.SerializerMethodField(help_text="Null when no trial runs.")
    read_only_until = serializers.DateTimeField(
        allow_null=True,
        help_text="Until when what an ended plan had stays readable; null when none ended lately.",
    )
    limits = LimitsSerializer()
    retention_days = serializers.IntegerField(
        help_text="For how many days stored history is kept now."
    )
    plans_to_try = serializers.ListField(
        child=serializers.ChoiceField(choices=Plan.choices),
        source="may_try",
        help_text="The plans an owner may start a trial of now.",
    )

    @extend_schema_field(TrialSerializer(allow_null=True))
    def get_trial(self, facts: Any) -> Any:
        return TrialSerializer(facts).data if facts.trial else None


class FeatureSerializer(serializers.Serializer[Any]):
    """A feature and how far it is open to the workspace."""

    feature = serializers.ChoiceField(choices=[(name.value, name.value) for name in Feature])
    name = serializers.CharField()
    description = serializers.CharField()
    access = serializers.ChoiceField(choices=[(name.value, name.value) for name in Access])
    because = serializers.ChoiceField(
        choices=[(name.value, name.value) for name in Because],
        source="decision.because",
        help_text="What decided: the platform's kill switch, an exception for this workspace, the "
        "plan, or a plan that ended a short while ago.",
    )
    required_plan = serializers.ChoiceField(
        choices=Plan.choices, allow_null=True, help_text="The least plan that has it."
    )
    read_only_until = serializers.DateTimeField(source="decision.read_only_until", allow_null=True)


class FeaturesSerializer(serializers.Serializer[Any]):
    """Every feature of the product."""

    results = FeatureSerializer(many=True)


class UsageLineSerializer(serializers.Serializer[Any]):
    """One thing that is counted."""

    kind = serializers.ChoiceField(choices=[(name.value, name.value) for name in LimitKind])
    used = serializers.IntegerField(allow_null=True, help_text="Null: not measured, not zero.")
    limit = serializers.IntegerField(allow_null=True, help_text="Null: no limit.")
    percent = serializers.IntegerField(
        allow_null=True, help_text="Whole percent of the limit, rounded down; may pass 100."
    )
    state = serializers.ChoiceField(
        choices=[(word, word) for word in ("unknown", "ok", "nearly", "reached")]
    )


class CallsSerializer(serializers.Serializer[Any]):
    """The API calls of one UTC day."""

    day = serializers.DateField()
    calls = serializers.IntegerField(allow_null=True, help_text="Null: not measured, not zero.")


class UsageSerializer(serializers.Serializer[Any]):
    """What the workspace uses of its plan."""

    measured_at = serializers.DateTimeField(allow_null=True)
    usage = UsageLineSerializer(many=True)
    api_calls = CallsSerializer(many=True, help_text="The last 30 UTC days, today last.")


class StartTrialSerializer(serializers.Serializer[Any]):
    """Which plan to try."""

    plan = serializers.ChoiceField(choices=Plan.choices)
