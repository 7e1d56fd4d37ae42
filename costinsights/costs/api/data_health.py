"""Endpoints about what is stored: windows, the reading of older days, label keys."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts.permissions import CanManageClusters, member_of
from costinsights.core.api.fields import InstantField
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from costinsights.core.errors import InvalidInput, NotAllowed, NotFound
from costinsights.core.money import amount_text
from costinsights.core.tenancy import current_tenant
from costinsights.costs.history import keys, reading
from costinsights.costs.history.backfills import backfill_of
from costinsights.costs.history.health import restated_by
from costinsights.costs.history.models import (
    BackfillState,
    Grain,
    LabelKey,
    Snapshot,
    SnapshotRevision,
)
from costinsights.costs.history.tasks import keep_history
from costinsights.costs.selectors import access_cluster
from tenants.features import Feature
from tenants.gates import HasFeature
from tenants.limits import retention_days_of

_READ = (400, 401, 403, 404, 406, 429)
_WRITE = (400, 401, 403, 404, 406, 409, 415, 429)


class NewestFirst(ListCursor):
    """Windows of one cluster and grain: their start is unique."""

    ordering = ("-window_start", "-pk")


class StoredWindowSerializer(serializers.ModelSerializer[Snapshot]):
    """A stored hour or day as the ledger has it."""

    start = InstantField(source="window_start")
    end = InstantField(source="window_end")
    total = serializers.SerializerMethodField(
        help_text="null before it was read, and for members who do not see everything."
    )
    restated_by = serializers.SerializerMethodField(
        help_text="Difference of the last restatement; null when the window never changed."
    )
    due_at = InstantField(help_text="When it is read (again); null when it need not be.")
    read_at = InstantField()
    error_at = InstantField()

    class Meta:
        model = Snapshot
        fields = (
            "grain",
            "start",
            "end",
            "state",
            "revision",
            "rows",
            "total",
            "restated_by",
            "minutes_covered",
            "due_at",
            "tries",
            "read_at",
            "opencost_version",
            "response_sha256",
            "error_code",
            "error_message",
            "error_at",
        )
        read_only_fields = fields

    def get_total(self, window: Snapshot) -> str | None:
        shown = window.revision and not self.context["is_limited"]
        return amount_text(window.total) if shown else None

    def get_restated_by(self, window: Snapshot) -> str | None:
        difference = restated_by(window)
        hidden = difference is None or self.context["is_limited"]
        return None if hidden else amount_text(difference or 0)


class WindowListView(ListAPIView[Snapshot]):
    """The windows of a cluster."""

    feature = Feature.HISTORY
    queryset = Snapshot.objects.none()
    serializer_class = StoredWindowSerializer
    pagination_class = NewestFirst
    permission_classes = (CanManageClusters, HasFeature)

    def get_queryset(self) -> QuerySet[Snapshot]:
        if getattr(self, "swagger_fake_view", False):
            return Snapshot.objects.none()
        grain = self.request.query_params.get("grain") or Grain.DAY
        if grain not in Grain.values:
            raise InvalidInput("Choose hour or day.", field="grain", value=grain)
        before = SnapshotRevision.objects.filter(snapshot=OuterRef("pk")).order_by("-revision")
        return Snapshot.objects.filter(
            cluster=access_cluster(self.kwargs["slug"]), grain=grain
        ).annotate(previous_total=Subquery(before.values("total")[:1]))

    def get_serializer_context(self) -> dict[str, Any]:
        described = getattr(self, "swagger_fake_view", False)
        limited = described or member_of(self.request).is_limited
        return {**super().get_serializer_context(), "is_limited": limited}

    @extend_schema(
        operation_id="windows_list",
        summary="List a cluster's stored windows",
        description="Newest first, with what became of each: its state, its revision, the last error.",
        tags=["History"],
        parameters=[
            OpenApiParameter("grain", str, enum=Grain.values, description="`day` by default.")
        ],
        responses={200: StoredWindowSerializer(many=True), **problem_responses(*_READ)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class ReadAgainSerializer(serializers.Serializer[Any]):
    """Which windows to read again. Without starts: every one whose last reading failed."""

    grain = serializers.ChoiceField(choices=Grain.choices, default=Grain.DAY.value)
    window_starts = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        max_length=reading.MOST_AT_ONCE,
        help_text="UTC days such as 2026-01-31, or full hours such as 2026-01-31T06:00:00Z.",
    )


class ReadAgainResultSerializer(serializers.Serializer[Any]):
    """How many windows are read again now."""

    windows = serializers.IntegerField()


class ReadAgainView(APIView):
    """Reads windows again."""

    feature = Feature.HISTORY
    permission_classes = (CanManageClusters, HasFeature)

    @extend_schema(
        operation_id="windows_read_again",
        summary="Read windows again",
        description="At once, whatever failed before. What is stored stays until the new answer is there.",
        tags=["History"],
        request=ReadAgainSerializer,
        responses={202: ReadAgainResultSerializer, **problem_responses(*_WRITE)},
    )
    def post(self, request: Request, slug: str) -> Response:
        cluster, now = access_cluster(slug), timezone.now()
        given = ReadAgainSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        if "window_starts" in values:
            count = reading.read_again(
                cluster, now=now, grain=values["grain"], starts=values["window_starts"]
            )
        else:
            count = reading.read_failed_again(cluster, now=now)
        keep_history.enqueue_on_commit()
        return Response({"windows": count}, status=status.HTTP_202_ACCEPTED)


class BackfillSerializer(serializers.Serializer[Any]):
    """How far the reading of older days has come."""

    state = serializers.ChoiceField(choices=BackfillState.choices)
    first_day = serializers.DateField(allow_null=True, help_text="The oldest day wanted.")
    days_done = serializers.IntegerField()
    days_wanted = serializers.IntegerField()
    rows = serializers.IntegerField()
    seconds_left = serializers.FloatField(allow_null=True, help_text="An estimate.")
    started_at = InstantField(allow_null=True)
    ended_at = InstantField(allow_null=True)


class BackfillInputSerializer(serializers.Serializer[Any]):
    """How far back to read."""

    days = serializers.IntegerField(min_value=1, help_text="Before today; at most what is kept.")


class BackfillView(APIView):
    """The reading of a cluster's older days."""

    feature = Feature.HISTORY
    permission_classes = (CanManageClusters, HasFeature)

    @extend_schema(
        operation_id="backfill_get",
        summary="Show how far older days are read",
        tags=["History"],
        responses={200: BackfillSerializer, **problem_responses(401, 403, 404, 406, 429)},
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(BackfillSerializer(backfill_of(access_cluster(slug))).data)

    @extend_schema(
        operation_id="backfill_start",
        summary="Read older days",
        description="Newest first, until OpenCost has none. A cancelled or finished one goes on where it stopped.",
        tags=["History"],
        request=BackfillInputSerializer,
        responses={202: BackfillSerializer, **problem_responses(*_WRITE)},
    )
    def post(self, request: Request, slug: str) -> Response:
        cluster, now = access_cluster(slug), timezone.now()
        given = BackfillInputSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        days = reading.checked_days(
            str(given.validated_data["days"]), most=retention_days_of(current_tenant(), now)
        )
        reading.start_backfill(cluster, now=now, days=days)
        keep_history.enqueue_on_commit()
        answer = BackfillSerializer(backfill_of(cluster)).data
        return Response(answer, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        operation_id="backfill_cancel",
        summary="Stop reading older days",
        description="What was read stays.",
        tags=["History"],
        responses={
            204: OpenApiResponse(description="Stopped."),
            **problem_responses(401, 403, 404, 406, 429),
        },
    )
    def delete(self, request: Request, slug: str) -> Response:
        reading.cancel_backfill(access_cluster(slug), now=timezone.now())
        keep_history.enqueue_on_commit()
        return Response(status=status.HTTP_204_NO_CONTENT)


class LabelKeySerializer(serializers.ModelSerializer[LabelKey]):
    """A label or annotation key seen in the clusters."""

    id = serializers.IntegerField(read_only=True)
    coverage = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="Share of the last read day's cost that carries it, 0 to 1.",
    )

    class Meta:
        model = LabelKey
        fields = (
            "id",
            "kind",
            "name",
            "is_stored",
            "coverage",
            "values_seen",
            "is_over_limit",
            "first_seen_on",
            "last_seen_on",
        )
        read_only_fields = fields


class LabelKeyChoiceSerializer(serializers.Serializer[Any]):
    """Whether the key's values are stored from the next window on."""

    is_stored = serializers.BooleanField()


class MembersWithoutLimit(CanManageClusters):
    """Every member who sees everything reads; admins and owners choose."""

    def has_permission(self, request: Request, view: Any) -> bool:
        allowed = super().has_permission(request, view)
        if allowed and member_of(request).is_limited:
            raise NotAllowed("Label keys are shown to members who see all costs.")
        return allowed


class LabelKeyListView(ListAPIView[LabelKey]):
    """The label keys of the workspace's clusters."""

    feature = Feature.HISTORY
    queryset = LabelKey.objects.order_by("pk")
    serializer_class = LabelKeySerializer
    pagination_class = ListCursor
    permission_classes = (MembersWithoutLimit, HasFeature)

    @extend_schema(
        operation_id="label_keys_list",
        summary="List label keys",
        description="Keys seen in stored days, how much of the cost carries them, and which are stored.",
        tags=["History"],
        responses={
            200: LabelKeySerializer(many=True),
            **problem_responses(401, 403, 404, 406, 429),
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class LabelKeyView(GenericAPIView[LabelKey]):
    """One label key."""

    feature = Feature.HISTORY
    queryset = LabelKey.objects.all()
    serializer_class = LabelKeySerializer
    permission_classes = (MembersWithoutLimit, HasFeature)
    lookup_url_kwarg = "label_key_id"

    @extend_schema(
        operation_id="label_keys_get",
        summary="Show a label key",
        tags=["History"],
        responses={200: LabelKeySerializer, **problem_responses(401, 403, 404, 406, 429)},
    )
    def get(self, request: Request, label_key_id: int) -> Response:
        key = LabelKey.objects.filter(pk=label_key_id).first()
        if key is None:
            raise NotFound("There is no such label key.")
        return Response(LabelKeySerializer(key).data)

    @extend_schema(
        operation_id="label_keys_choose",
        summary="Store a label key, or stop",
        description=f"From the next window on; at most {keys.MOST_STORED} keys. Windows keep the values they have.",
        tags=["History"],
        request=LabelKeyChoiceSerializer,
        responses={200: LabelKeySerializer, **problem_responses(*_WRITE)},
    )
    def patch(self, request: Request, label_key_id: int) -> Response:
        given = LabelKeyChoiceSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        key = reading.choose_key(label_key_id, is_stored=given.validated_data["is_stored"])
        return Response(LabelKeySerializer(key).data)
