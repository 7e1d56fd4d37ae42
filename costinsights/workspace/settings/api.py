"""Endpoints of the workspace's settings."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts.models import Role, Workspace
from costinsights.accounts.permissions import RoleAtLeast
from costinsights.core.api.schema import problem_responses
from costinsights.core.errors import InvalidInput
from costinsights.core.tenancy import absolute_url, current_tenant
from costinsights.workspace.settings.logo import MOST_BYTES, remove_logo, set_logo
from costinsights.workspace.settings.services import WorkspaceSettings, change_settings


class MembersReadAdminsChange(RoleAtLeast):
    """Every member reads; admins and owners change."""

    minimum = Role.ADMIN
    members_may_read = True


class WorkspaceSettingsSerializer(serializers.Serializer[Any]):
    """What a workspace decided about itself."""

    name = serializers.CharField(max_length=120)
    slug = serializers.CharField(read_only=True, help_text="In its address; never changes.")
    plan = serializers.CharField(read_only=True)
    reporting_currency = serializers.CharField(
        min_length=3, max_length=3, help_text="ISO 4217. Other currencies are converted to it."
    )
    display_time_zone = serializers.CharField(
        max_length=64,
        help_text="IANA name. Pages show instants in it; the API and all days of costs stay UTC.",
    )
    fiscal_year_start_month = serializers.IntegerField(min_value=1, max_value=12)
    logo_url = serializers.CharField(
        read_only=True, allow_null=True, help_text="For signed-in browsers; null without a logo."
    )
    version = serializers.CharField(
        required=False,
        max_length=16,
        help_text="Changes with the settings. Sent back with a change, the change is refused when somebody "
        "else was faster.",
    )

    def to_representation(self, settings: WorkspaceSettings) -> dict[str, Any]:
        tenant, digest = current_tenant(), Workspace.load().logo_digest
        logo = absolute_url(tenant, f"{reverse('workspace-logo')}?v={digest[:16]}")
        return {
            "name": settings.name,
            "slug": tenant.slug,
            "plan": tenant.plan,
            "reporting_currency": settings.reporting_currency,
            "display_time_zone": settings.display_time_zone,
            "fiscal_year_start_month": settings.fiscal_year_start_month,
            "logo_url": logo if digest else None,
            "version": settings.version,
        }


class WorkspaceView(GenericAPIView[Workspace]):
    """The workspace's settings."""

    queryset = Workspace.objects.none()
    serializer_class = WorkspaceSettingsSerializer
    permission_classes = (MembersReadAdminsChange,)

    @extend_schema(
        operation_id="workspace_get",
        summary="Show the workspace's settings",
        tags=["Workspace"],
        responses={200: WorkspaceSettingsSerializer, **problem_responses(401, 403, 406, 429)},
    )
    def get(self, request: Request) -> Response:
        return Response(WorkspaceSettingsSerializer(WorkspaceSettings.now()).data)

    @extend_schema(
        operation_id="workspace_update",
        summary="Change the workspace's settings",
        description="What is left out stays. The role Admin or more is needed.",
        tags=["Workspace"],
        request=WorkspaceSettingsSerializer(partial=True),
        responses={
            200: WorkspaceSettingsSerializer,
            **problem_responses(400, 401, 403, 406, 409, 415, 429),
        },
        examples=[
            OpenApiExample("zone", request_only=True, value={"display_time_zone": "Europe/Berlin"})
        ],
    )
    def patch(self, request: Request) -> Response:
        given = WorkspaceSettingsSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        changes = dict(given.validated_data)
        seen = changes.pop("version", "")
        after = change_settings(changes, at=timezone.now(), seen_version=seen)
        return Response(WorkspaceSettingsSerializer(after).data)


class PictureParser(BaseParser):
    """A body that is a picture, as bytes; no more than a logo may have."""

    media_type = "image/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return stream.read(MOST_BYTES + 1)


class LogoView(APIView):
    """The workspace's logo."""

    permission_classes = (MembersReadAdminsChange,)
    parser_classes = (PictureParser,)

    @extend_schema(
        operation_id="workspace_logo_set",
        summary="Set the workspace's logo",
        description=f"The body is a PNG, JPEG or WebP picture of at most {MOST_BYTES // 1024} kB. It is kept as a "
        "PNG of at most 512 pixels a side, without anything else the file says.",
        tags=["Workspace"],
        request={
            "image/png": OpenApiTypes.BINARY,
            "image/jpeg": OpenApiTypes.BINARY,
            "image/webp": OpenApiTypes.BINARY,
        },
        responses={
            200: WorkspaceSettingsSerializer,
            **problem_responses(400, 401, 403, 406, 415, 429),
        },
    )
    def put(self, request: Request) -> Response:
        if not isinstance(request.data, bytes):
            raise InvalidInput("Send the picture as the body.", field="logo")
        set_logo(request.data, at=timezone.now())
        return Response(WorkspaceSettingsSerializer(WorkspaceSettings.now()).data)

    @extend_schema(
        operation_id="workspace_logo_remove",
        summary="Remove the workspace's logo",
        tags=["Workspace"],
        responses={
            204: OpenApiResponse(description="There is no logo any more."),
            **problem_responses(401, 403, 406, 429),
        },
    )
    def delete(self, request: Request) -> Response:
        remove_logo(at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
