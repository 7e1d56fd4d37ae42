"""Endpoints of saved views."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from costinsights.accounts.permissions import IsMember, member_of
from costinsights.core.api.fields import InstantField
from costinsights.core.api.metadata import GatedMetadata
from costinsights.core.api.pagination import ListCursor
from costinsights.core.api.schema import problem_responses
from costinsights.costs.models import SavedView
from costinsights.costs.saved_views import services
from costinsights.costs.saved_views.models import LONGEST_FOLDER, LONGEST_NAME
from costinsights.costs.saved_views.selectors import access_view, view_for
from tenants.features import Feature
from tenants.gates import HasFeature

_EXAMPLE = {
    "name": "Payments by team",
    "folder": "Teams",
    "is_shared": False,
    "parameters": {"window": "90d", "group_by": "label:team", "compare": "previous"},
}


class SavedViewSerializer(serializers.ModelSerializer[SavedView]):
    """A question on the history page under a name."""

    url = serializers.SerializerMethodField(help_text="The page that opens it.")
    parameters = serializers.DictField(
        child=serializers.CharField(),
        read_only=True,
        help_text="The history page's parameters that differ from their defaults. Those of `GET /costs/history` and "
        "`/costs/compare` mean the same there.",
    )
    owner = serializers.SerializerMethodField(help_text="E-mail; null when that member is gone.")
    is_own = serializers.SerializerMethodField()
    may_change = serializers.SerializerMethodField(help_text="Whether you may change it.")
    is_starred = serializers.SerializerMethodField(help_text="Whether you starred it.")
    is_default = serializers.SerializerMethodField(
        help_text="Whether the history page opens with it for you."
    )
    last_used_at = serializers.SerializerMethodField(help_text="When you last opened it.")
    created_at = InstantField(read_only=True)
    updated_at = InstantField(read_only=True)

    class Meta:
        model = SavedView
        fields = (
            "slug",
            "name",
            "folder",
            "is_shared",
            "parameters",
            "url",
            "owner",
            "is_own",
            "may_change",
            "is_starred",
            "is_default",
            "last_used_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def to_representation(self, instance: SavedView) -> dict[str, Any]:
        self._mine = view_for(instance, member_of(self.context["request"]))
        return super().to_representation(instance)

    def get_url(self, view: SavedView) -> str:
        return reverse("saved-view-open", args=[view.slug])

    def get_owner(self, view: SavedView) -> str | None:
        return view.owner.email if view.owner else None

    def get_is_own(self, view: SavedView) -> bool:
        return self._mine.is_own

    def get_may_change(self, view: SavedView) -> bool:
        return self._mine.may_change

    def get_is_starred(self, view: SavedView) -> bool:
        return self._mine.is_starred

    def get_is_default(self, view: SavedView) -> bool:
        return self._mine.is_default

    def get_last_used_at(self, view: SavedView) -> str | None:
        at = self._mine.last_used_at
        return InstantField().to_representation(at) if at else None


class SavedViewInputSerializer(serializers.Serializer[Any]):
    """A view to save."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    folder = serializers.CharField(max_length=LONGEST_FOLDER, required=False, allow_blank=True)
    is_shared = serializers.BooleanField(
        required=False, help_text="Whether other members see it. Needs the role analyst or more."
    )
    parameters = serializers.DictField(child=serializers.CharField(allow_blank=True))


class SavedViewChangeSerializer(SavedViewInputSerializer):
    """What to change. Stars and the first view are your own; they need no right to the view."""

    is_starred = serializers.BooleanField(required=False)
    is_default = serializers.BooleanField(required=False)


class SavedViews(GenericAPIView[SavedView]):
    """What the endpoints of saved views share."""

    feature = Feature.SAVED_VIEWS
    permission_classes = (IsMember, HasFeature)
    metadata_class = GatedMetadata
    serializer_class = SavedViewSerializer
    queryset = SavedView.objects.none()

    def shown(self, view: SavedView, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(view).data, status=code)


class SavedViewListView(SavedViews, ListAPIView[SavedView]):
    """The views you may open."""

    pagination_class = ListCursor

    def get_queryset(self) -> Any:
        member = member_of(self.request)
        views = SavedView.objects.kept().visible_to(member).select_related("owner")
        return views.with_marks_of(member)

    @extend_schema(
        operation_id="saved_views_list",
        summary="List saved views",
        description="Your own and those that others share. A limited member sees only the own ones.",
        tags=["Saved views"],
        responses={
            200: SavedViewSerializer(many=True),
            **problem_responses(401, 403, 404, 406, 429),
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="saved_views_save",
        summary="Save a view",
        tags=["Saved views"],
        request=SavedViewInputSerializer,
        responses={
            201: SavedViewSerializer,
            **problem_responses(400, 401, 403, 406, 409, 415, 429),
        },
        examples=[OpenApiExample("by team", request_only=True, value=_EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        given = SavedViewInputSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        member, now = member_of(request), timezone.now()
        draft = services.checked_draft(**given.validated_data, by=member, now=now)
        view = services.save_view(draft=draft, by=member, at=now)
        return self.shown(view, status.HTTP_201_CREATED)


class SavedViewView(SavedViews):
    """One saved view."""

    @extend_schema(
        operation_id="saved_views_get",
        summary="Show a saved view",
        tags=["Saved views"],
        responses={200: SavedViewSerializer, **problem_responses(401, 403, 404, 406, 429)},
    )
    def get(self, request: Request, view_slug: str) -> Response:
        return self.shown(access_view(view_slug, member_of(request)))

    @extend_schema(
        operation_id="saved_views_update",
        summary="Change a saved view",
        description="What is left out stays. Whoever saved it changes it, and admins change shared ones; the star "
        "and the first view are each member's own.",
        tags=["Saved views"],
        request=SavedViewChangeSerializer(partial=True),
        responses={
            200: SavedViewSerializer,
            **problem_responses(400, 401, 403, 404, 406, 409, 415, 429),
        },
        examples=[OpenApiExample("star", request_only=True, value={"is_starred": True})],
    )
    def patch(self, request: Request, view_slug: str) -> Response:
        member, now = member_of(request), timezone.now()
        view = access_view(view_slug, member)
        given = SavedViewChangeSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        wanted = dict(given.validated_data)
        marks = {name: wanted.pop(name, None) for name in ("is_starred", "is_default")}
        if wanted:
            names = ("name", "folder", "is_shared", "parameters")
            merged = {name: getattr(view, name) for name in names} | wanted
            draft = services.checked_draft(**merged, by=member, now=now)
            services.change_view(view=view, draft=draft, by=member, at=now)
        if marks["is_starred"] is not None:
            services.star_view(view=view, by=member, is_starred=marks["is_starred"])
        if marks["is_default"] is not None:
            services.open_first(view=view, by=member, is_default=marks["is_default"])
        return self.shown(view)

    @extend_schema(
        operation_id="saved_views_delete",
        summary="Delete a saved view",
        description="It can be brought back for a day.",
        tags=["Saved views"],
        responses={
            204: OpenApiResponse(description="Deleted."),
            **problem_responses(401, 403, 404, 406, 429),
        },
    )
    def delete(self, request: Request, view_slug: str) -> Response:
        member = member_of(request)
        view = access_view(view_slug, member)
        services.delete_view(view=view, by=member, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class SavedViewRestoreView(SavedViews):
    """Undo of deleting."""

    @extend_schema(
        operation_id="saved_views_restore",
        summary="Bring a deleted view back",
        description="Within a day of its deletion.",
        tags=["Saved views"],
        request=None,
        responses={
            200: SavedViewSerializer,
            **problem_responses(401, 403, 404, 406, 409, 429),
        },
    )
    def post(self, request: Request, view_slug: str) -> Response:
        return self.shown(
            services.restore_view(slug=view_slug, by=member_of(request), at=timezone.now())
        )
