"""Cost centres and rules as programs read and write them."""

from typing import Any

from rest_framework import serializers

from costinsights.core.api.fields import MoneyField
from reporting.allocation.types import Driver, Fallback, PoolSource, ShareMethod
from reporting.centers.checks import LONGEST_NAME, LONGEST_NOTE, percent_text
from reporting.centers.services import LONGEST_ACCOUNT
from reporting.centers.words import mapping_sentence, share_sentence
from reporting.models import CenterLevel, CostCenter, MappingRule, ShareRule

_FROM = "First UTC day on which it holds; null: always did."
_TO = "First UTC day on which it no longer holds; null: no end."


class CostCenterSerializer(serializers.ModelSerializer[CostCenter]):
    """A unit of the tree organisation › department › cost centre."""

    parent = serializers.SlugRelatedField[CostCenter](  # type: ignore[assignment]  # a member's name
        slug_field="code", read_only=True, allow_null=True, help_text="Code of the unit above."
    )
    owner_is_member = serializers.SerializerMethodField(
        help_text="Whether a member has the owner's e-mail and so sees its statements."
    )
    readers = serializers.SlugRelatedField[Any](
        slug_field="email",
        many=True,
        read_only=True,
        help_text="E-mails of members who see its statements and those below it.",
    )

    class Meta:
        model = CostCenter
        fields = (
            "id",
            "code",
            "name",
            "level",
            "parent",
            "owner_name",
            "owner_email",
            "owner_is_member",
            "gl_account",
            "valid_from",
            "valid_to",
            "note",
            "readers",
        )
        read_only_fields = fields

    def get_owner_is_member(self, center: CostCenter) -> bool:
        return center.owner_id is not None


class CostCenterInputSerializer(serializers.Serializer[Any]):
    """A cost centre to make or change."""

    code = serializers.CharField(max_length=32, help_text="Unique; letters, digits, . - _")
    name = serializers.CharField(max_length=LONGEST_NAME)
    level = serializers.ChoiceField(choices=CenterLevel.choices, required=False)
    parent = serializers.CharField(  # type: ignore[assignment]  # a member's name
        max_length=32,
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="Code of a unit of a higher level; empty at the top.",
    )
    owner_name = serializers.CharField(max_length=LONGEST_NAME, required=False, allow_blank=True)
    owner_email = serializers.CharField(
        max_length=254,
        required=False,
        allow_blank=True,
        help_text="When a member has it, the member sees the statements.",
    )
    gl_account = serializers.CharField(max_length=LONGEST_ACCOUNT, required=False, allow_blank=True)
    valid_from = serializers.DateField(required=False, allow_null=True, help_text=_FROM)
    valid_to = serializers.DateField(required=False, allow_null=True, help_text=_TO)
    note = serializers.CharField(max_length=LONGEST_NOTE, required=False, allow_blank=True)
    readers = serializers.ListField(
        child=serializers.CharField(max_length=254),
        required=False,
        help_text="E-mails of members; what is left out stays.",
    )


class PercentTargetSerializer(serializers.Serializer[Any]):
    """A cost centre and its part."""

    cost_center = serializers.CharField(max_length=32, help_text="Code.")
    percent = serializers.CharField(
        max_length=20, help_text="Decimal text, at most four decimals; all together 100."
    )


class MappingRuleSerializer(serializers.ModelSerializer[MappingRule]):
    """What matches goes to the targets, unless a rule before it matched."""

    targets = serializers.SerializerMethodField()
    sentence = serializers.SerializerMethodField(help_text="The rule in words.")

    class Meta:
        model = MappingRule
        fields = (
            "id",
            "position",
            "name",
            "filter",
            "targets",
            "is_active",
            "valid_from",
            "valid_to",
            "note",
            "sentence",
        )
        read_only_fields = fields

    def get_targets(self, rule: MappingRule) -> list[dict[str, str]]:
        return [
            {"cost_center": one.center.code, "percent": percent_text(one.weight)}
            for one in rule.targets.all()
        ]

    def get_sentence(self, rule: MappingRule) -> str:
        return mapping_sentence(rule)


class RuleInputSerializer(serializers.Serializer[Any]):
    """What every rule has."""

    position = serializers.IntegerField(
        min_value=1, max_value=1_000_000, required=False, help_text="From 1; by default the last."
    )
    name = serializers.CharField(max_length=LONGEST_NAME)
    is_active = serializers.BooleanField(required=False)
    valid_from = serializers.DateField(required=False, allow_null=True, help_text=_FROM)
    valid_to = serializers.DateField(required=False, allow_null=True, help_text=_TO)
    note = serializers.CharField(max_length=LONGEST_NOTE, required=False, allow_blank=True)


class MappingRuleInputSerializer(RuleInputSerializer):
    """A mapping rule to make or change."""

    filter = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="Looks at cluster, namespace, controllerKind, controllerName, label[name], annotation[name]; "
        "empty matches everything.",
    )
    targets = PercentTargetSerializer(many=True)


class WeightTargetSerializer(serializers.Serializer[Any]):
    """A cost centre, with all below it, and its weight."""

    cost_center = serializers.CharField(max_length=32, help_text="Code.")
    weight = serializers.IntegerField(
        min_value=1, max_value=1_000_000, default=1, help_text="Used by the method `weights`."
    )


class ShareRuleSerializer(serializers.ModelSerializer[ShareRule]):
    """A pool of cost that nobody caused alone, and how it is spread."""

    fixed_amount = MoneyField(help_text="A month, of the source `fixed`.")
    targets = serializers.SerializerMethodField()
    sentence = serializers.SerializerMethodField(help_text="The rule in words.")

    class Meta:
        model = ShareRule
        fields = (
            "id",
            "position",
            "name",
            "source",
            "filter",
            "fixed_amount",
            "fixed_currency",
            "method",
            "driver",
            "fallback",
            "by_cluster",
            "targets",
            "is_active",
            "valid_from",
            "valid_to",
            "note",
            "sentence",
        )
        read_only_fields = fields

    def get_targets(self, rule: ShareRule) -> list[dict[str, Any]]:
        return [
            {"cost_center": one.center.code, "weight": one.weight} for one in rule.targets.all()
        ]

    def get_sentence(self, rule: ShareRule) -> str:
        return share_sentence(rule)


class ShareRuleInputSerializer(RuleInputSerializer):
    """A share rule to make or change."""

    source = serializers.ChoiceField(choices=[one.value for one in PoolSource])  # type: ignore[assignment]  # a member's name
    filter = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="Of the source `filter`: which costs. Of the others: which clusters.",
    )
    fixed_amount = serializers.CharField(
        max_length=30, required=False, allow_blank=True, help_text="Decimal text, a month."
    )
    fixed_currency = serializers.CharField(max_length=3, required=False, allow_blank=True)
    method = serializers.ChoiceField(choices=[one.value for one in ShareMethod])
    driver = serializers.ChoiceField(
        choices=[one.value for one in Driver],
        required=False,
        help_text="What a proportional share is in proportion to.",
    )
    fallback = serializers.ChoiceField(
        choices=[one.value for one in Fallback],
        required=False,
        help_text="Where it goes when nobody has any of the driver.",
    )
    by_cluster = serializers.BooleanField(
        required=False, help_text="A pool for each cluster, spread over that cluster's costs."
    )
    targets = WeightTargetSerializer(
        many=True,
        required=False,
        help_text="Who may get a part; none for every cost centre with direct cost.",
    )


class RuleOrderSerializer(serializers.Serializer[Any]):
    """Every rule there is, in the order in which they are to be asked."""

    ids = serializers.ListField(child=serializers.IntegerField(), max_length=1_000)
