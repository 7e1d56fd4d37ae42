"""API: support access to this workspace."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from costinsights.accounts.permissions import Role, RoleAtLeast, member_of
from costinsights.core.api.pagination import ShortListCursor
from costinsights.core.api.schema import problem_responses
from costinsights.core.errors import NotFound
from costinsights.core.tenancy import current_tenant
from costinsights.workspace.support import decisions
from tenants import support
from tenants.models import GrantState, SupportGrant


class SupportGrantSerializer(serializers.Serializer[SupportGrant]):
    """Leave for one staff member to read in this workspace until an instant."""

    id = serializers.IntegerField()
    staff = serializers.EmailField(source="staff.email")
    reason = serializers.CharField()
    is_break_glass = serializers.BooleanField(
        help_text="Taken without the owner's approval, who was told at once."
    )
    state = serializers.ChoiceField(choices=GrantState.choices)
    is_in_force = serializers.SerializerMethodField()
    minutes = serializers.IntegerField()
    requested_at = serializers.DateTimeField()
    decided_by = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)

    def get_is_in_force(self, grant: SupportGrant) -> bool:
        return grant.is_in_force(timezone.now())


class GrantsCursor(ShortListCursor):
    ordering = "id"


class SupportGrantListView(APIView):
    """The newest hundred requests and grants."""

    permission_classes = (RoleAtLeast.of(Role.ADMIN),)
    serializer_class = SupportGrantSerializer
    pagination_class = GrantsCursor

    @extend_schema(
        operation_id="support_grants_list",
        summary="List support access",
        description="Requests and grants of the platform's staff, the newest hundred first.",
        tags=["Workspace"],
        responses=SupportGrantSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        pages = self.pagination_class()
        grants: Any = pages.paginate_queryset(support.grants_of(current_tenant()), request, self)
        return pages.get_paginated_response(SupportGrantSerializer(grants, many=True).data)


class SupportDecisionView(APIView):
    """Decide on one request or grant."""

    permission_classes = (RoleAtLeast.of(Role.ADMIN),)
    serializer_class = SupportGrantSerializer

    @extend_schema(
        operation_id="support_grants_decide",
        summary="Approve, deny or end support access",
        description="Owners approve and deny; admins may end. Ending takes effect with the visitor's next "
        "request. Ending twice changes nothing.",
        tags=["Workspace"],
        parameters=[
            OpenApiParameter("grant_id", int, OpenApiParameter.PATH),
            OpenApiParameter(
                "decision", str, OpenApiParameter.PATH, enum=list(decisions.DECISIONS)
            ),
        ],
        request=None,
        responses={
            200: SupportGrantSerializer,
            **problem_responses(401, 403, 404, 409, 429),
        },
    )
    def post(self, request: Request, grant_id: int, decision: str) -> Response:
        if decision not in decisions.DECISIONS:
            raise NotFound("Choose approve, deny or end.")
        decisions.decide(
            member=member_of(request), grant_id=grant_id, decision=decision, at=timezone.now()
        )
        return Response(SupportGrantSerializer(support.grant_of(current_tenant(), grant_id)).data)
