"""Endpoints that say what a rule would change, before it is stored."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.core.api.fields import MoneyField
from costinsights.core.api.schema import problem_responses
from reporting.allocation.types import Pool, PoolShare
from reporting.api.center_base import WRITE, Configuration
from reporting.api.center_schema import MappingRuleInputSerializer, ShareRuleInputSerializer
from reporting.api.rules import MAPPING_EXAMPLE, SHARE_EXAMPLE, TAGS, mapping_values, share_values
from reporting.centers.previewing import (
    preview_mapping,
    preview_share,
)
from reporting.centers.rules import access_mapping, checked_mapping
from reporting.centers.shares import access_share, checked_share
from reporting.models import MappingRule, ShareRule

_RULE = "A stored rule that is replaced by this one; null for a new one."


class PreviewWindowSerializer(serializers.Serializer[Any]):
    """The days that were looked at, [start, end)."""

    start = serializers.DateField()
    end = serializers.DateField()
    currency = serializers.CharField(help_text="Of every amount.")
    complete_pct = serializers.SerializerMethodField(help_text="How much of it is stored.")

    def get_complete_pct(self, window: Any) -> float:
        return float(window.complete_micros / 10_000)


class CenterChangeSerializer(serializers.Serializer[Any]):
    """What a cost centre would be billed."""

    bucket = serializers.CharField(help_text="center, unmapped, retained or excluded.")
    cost_center = serializers.CharField(source="code", help_text="Empty outside of the centres.")
    before = MoneyField()
    after = MoneyField()
    change = MoneyField()


class TakenFromSerializer(serializers.Serializer[Any]):
    """What it takes from another rule."""

    rule = serializers.IntegerField(help_text="0 for what was unmapped.")
    name = serializers.CharField()
    cost = MoneyField()


class PreviewWorkloadSerializer(serializers.Serializer[Any]):
    """A workload that it takes."""

    cluster = serializers.CharField()
    namespace = serializers.CharField()
    controller_kind = serializers.CharField()
    controller = serializers.CharField()
    cost = MoneyField()
    taken_from = serializers.CharField()


class MappingPreviewSerializer(serializers.Serializer[Any]):
    """What the rule would take and move. `matched` is list cost, changes are what statements bill."""

    window = PreviewWindowSerializer()
    matched = MoneyField()
    taken_from = TakenFromSerializer(many=True)
    workload_count = serializers.IntegerField()
    workloads = PreviewWorkloadSerializer(many=True, help_text="The dearest.")
    changes = CenterChangeSerializer(many=True)


class PoolShareSerializer(serializers.Serializer[Any]):
    """What one cost centre gets of the pool: weight ÷ the pool's weight_total is its ratio."""

    bucket = serializers.CharField(source="bucket.value")
    cost_center = serializers.CharField(source="center")
    driver_value = serializers.CharField(help_text="Micro-units or stored units; exact.")
    weight = serializers.CharField()
    ratio = serializers.SerializerMethodField(help_text="Rounded to six decimals.")
    amount = serializers.SerializerMethodField()

    def get_ratio(self, share: PoolShare) -> str:
        whole = self.context.get("weight_total", 0)
        return f"{share.weight / whole:.6f}" if whole else "0.000000"

    def get_amount(self, share: PoolShare) -> str:
        return str(MoneyField().to_representation(sum(share.costs)))


class PoolSerializer(serializers.Serializer[Any]):
    """One pool and who gets how much of it."""

    cluster = serializers.CharField(help_text="Empty for all clusters.")
    start = serializers.DateField(source="stretch.start")
    end = serializers.DateField(source="stretch.end")
    method = serializers.CharField(source="method.value", help_text="As it was done.")
    used_fallback = serializers.BooleanField(help_text="Nobody had any of the driver.")
    total = serializers.SerializerMethodField()
    weight_total = serializers.CharField()
    shares = serializers.SerializerMethodField()

    def get_total(self, pool: Pool) -> str:
        return str(MoneyField().to_representation(sum(pool.costs)))

    def get_shares(self, pool: Pool) -> list[dict[str, Any]]:
        context = {"weight_total": pool.weight_total}
        return list(PoolShareSerializer(pool.shares, many=True, context=context).data)


class SharePreviewSerializer(serializers.Serializer[Any]):
    """The pools that the rule would make, and what it changes."""

    window = PreviewWindowSerializer()
    total = MoneyField()
    pools = PoolSerializer(many=True)
    changes = CenterChangeSerializer(many=True)


class MappingPreviewInputSerializer(MappingRuleInputSerializer):
    """A rule that is not stored."""

    rule = serializers.IntegerField(required=False, allow_null=True, help_text=_RULE)


class SharePreviewInputSerializer(ShareRuleInputSerializer):
    """A rule that is not stored."""

    rule = serializers.IntegerField(required=False, allow_null=True, help_text=_RULE)


class MappingRulePreviewView(Configuration):
    """What a mapping rule would move."""

    queryset = MappingRule.objects.none()
    serializer_class = MappingPreviewSerializer

    @extend_schema(
        operation_id="mapping_rules_preview",
        summary="Preview a mapping rule",
        description="Over the last whole month, or the last 30 days where nothing is stored of it. Stores nothing; "
        "a preparation with the rule bills the same amounts.",
        tags=TAGS,
        request=MappingPreviewInputSerializer,
        responses={200: MappingPreviewSerializer, **problem_responses(*WRITE)},
        examples=[OpenApiExample("checkout", request_only=True, value=MAPPING_EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        given = mapping_values(self.given(MappingPreviewInputSerializer))
        position, pk = given.pop("position", None), given.pop("rule", None)
        if pk is not None:
            access_mapping(pk)
        shown = preview_mapping(checked_mapping(**given), pk=pk, position=position)
        return Response(MappingPreviewSerializer(shown).data)


class ShareRulePreviewView(Configuration):
    """What a share rule would spread."""

    queryset = ShareRule.objects.none()
    serializer_class = SharePreviewSerializer

    @extend_schema(
        operation_id="share_rules_preview",
        summary="Try a share rule",
        description="Its pools over the last whole month, or the last 30 days where nothing is stored of it, each "
        "with driver, ratio and amount of every cost centre. Stores nothing.",
        tags=TAGS,
        request=SharePreviewInputSerializer,
        responses={200: SharePreviewSerializer, **problem_responses(*WRITE)},
        examples=[OpenApiExample("idle", request_only=True, value=SHARE_EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        given = share_values(self.given(SharePreviewInputSerializer))
        position, pk = given.pop("position", None), given.pop("rule", None)
        if pk is not None:
            access_share(pk)
        shown = preview_share(checked_share(**given), pk=pk, position=position)
        return Response(SharePreviewSerializer(shown).data)
